"""The full name of a commit. A plan asks for it before anything else is imported, so nothing is imported here."""

FULL_COMMIT_LENGTHS = (40, 64)
"""Hex digits of a commit's name, in a repository of SHA-1 and of SHA-256."""

HEX = frozenset("0123456789abcdef")


def is_full_commit(revision: str) -> bool:
    """Whether a text is the full name of a commit, and not a branch, a tag, an abbreviation or an option."""
    return len(revision) in FULL_COMMIT_LENGTHS and HEX.issuperset(revision)

"""Tells full commit ids. Imports nothing, because the start of a plan uses it before any other import."""

FULL_COMMIT_LENGTHS = (40, 64)
"""Hex digits of a commit id, with SHA-1 and with SHA-256."""

DIRTY = "-dirty"
"""What stands behind a commit or its tag where something else than its files was built."""

HEX = frozenset("0123456789abcdef")


def is_full_commit(revision: str) -> bool:
    """Whether a text is a full commit id, and not a branch, a tag, an abbreviation or an option."""
    return len(revision) in FULL_COMMIT_LENGTHS and HEX.issuperset(revision)

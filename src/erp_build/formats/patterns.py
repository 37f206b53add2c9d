"""Matches paths with patterns: `*` and `?` stay within a segment, `**` stands for any number of segments."""

# Not pathspec: in .gitignore a pattern that matches a directory matches everything below it, so that `backend/*` would
# own backend/a/b. And pathspec takes 30 ms to import, as long as a whole plan of two commits.

WILDCARDS = "*?["


def matches(pattern: str, path: str) -> bool:
    """Whether the whole path matches; anchored at the repository's root, case-sensitive."""
    return _match(tuple(pattern.strip("/").split("/")), tuple(path.split("/")))


def fixed_directory(pattern: str) -> str:
    """The directory that a pattern means with all its content, or an empty text for a pattern with other wildcards.

    `some/directory/**` and `some/directory` mean the same; so does the path of a file, which has nothing below it.
    """
    directory = pattern.strip("/").removesuffix("/**")
    return "" if any(char in directory for char in WILDCARDS) else directory


def fixed_part(pattern: str) -> str:
    """The longest beginning of a pattern that is a path; empty: the root."""
    parts = pattern.strip("/").split("/")
    fixed = next((place for place, part in enumerate(parts) if any(char in part for char in WILDCARDS)), len(parts))
    return "/".join(parts[:fixed])


def composed(path: str) -> str:
    """Return the composed (NFC) spelling of a path or pattern, for comparisons; macOS writes decomposed names."""
    if path.isascii():
        return path
    from unicodedata import normalize  # imported here: most plans have only ASCII paths

    return normalize("NFC", path)


def spellings(path: str) -> set[str]:
    """Return the spellings of a path that are equal for a rule, but not for Git: as given, composed, decomposed."""
    if path.isascii():
        return {path}
    from unicodedata import normalize

    return {path, composed(path), normalize("NFD", path)}


def _match(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        # A final `**` wants something below it, as in .gitignore: `proto/**` is what lies in proto.
        return bool(parts) if not rest else any(_match(rest, parts[skip:]) for skip in range(len(parts) + 1))
    if not parts or not any(char in head for char in WILDCARDS):
        return bool(parts) and parts[0] == head and _match(rest, parts[1:])
    # Imported here: most segments are plain words, and the `re` module behind it is slow to load.
    from fnmatch import fnmatchcase

    return fnmatchcase(parts[0], head) and _match(rest, parts[1:])

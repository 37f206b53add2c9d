"""Path patterns on segments: `*` and `?` stay inside a segment, `**` stands for any number of them."""

from fnmatch import fnmatchcase


def matches(pattern: str, path: str) -> bool:
    """Whether the whole path matches; anchored at the repository's root, case-sensitive."""
    return _match(tuple(pattern.strip("/").split("/")), tuple(path.split("/")))


def fixed_directory(pattern: str) -> str:
    """The directory that a pattern of the form `some/directory/**` means, or an empty text for any other pattern."""
    directory = pattern.strip("/").removesuffix("/**")
    return directory if pattern.endswith("/**") and not any(char in directory for char in "*?[") else ""


def _match(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        # A final `**` wants something below it, as in .gitignore: `proto/**` is what lies in proto.
        return bool(parts) if not rest else any(_match(rest, parts[skip:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], head) and _match(rest, parts[1:])

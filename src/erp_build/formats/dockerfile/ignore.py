"""What a `.dockerignore` excludes, read as Docker reads it.

Own code, because no library is right: pathspec reads .gitignore, in which an exception below an excluded folder counts
for nothing, and docker-py does not see exceptions with wildcards there (`*` and `!**/*.jar`). The cases of
`tests/cases/dockerignore` hold what BuildKit sends.
"""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from erp_build.formats.dockerfile.globs import ignore_glob, is_pattern, path_glob
from erp_build.formats.dockerfile.words import SPACES


class Line(NamedTuple):
    """A line with a pattern.

    Attributes:
        number: counted from 1.
        is_exception: whether it begins with `!`.
        pattern: as a path without `.` and `..`.
    """

    number: int
    is_exception: bool
    pattern: str


class _Rule:
    """A pattern, and the quick ways to tell that a path does not match it."""

    def __init__(self, line: Line) -> None:
        self.number, self.is_exception, self._pattern = line
        # Docker's own special cases: stars at the beginning or the end of a pattern without others match plain text.
        bare = line.pattern.strip("*")
        is_plain = not is_pattern(bare)
        self._suffix = line.pattern[2:] if is_plain and line.pattern in (f"**{bare}", "**") else None
        self._prefix = bare if is_plain and bare and line.pattern == f"{bare}**" else None
        self._glob = (
            ignore_glob(line.pattern) if self._suffix is self._prefix is None and is_pattern(line.pattern) else None
        )
        self._begin, self._end = _plain_ends(line.pattern)

    def matches(self, path: str) -> bool:
        """Whether the path itself matches."""
        if self._suffix is not None:
            return path.endswith(self._suffix) or f"/{path}" == self._suffix
        if self._prefix is not None:
            return path.startswith(self._prefix)
        if self._glob is None:
            return path == self._pattern
        return path.startswith(self._begin) and path.endswith(self._end) and self._glob.matches(path)

    def may_match_below(self, folder: str) -> bool:
        """Whether something in a folder may match."""
        begin = self._pattern if self._glob is None and self._suffix is None else self._begin
        return begin.startswith(f"{folder}/") or f"{folder}/".startswith(begin)


def ignored_lines(text: str) -> Iterator[Line]:
    """The lines of a `.dockerignore` with a pattern; raises `ValueError` for what Docker refuses."""
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.strip(SPACES)
        # A comment begins in the first column.
        if raw.startswith("#") or not line:
            continue
        is_exception = line.startswith("!")
        pattern = _cleaned(line.removeprefix("!").strip(SPACES))
        if not is_exception and pattern.startswith("!"):
            is_exception, pattern = True, pattern[1:]  # Docker looks for it once more, behind slashes
        if is_exception and pattern in ("", "/"):
            raise ValueError(f"line {number}: `!` stands alone")
        try:
            path_glob(pattern)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        yield Line(number, is_exception, pattern)


class DockerIgnore:
    """The patterns of a `.dockerignore`.

    Args:
        text: its text; raises `ValueError` for what Docker refuses.
    """

    def __init__(self, text: str) -> None:
        self._rules = [_Rule(line) for line in ignored_lines(text)]
        self._folders: dict[str, tuple[int | None, tuple[bool, ...]]] = {"": (None, (False,) * len(self._rules))}

    def line_excluding(self, path: str) -> int | None:
        """The number of the line that excludes a path, or None: it is sent. The last line that matches decides."""
        return self._judged(path)[0]

    def may_have_exceptions(self, folder: str) -> bool:
        """Whether something may be sent of a folder that is excluded itself."""
        decided = self.line_excluding(folder) or 0
        return any(rule.is_exception and rule.number > decided and rule.may_match_below(folder) for rule in self._rules)

    def _judged(self, path: str) -> tuple[int | None, tuple[bool, ...]]:
        """The line that excludes a path, and which rules match it or a folder that it lies in."""
        if path in self._folders:
            return self._folders[path]
        above = self._folder(posixpath.dirname(path))
        excluding: int | None = None
        matched: list[bool] = []
        for rule, above_matches in zip(self._rules, above, strict=True):
            # A rule that would change nothing is not looked at, and so does not count for what lies below.
            is_needed = rule.is_exception == (excluding is not None)
            matches = above_matches or (is_needed and rule.matches(path))
            matched.append(matches)
            if matches:
                excluding = None if rule.is_exception else rule.number if excluding is None else excluding
        return excluding, tuple(matched)

    def _folder(self, path: str) -> tuple[bool, ...]:
        """The rules that match a folder. Those above it are asked first, each once."""
        parts = path.split("/") if path else []
        for length in range(1, len(parts) + 1):
            folder = "/".join(parts[:length])
            if folder not in self._folders:
                self._folders[folder] = self._judged(folder)
        return self._folders[path][1]


def _cleaned(path: str) -> str:
    """A path in its plain form, without a slash at its beginning; the slash alone matches nothing."""
    plain = posixpath.normpath(path) if path else ""
    return plain.lstrip("/") or plain[:1]


def _plain_ends(pattern: str) -> tuple[str, str]:
    """The plain text that every match begins with, and the one that it ends with."""
    places = [place for place, char in enumerate(pattern) if char in "*?[]\\"]
    if not places:
        return pattern, pattern
    begin, end = pattern[: places[0]], pattern[places[-1] + 1 :]
    # A slash behind two stars may match nothing.
    return begin, end.removeprefix("/") if pattern.removesuffix(end).endswith("**") else end

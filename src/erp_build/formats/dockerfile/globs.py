"""Matches texts with the patterns of Go's `filepath.Match`, which Docker takes for COPY, and of `.dockerignore`.

Own code, because no library reads them: in `fnmatch` a `*` crosses `/` and `[^x]` is no negation, and pathspec reads
.gitignore, where a pattern without `/` matches at any depth. All places of a pattern that a text may have reached are
followed at once, so that the time grows with the text's length, whatever the pattern is.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

SPECIAL = "*?[\\"


class Token(NamedTuple):
    """A part of a pattern that takes one character, or any number of them.

    Attributes:
        takes: whether a character may stand here.
        stays: whether any number of them may.
        jumps: how many parts further a text may be without any character.
    """

    takes: Callable[[str], bool]
    stays: bool = False
    jumps: tuple[int, ...] = ()


def _in_segment(char: str) -> bool:
    return char != "/"


def _any(_: str) -> bool:
    return True


def _none(_: str) -> bool:
    return False


IN_SEGMENT = Token(_in_segment)
WITHIN_SEGMENT = Token(_in_segment, stays=True, jumps=(1,))
ANYTHING = Token(_any, stays=True, jumps=(1,))
SLASH = Token("/".__eq__)
FOLDERS = (Token(_none, jumps=(1, 3)), ANYTHING, SLASH)
"""Any number of folders, none as well."""


class Glob:
    """A pattern.

    Args:
        tokens: its parts, in their order.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._end = 1 << len(tokens)
        # Place -> the places that a text is at without another character, a bit each. All jumps lead forward.
        self._reach = [self._end] * (len(tokens) + 1)
        for place, token in reversed(tuple(enumerate(tokens))):
            self._reach[place] = 1 << place
            for jump in token.jumps:
                self._reach[place] |= self._reach[place + jump]

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        places = self._reach[0]
        for char in text:
            places = self._after(places, char)
        return bool(places & self._end)

    def ends(self, text: str) -> Iterator[int]:
        """The lengths of all beginnings of a text that match, the shortest first."""
        places = self._reach[0]
        if places & self._end:
            yield 0
        for length, char in enumerate(text, 1):
            places = self._after(places, char)
            if places & self._end:
                yield length

    def _after(self, places: int, char: str) -> int:
        found, left = 0, places & ~self._end
        while left:
            lowest = left & -left
            left ^= lowest
            place = lowest.bit_length() - 1
            token = self._tokens[place]
            if token.takes(char):
                found |= self._reach[place if token.stays else place + 1]
        return found


def path_glob(pattern: str) -> Glob:
    """A pattern of `filepath.Match`: `*` and `?` stay within a segment; raises `ValueError` if it is none."""
    tokens, place = [], 0
    while place < len(pattern):
        token, place = _token(pattern, place)
        tokens.append(token)
    return Glob(tokens)


def ignore_glob(pattern: str) -> Glob:
    """A pattern of `.dockerignore`, in which `**` stands for any number of folders as well."""
    tokens: list[Token] = []
    place = 0
    while place < len(pattern):
        if not pattern.startswith("**", place):
            token, place = _token(pattern, place)
            tokens.append(token)
            continue
        # A slash behind the stars belongs to them, and stars at the end take everything.
        place += 3 if pattern.startswith("**/", place) else 2
        more = FOLDERS if place < len(pattern) else (ANYTHING,)
        # Any number of folders twice is any number of folders.
        tokens += more if tuple(tokens[-len(more) :]) != more else ()
    return Glob(tokens)


def is_pattern(text: str) -> bool:
    """Whether a text holds anything but plain characters."""
    return any(char in text for char in SPECIAL)


def _token(pattern: str, place: int) -> tuple[Token, int]:
    char = pattern[place]
    if char == "*":
        return WITHIN_SEGMENT, place + 1
    if char == "?":
        return IN_SEGMENT, place + 1
    if char == "[":
        return _class(pattern, place + 1)
    char, place = _literal(pattern, place)
    return Token(char.__eq__), place


def _class(pattern: str, place: int) -> tuple[Token, int]:
    """A set of characters such as `[a-z_]` or `[^0-9]`; a negated one takes a slash, too."""
    is_negated = pattern.startswith("^", place)
    place += is_negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", place)):
        low, place = _limit(pattern, place)
        high = low
        if pattern.startswith("-", place):
            high, place = _limit(pattern, place + 1)
        ranges.append((low, high))

    def takes(char: str) -> bool:
        return any(low <= char <= high for low, high in ranges) != is_negated

    return Token(takes), place + 1


def _limit(pattern: str, place: int) -> tuple[str, int]:
    if pattern[place : place + 1] in ("", "-", "]"):
        raise ValueError(f"`{pattern}` has a `[` that is not closed, or nothing in it")
    return _literal(pattern, place)


def _literal(pattern: str, place: int) -> tuple[str, int]:
    """A character, and the place behind it; behind a backslash none is special."""
    place += pattern[place] == "\\"
    if place < len(pattern):
        return pattern[place], place + 1
    # Go looks no further than the first star.
    if "*" not in pattern:
        raise ValueError(f"`{pattern}` ends with a backslash")
    return "\\", place

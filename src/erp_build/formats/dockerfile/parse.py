"""Parses Dockerfiles as the builder does: directives, instructions and their words, texts in place (`<<EOF`).

The cases of `tests/cases/dockerfiles` hold what BuildKit's own parser makes of each text.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from erp_build.formats.dockerfile.heredocs import behind_heredoc, heredocs_of
from erp_build.formats.dockerfile.words import SPACES
from erp_build.formats.json_text import parsed_json

DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)")
DIRECTIVES = ("syntax", "escape", "check")
ESCAPES = ("\\", "`")
BLANK = "\t\n\v\f\r "
BLANKS = re.compile(r"[\t\v\f\r ]+")
WITH_HEREDOC = ("RUN", "COPY", "ADD")
PLAIN_LISTS = ("FROM", "EXPOSE")
JSON_OR_LIST = ("COPY", "ADD", "VOLUME")
SETTINGS = ("ENV", "LABEL")
TEXTS = ("USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER")
COMMANDS = ("RUN", "CMD", "ENTRYPOINT", "SHELL")


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        line, end: its first line and the one behind its last, counted from 1.
        keyword: in capitals, such as `COPY`.
        flags: such as `--from=build`, without those of a shell command behind it.
        words: the arguments as they are written; of a JSON form its items, of a shell command one text, of ENV and
            LABEL `name=value` in either form.
        heredocs: the delimiters that it opens.
        inner: of ONBUILD, the instruction behind it.
        is_open: whether the file ends in the middle of it.
        is_json: whether the words are the items of a JSON list.
        text: the whole of it in one line, without the texts in place.
    """

    line: int
    end: int
    keyword: str
    flags: tuple[str, ...]
    words: tuple[str, ...]
    heredocs: tuple[str, ...] = ()
    inner: "Instruction | None" = None
    is_open: bool = False
    is_json: bool = False
    text: str = ""

    def flag(self, name: str) -> str | None:
        """The value of a flag; empty where it has none, None where it is not there."""
        return next(iter(self.flag_values(name)), None)

    def flag_values(self, name: str) -> tuple[str, ...]:
        """The values of a flag that may be there several times."""
        split = (flag.partition("=") for flag in self.flags)
        return tuple(value for head, _, value in split if head == f"--{name}")


class Arguments(NamedTuple):
    """What stands behind the keyword of an instruction."""

    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    is_json: bool = False
    inner: Instruction | None = None


def directives(text: str) -> dict[str, str]:
    """The parser directives at the head of a Dockerfile, such as `syntax` and `escape`."""
    found: dict[str, str] = {}
    for line in _lines(text):
        match = DIRECTIVE.match(line.strip(SPACES))
        name = match[1].lower() if match else ""
        if not match or name not in DIRECTIVES or name in found:
            break
        found[name] = match[2]
    return found


def escape_of(text: str) -> str:
    """The character that continues a line and takes the meaning off the next character."""
    escape = directives(text).get("escape", "")
    return escape if escape in ESCAPES else ESCAPES[0]


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, in their order. What the builder would refuse is read as far as it goes."""
    escape, lines = escape_of(text), _lines(text)
    place = 0
    while place < len(lines):
        start = place
        logical, place, is_open = _logical_line(lines, place, escape)
        if logical is None:
            continue
        keyword, found = _split(logical, escape)
        heredocs = heredocs_of(logical) if "<<" in logical and _has_heredoc(keyword, found) else ()
        for delimiter, is_indented in heredocs:
            place, is_open = behind_heredoc(lines, place, delimiter, is_indented=is_indented)
        names = tuple(delimiter for delimiter, _ in heredocs)
        yield Instruction(
            start + 1, place + 1, keyword, found.flags, found.words, names, found.inner, is_open, found.is_json, logical
        )


def settings_of(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Name and value of each setting of ARG, ENV and LABEL, as they are written."""
    for word in instruction.words:
        name, equals, value = word.partition("=")
        if equals:
            yield name, value


def lines_of(text: str) -> list[str]:
    """The lines that `Instruction.line` counts, with their ends."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in lines_of(text.removeprefix("\ufeff"))]


def _is_comment(line: str) -> bool:
    return line.lstrip(SPACES).startswith("#")


def _logical_line(lines: list[str], place: int, escape: str) -> tuple[str | None, int, bool]:
    """An instruction over its continued lines, the place behind it, and whether the file ends before it does.

    Comments and empty lines in between count for nothing. None: there is no instruction here.
    """
    first = "" if _is_comment(lines[place]) else lines[place].lstrip(SPACES)
    part, is_open = _continued(first, escape)
    parts = [part]
    place += 1
    if not part and not is_open:
        return None, place, False
    while is_open and place < len(lines):
        line = lines[place]
        place += 1
        if _is_comment(line) or not line.strip(SPACES):
            continue
        part, is_open = _continued(line, escape)
        parts.append(part)
    return "".join(parts), place, is_open


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """A line without the escape at its end, and whether there was one; two of them are the character itself."""
    bare = line.rstrip(" \t")
    is_continued = bare.endswith(escape) and not bare.endswith(escape * 2)
    return (bare[:-1], True) if is_continued else (line, False)


def _split(logical: str, escape: str) -> tuple[str, Arguments]:
    parts = BLANKS.split(logical.strip(SPACES), maxsplit=1)
    keyword = parts[0].upper()
    if len(parts) == 1:
        return keyword, Arguments()
    flags, rest = _flags(parts[1])
    rest = rest.strip(SPACES)
    if keyword == "ONBUILD":
        inner, found = _split(rest, escape) if rest else ("", Arguments())
        return keyword, Arguments(flags, inner=Instruction(0, 0, inner, found.flags, found.words, inner=found.inner)
                                  if inner else None, is_json=found.is_json)  # fmt: skip
    words, is_json = _words(keyword, rest, escape) if rest else ((), False)
    return keyword, Arguments(flags, words, is_json)


def _flags(text: str) -> tuple[tuple[str, ...], str]:
    """The words with `--` at the beginning, without their quotes, and the rest. A word `--` ends them."""
    found: list[str] = []
    place = 0
    while True:
        while place < len(text) and text[place] in BLANK:
            place += 1
        if not text.startswith("--", place):
            return tuple(found), text[place:]
        word, place = _flag(text, place)
        if word == "--":
            return tuple(found), text[place:]
        found.append(word)


def _flag(text: str, place: int) -> tuple[str, int]:
    word, quote = [], ""
    while place < len(text):
        char = text[place]
        if not quote and char in BLANK:
            break
        place += 1
        if char == "\\":
            word.append(text[place : place + 1])
            place += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            word.append(char)
    return "".join(word), min(place, len(text))


def _words(keyword: str, text: str, escape: str) -> tuple[tuple[str, ...], bool]:
    """The words of an instruction and whether they are those of a JSON list."""
    if keyword in SETTINGS:
        return _settings(text, escape), False
    if keyword == "ARG":
        return tuple(_quoted_words(text, escape)), False
    if keyword in PLAIN_LISTS:
        return tuple(BLANKS.split(text)), False
    if keyword in TEXTS:
        return (text,), False
    if keyword == "HEALTHCHECK":
        kind, _, command = text.partition(next((char for char in text if char in BLANK), "\n"))
        words, is_json = _command(command.lstrip(BLANK))
        return (kind, *words), is_json
    words, is_json = _command(text)
    if keyword in JSON_OR_LIST and not is_json:
        return tuple(BLANKS.split(text)), False
    return (words, is_json) if keyword in (*JSON_OR_LIST, *COMMANDS) else ((), False)


def _command(text: str) -> tuple[tuple[str, ...], bool]:
    """The items of a JSON list of texts; what looks like one and is none, is a shell command."""
    if text.startswith("["):
        try:
            items = parsed_json(text)
        except ValueError:
            items = [None]
        if all(isinstance(item, str) for item in items):
            return tuple(items), True
    return (text,) if text else (), False


def _settings(text: str, escape: str) -> tuple[str, ...]:
    """The settings of ENV and LABEL: `A=b C=d`, or the old form `A b`, whose value is the rest of the line."""
    words = _quoted_words(text, escape)
    if words and "=" not in words[0]:
        return ("=".join(BLANKS.split(text, maxsplit=1)),)
    return tuple(words)


def _quoted_words(text: str, escape: str) -> list[str]:
    """The words of a text; blanks in quotes part none, and quotes and escapes stay."""
    words: list[str] = []
    word: list[str] = []
    quote, place = "", 0
    while place < len(text):
        char = text[place]
        place += 1
        if not quote and char in SPACES:
            words += ["".join(word)] if word else []
            word = []
            continue
        if char == escape and quote != "'":
            # An escape at the end is left out.
            word.append(text[place - 1 : place + 1] if place < len(text) else "")
            place += 1
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        word.append(char)
    return [*words, "".join(word)] if word else words


def _has_heredoc(keyword: str, found: Arguments) -> bool:
    return not found.is_json and (found.inner.keyword if found.inner else keyword) in WITH_HEREDOC

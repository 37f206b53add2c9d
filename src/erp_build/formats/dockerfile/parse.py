"""Parses Dockerfiles as far as a build needs it: directives, instructions, base images."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)", re.IGNORECASE)
HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]*)\2")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]{0,200}))?\}|(\w+))")


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        line, end: its first line and the one behind its last, counted from 1.
        keyword: in capitals, such as `COPY`.
        flags: such as `--from=build`, without those of a shell command behind it.
        words: the arguments; of a JSON form its items, of a shell command its words.
        heredocs: the delimiters that it opens.
    """

    line: int
    end: int
    keyword: str
    flags: tuple[str, ...]
    words: tuple[str, ...]
    heredocs: tuple[str, ...] = ()

    def flag(self, name: str) -> str | None:
        """The value of a flag; empty where it has none, None where it is not there."""
        for flag in self.flags:
            head, _, value = flag.partition("=")
            if head == f"--{name}":
                return value
        return None


def directives(text: str) -> dict[str, str]:
    """The parser directives at the head of a Dockerfile, such as `syntax` and `escape`."""
    found: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        match = DIRECTIVE.match(line.strip())
        if not match:
            break
        found[match[1].lower()] = match[2]
    return found


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, in their order."""
    escape = directives(text).get("escape", "\\")
    lines = text.lstrip("\ufeff").splitlines()
    place = 0
    while place < len(lines):
        stripped = lines[place].strip()
        if not stripped or stripped.startswith("#"):
            place += 1
            continue
        start = place
        parts, place = _logical_line(lines, place, escape)
        keyword, _, rest = " ".join(parts).strip().partition(" ")
        heredocs = HEREDOC.findall(rest) if keyword.upper() in ("RUN", "COPY", "ADD") else []
        for _, _, delimiter in heredocs:
            place = _behind_heredoc(lines, place, delimiter)
        flags, words = _arguments(rest.strip())
        names = tuple(delimiter for _, _, delimiter in heredocs)
        yield Instruction(start + 1, place + 1, keyword.upper(), flags, words, names)


def base_images(text: str) -> tuple[str, ...]:
    """Return the images of all FROM instructions, with the defaults of arguments and without names of stages."""
    defaults: dict[str, str] = {}
    stages: set[str] = set()
    found: list[str] = []
    for instruction in instructions(text):
        # FROM sees only arguments that stand before the first FROM.
        if instruction.keyword == "ARG" and not found:
            defaults.update(word.partition("=")[::2] for word in instruction.words if "=" in word)
        if instruction.keyword == "FROM" and instruction.words:
            image = resolved(instruction.words[0], defaults)
            if image not in stages and image != "scratch":
                found.append(image)
            if len(instruction.words) > 2:  # noqa: PLR2004 - FROM image AS stage
                stages.add(instruction.words[2])
    return tuple(found)


def images_of(text: str) -> tuple[str, ...]:
    """Return every image that a build takes files from, each once: of FROM, and of COPY --from where it is no stage."""
    stages = {instruction.words[2].lower() for instruction in instructions(text)
              if instruction.keyword == "FROM" and len(instruction.words) > 2}  # fmt: skip  # noqa: PLR2004 - as above
    copied = (instruction.flag("from") for instruction in instructions(text) if instruction.keyword == "COPY")
    others = (name for name in copied if name and not name.isdigit() and name.lower() not in stages)
    return tuple(dict.fromkeys((*base_images(text), *others)))


def resolved(word: str, values: dict[str, str]) -> str:
    """A word with its variables replaced; one without a value stays as it is written."""

    def value(match: re.Match[str]) -> str:
        name, default = match[1] or match[3], match[2]
        return values.get(name, default if default is not None else match[0])

    return VARIABLE.sub(value, word).strip("\"'")


def _logical_line(lines: list[str], place: int, escape: str) -> tuple[list[str], int]:
    """The parts of an instruction over its continued lines, comments in between left out; and the place behind it."""
    parts: list[str] = []
    while place < len(lines):
        line = lines[place].rstrip()
        place += 1
        # Docker skips comments and empty lines between continued lines.
        if parts and (not line.strip() or line.lstrip().startswith("#")):
            continue
        continued = line.endswith(escape)
        parts.append((line[:-1] if continued else line).strip())
        if not continued:
            break
    return parts, place


def _behind_heredoc(lines: list[str], place: int, delimiter: str) -> int:
    while place < len(lines) and lines[place].strip() != delimiter:
        place += 1
    return min(place + 1, len(lines))


def _arguments(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    flags = []
    while text.startswith("--"):
        flag, _, text = text.partition(" ")
        flags.append(flag)
        text = text.lstrip()
    if text.startswith("["):
        try:
            return tuple(flags), tuple(str(item) for item in json.loads(text))
        except ValueError:
            pass  # what looks like JSON and is none, is a shell command: so does Docker
    return tuple(flags), tuple(text.split())

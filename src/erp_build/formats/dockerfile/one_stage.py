"""A Dockerfile as a build of one of its stages reads it: up to that stage, with the build arguments that are given."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import instructions, lines_of
from erp_build.formats.dockerfile.stages import stage_name

PLAIN = re.compile(r"[\w./:@+-]*")
"""A value that needs no quotes."""

QUOTED_QUOTE = "'\"'\"'"
"""A single quote, in a text in single quotes."""


class Stage(NamedTuple):
    """A stage: its name, empty where it has none, and the lines from its FROM to the one behind its last."""

    name: str
    line: int
    end: int


def stages_of(text: str) -> tuple[Stage, ...]:
    """The stages of a Dockerfile, in their order."""
    lines = len(lines_of(text))
    heads = [one for one in instructions(text) if one.keyword == "FROM"]
    ends = [*(one.line for one in heads[1:]), lines + 1]
    return tuple(Stage(stage_name(one), one.line, end) for one, end in zip(heads, ends, strict=True))


def stage_named(text: str, name: str) -> Stage | None:
    """The stage that a builder takes for a name, which it compares in any case; None where there is none.

    A number names none: builders take it in `COPY --from` alone. Of two stages with one name it is the later, as for
    `COPY --from`; BuildKit alone builds such a Dockerfile (see `lint.buildkit_needs`).
    """
    named = (one for one in stages_of(text) if one.name and one.name == name.lower())
    return next(reversed(tuple(named)), None)


def up_to_stage(text: str, name: str) -> str:
    """The text without what stands behind a stage; the whole text for no name, or one that no stage has."""
    stage = stage_named(text, name) if name else None
    return "".join(lines_of(text)[: stage.end - 1]) if stage else text


def with_arguments(text: str, arguments: Mapping[str, str]) -> str:
    """The text in which given build arguments are the defaults of their ARG; its lines keep their numbers.

    It is for readers: what is built is the Dockerfile as it is written, with the same arguments.
    """
    lines = lines_of(text)
    for one in instructions(text) if arguments else ():
        if one.keyword == "ARG" and any(word.partition("=")[0] in arguments for word in one.words):
            words = [_with_value(word, arguments) for word in one.words]
            lines[one.line - 1] = f"ARG {' '.join(words)}\n"
            lines[one.line : one.end - 1] = ["\n"] * (one.end - 1 - one.line)
    return "".join(lines)


def as_built(text: str, stage: str, arguments: Mapping[str, str]) -> str:
    """The text that a build of a stage with these arguments depends on."""
    return with_arguments(up_to_stage(text, stage), arguments)


def _with_value(word: str, arguments: Mapping[str, str]) -> str:
    name = word.partition("=")[0]
    if name not in arguments:
        return word
    value = arguments[name]
    if PLAIN.fullmatch(value):
        return f"{name}={value}"
    # In single quotes nothing has a meaning but the quote itself.
    quoted = value.replace("'", QUOTED_QUOTE)
    return f"{name}='{quoted}'"

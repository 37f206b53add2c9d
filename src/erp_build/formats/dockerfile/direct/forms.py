"""What no builder reads, or not every one in the same way: the form of an instruction, before any variable counts."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from erp_build.formats.dockerfile.lint import NEW_MODIFIERS
from erp_build.formats.dockerfile.parse import SETTINGS, Instruction
from erp_build.formats.json_text import parsed_json

HEALTH_OPTIONS = ("interval", "timeout", "start-period", "start-interval", "retries")
FLAGS = MappingProxyType({
    "FROM": ("platform",),
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("from", "chown", "chmod", "link", "parents", "exclude"),
    "ADD": ("chown", "chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"),
    "HEALTHCHECK": HEALTH_OPTIONS,
    **dict.fromkeys(("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "MAINTAINER", "ONBUILD"), ()),
    **dict.fromkeys(("SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"), ()),
})  # fmt: skip
"""Every instruction, and the flags that it takes."""

SEVERAL = ("mount", "device", "exclude")
"""Flags that may be there more than once."""

NOT_IN_ONBUILD = ("ONBUILD", "FROM", "MAINTAINER")
MAY_BE_EMPTY = ("CMD", "ENTRYPOINT")
FROM_WORDS = re.compile(r"(?:as [a-z][a-z0-9_.-]{0,200})?", re.IGNORECASE | re.ASCII)
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character: of an escape in JSON, or a byte that is no UTF-8."""


def malformed(instruction: Instruction) -> Iterator[str]:
    """What is wrong with the form of an instruction; whatever the engine makes of it, it is asked."""
    keyword, words = instruction.keyword, instruction.words
    if instruction.is_open:
        yield "the file ends in the middle of an instruction"
    if keyword not in FLAGS:
        yield f"{keyword} is no instruction"
        return
    yield from _flags(instruction)
    if SURROGATE.search("".join((*instruction.flags, *words))):
        yield f"{keyword} has bytes that are no text"
    yield from _words(instruction)
    if keyword == "RUN":
        return
    if not instruction.is_json and _is_broken_list(instruction):
        yield f"{keyword} has a list of other things than texts"
    if any(NEW_MODIFIERS.search(text) for text in (*instruction.flags, *words)):
        yield f"{keyword} has a pattern in a variable, which only some builders read"


def _words(instruction: Instruction) -> Iterator[str]:
    keyword, words = instruction.keyword, instruction.words
    if keyword == "ONBUILD":
        inner = instruction.inner
        if inner is None or inner.keyword not in FLAGS or inner.keyword in NOT_IN_ONBUILD:
            yield "ONBUILD has no instruction that it may have"
    elif not any(words) and not (keyword in MAY_BE_EMPTY and instruction.is_json):
        yield f"{keyword} has no arguments"
    if keyword == "FROM" and not FROM_WORDS.fullmatch(" ".join(words[1:])):
        yield "FROM has other words than an image and `AS` with a name that builders take"
    if keyword in SETTINGS and not all(word.partition("=")[0] and "=" in word for word in words):
        yield f"{keyword} has a name without a value, or a value without a name"


def _flags(instruction: Instruction) -> Iterator[str]:
    names = [flag.removeprefix("--").partition("=")[0] for flag in instruction.flags]
    unknown = [name for name in names if name not in FLAGS[instruction.keyword]]
    yield from (f"{instruction.keyword} has no flag --{name}" for name in unknown)
    if any(names.count(name) > 1 and name not in SEVERAL for name in names):
        yield f"{instruction.keyword} has a flag twice"


def _is_broken_list(instruction: Instruction) -> bool:
    """Whether it has a JSON list that is none of texts; what is no JSON is a shell command."""
    words = instruction.words[1:] if instruction.keyword == "HEALTHCHECK" else instruction.words
    text = " ".join(words)
    if not text.startswith("["):
        return False
    try:
        parsed_json(text)
    except ValueError:
        return False
    return True

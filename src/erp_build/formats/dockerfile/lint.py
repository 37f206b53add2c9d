"""Lints a Dockerfile before it is built: syntax that only BuildKit reads, secrets, sources that do not exist."""

import posixpath
import re
import shlex
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import Instruction, directives, instructions
from erp_build.formats.secrets.names import holds_secret

NEW_FLAGS = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("chmod", "link", "parents", "exclude"),
    "ADD": ("chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"),
}
"""Flags that the classic builder refuses or, worse, ignores."""

PLATFORM_ARGUMENTS = re.compile(r"\$\{?(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)\b")
NO_SOURCE = re.compile(r"^(?:https?://|git@|<<)|\$")


class Finding(NamedTuple):
    """A mistake: its line and a description, never with a value, which may be a secret."""

    line: int
    what: str


def buildkit_needs(text: str) -> tuple[Finding, ...]:
    """Return what needs BuildKit; the classic builder fails on it, or silently builds another image."""
    syntax = directives(text).get("syntax")
    found = [Finding(1, f"# syntax={syntax}")] if syntax else []
    for instruction in instructions(text):
        keyword = instruction.keyword
        flags = [flag for flag in NEW_FLAGS.get(keyword, ()) if instruction.flag(flag) is not None]
        found += [Finding(instruction.line, f"{keyword} --{flag}") for flag in flags]
        if instruction.heredocs:
            found.append(Finding(instruction.line, f"{keyword} <<{instruction.heredocs[0]}"))
        if PLATFORM_ARGUMENTS.search(" ".join((*instruction.flags, *instruction.words))):
            found.append(Finding(instruction.line, f"{keyword} with an argument of the platform"))
    return tuple(found)


def secrets_in(text: str) -> tuple[Finding, ...]:
    """Return ARG and ENV with a secret: everybody who can pull the image can read them in its history."""
    found = []
    for instruction in instructions(text):
        if instruction.keyword in ("ARG", "ENV"):
            found += [
                Finding(instruction.line, f"{instruction.keyword} {name} has a value")
                for name, value in _assignments(instruction)
                if holds_secret(name, value)
            ]
    return tuple(found)


def sources_of_nothing(text: str, files: Collection[str]) -> tuple[Finding, ...]:
    """COPY and ADD whose source matches no file of the build context.

    Args:
        text: the Dockerfile.
        files: the context's files, relative to it.
    """
    return tuple(
        Finding(instruction.line, f"{instruction.keyword} {source}: no such file in the build context")
        for instruction, source in _sources(text)
        if not NO_SOURCE.search(source) and not is_source(source, files)
    )


def sources_of_nothing_yet(text: str, files: Collection[str], made: str = "target") -> tuple[Finding, ...]:
    """The same before a packager has worked: what it will make counts as if it were there.

    Args:
        text: the Dockerfile.
        files: the context's files, relative to it.
        made: the folder of the context that it makes; empty: none.
    """
    found = sources_of_nothing(text, files)
    pattern = re.compile(rf"\A(?:COPY|ADD) (?:\./|/)?{re.escape(made)}(?:/|:)")
    return tuple(one for one in found if not (made and pattern.search(one.what)))


def copies(text: str, file: str) -> bool:
    """Whether an instruction may copy a file of the build context; a source with a variable can be any file."""
    return any("$" in source or is_source(source, (file,)) for _, source in _sources(text))


def is_source(source: str, files: Collection[str]) -> bool:
    """Whether a source of COPY names something: a file, or a directory by its name or by a pattern on its path."""
    pattern = posixpath.normpath(source.lstrip("/"))
    if pattern == ".":
        return bool(files)
    parts = pattern.split("/")
    return any(_matches(parts, file.split("/")) for file in files)


def _sources(text: str) -> Iterator[tuple[Instruction, str]]:
    """What COPY and ADD take out of the build context, with the instruction that does."""
    for instruction in instructions(text):
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None and not instruction.heredocs:
            yield from ((instruction, source) for source in instruction.words[:-1])


def _matches(pattern: list[str], path: list[str]) -> bool:
    # `*` stays inside of a part of the path; what matches a directory takes everything in it.
    return len(path) >= len(pattern) and all(map(fnmatchcase, path, pattern))


def _assignments(instruction: Instruction) -> Iterator[tuple[str, str]]:
    words = instruction.words
    if instruction.keyword == "ENV" and words and "=" not in words[0]:
        yield words[0], " ".join(words[1:])  # the old form: ENV NAME value
        return
    for word in _unquoted(words):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value


def _unquoted(words: tuple[str, ...]) -> list[str]:
    """The words with their quotes taken off: a value in quotes may hold blanks, as JSON does."""
    try:
        return shlex.split(" ".join(words))
    except ValueError:
        return [word.replace("'", "").replace('"', "") for word in words]  # the engine will say what is wrong

"""What COPY, ADD and mounts of a Dockerfile take out of the build context, and which of it is certainly not there."""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from erp_build.formats.dockerfile.globs import is_pattern, path_glob
from erp_build.formats.dockerfile.heredocs import heredoc_of
from erp_build.formats.dockerfile.parse import Instruction, escape_of
from erp_build.formats.dockerfile.stages import mounts_of, seen
from erp_build.formats.dockerfile.words import expanded

REMOTE = re.compile(r"[a-zA-Z0-9]+://|[\w-]+@[a-zA-Z0-9.-]+:")
GIT = re.compile(r"(?:git|ssh)://|https?://[^?#]{1,2000}\.git(?:#|$)|[\w-]+@[a-zA-Z0-9.-]+:")


class Source(NamedTuple):
    """Something that an instruction takes out of the build context.

    Attributes:
        instruction: that does.
        stage: number of its stage.
        path: with the values of variables, and without quotes.
        is_certain: whether the path is what the builder will see: a variable can be set elsewhere.
        is_mount: whether it is a mount of RUN.
    """

    instruction: Instruction
    stage: int
    path: str
    is_certain: bool = True
    is_mount: bool = False

    @property
    def has_parents(self) -> bool:
        """Whether it is a pattern of whole paths, which may match nothing."""
        return self.instruction.flag("parents") not in (None, "false")


def context_sources(text: str, arguments: Mapping[str, str] | None = None) -> Iterator[Source]:
    """What a Dockerfile takes out of the build context, in its order."""
    escape = escape_of(text)
    for instruction, stage, values in seen(text, arguments):
        if instruction.keyword in ("COPY", "ADD") and not instruction.flag("from"):
            for word in instruction.words[:-1]:
                read = expanded(word, values, escape)
                if heredoc_of(word) is None and not REMOTE.match(read.text):
                    yield Source(instruction, stage, read.text, is_certain="$" not in word)
        elif instruction.keyword == "RUN":
            for mount in mounts_of(instruction, values, escape):
                if mount.get("type", "bind") == "bind" and not mount.get("from"):
                    path = mount.get("source", mount.get("src", "."))
                    yield Source(instruction, stage, path, is_certain=False, is_mount=True)


def copied_sources(text: str) -> Iterator[tuple[int, str]]:
    """Return the sources that a Dockerfile copies or mounts from its context, with the line of the instruction.

    A variable is replaced by its value; one without stays.
    """
    for one in context_sources(text):
        yield one.instruction.line, one.path.strip("/") or "."


def git_sources(instruction: Instruction) -> tuple[str, ...]:
    """The repositories of Git that an ADD takes."""
    return tuple(word for word in instruction.words[:-1] if instruction.keyword == "ADD" and GIT.match(word))


def in_context(path: str) -> str:
    """A source as a path of the context: nothing lies above the context, and it is `/` as well as `.`."""
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


def is_source(path: str, names: Collection[str]) -> bool:
    """Whether a source names something.

    Args:
        path: of the source; a pattern, or a file or folder by its name.
        names: files of the context; folders are those that the files lie in, and those that are named.
    """
    return next(iter(_matching(path, names)), None) is not None


def taken(path: str, names: Collection[str]) -> tuple[str, ...]:
    """The names that a source takes: what it matches, and everything in a folder that it matches."""
    return tuple(_matching(path, names))


def _matching(path: str, names: Collection[str]) -> Iterator[str]:
    plain = in_context(path)
    if plain == ".":
        yield from names
        return
    if not is_pattern(plain):
        yield from (name for name in names if name == plain or name.startswith(f"{plain}/"))
        return
    try:
        glob = path_glob(plain)
    except ValueError:
        return
    depth = plain.count("/")
    for name in names:
        parts = name.split("/")
        # A `*` takes no slash, so what matches has as many parts; a negated set may take one, which nobody writes.
        if len(parts) > depth and glob.matches("/".join(parts[: depth + 1])):
            yield name

"""Rewrites a Dockerfile to copy a jar's layers instead of the jar; everything else stays, the command included."""

import posixpath
from collections.abc import Sequence

from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.lint import is_source
from erp_build.formats.dockerfile.parse import Instruction, instructions


def takes_jar(instruction: Instruction, jar: str) -> bool:
    """Whether an instruction copies the jar, and nothing else, out of the context.

    Args:
        instruction: any.
        jar: its path in the context, such as `target/app-1.0.0.jar`.
    """
    if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
        return False
    *sources, _ = instruction.words
    return len(sources) == 1 and sources[0].endswith(".jar") and is_source(sources[0], (jar,))


def jar_name(text: str, jar: str, where: str) -> str:
    """The name that the jar has in the image; raises `BuildFailed` where there is no single COPY of it."""
    destination = _copy_of(text, jar, where).words[-1]
    return posixpath.basename(jar) if _is_directory(destination) else posixpath.basename(destination)


def with_layers(text: str, jar: str, folders: Sequence[str], where: str) -> str:
    """The Dockerfile with one COPY for each folder in place of the jar's.

    Args:
        text: the Dockerfile.
        jar: the jar's path in the context.
        folders: folders of the context, what changes least first; their contents go where the jar went.
        where: the Dockerfile's path, for errors.
    """
    copy = _copy_of(text, jar, where)
    destination = copy.words[-1]
    into = destination if _is_directory(destination) else posixpath.dirname(destination) or "."
    flags = "".join(f"{flag} " for flag in copy.flags)
    lines = text.splitlines(keepends=True)
    instead = [f"COPY {flags}{folder}/ {into.rstrip('/') or ''}/\n" for folder in folders]
    return "".join((*lines[: copy.line - 1], *instead, *lines[copy.end - 1 :]))


def _copy_of(text: str, jar: str, where: str) -> Instruction:
    found = [instruction for instruction in instructions(text) if takes_jar(instruction, jar)]
    if len(found) != 1:
        raise BuildFailed(
            "the Dockerfile cannot be built with layers",
            where=where,
            why=f"{len(found)} instructions copy {jar} alone; there must be one",
            next_step="write `COPY target/*.jar app.jar`, or take `layers = true` out of erp-build.toml",
        )
    return found[0]


def _is_directory(destination: str) -> bool:
    return destination in (".", "..") or destination.endswith(("/", "/.", "/.."))

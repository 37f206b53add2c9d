"""Rewrites a Dockerfile: one LABEL line for all labels, the layers of a jar instead of the jar.

Everything else stays, the command included. The classic builder turns each label of an API call into a step with a
container of its own, 50 ms each; one line is one step.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence

from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.lint import copies
from erp_build.formats.dockerfile.parse import Instruction, escape_of, instructions, lines_of
from erp_build.formats.dockerfile.sources import context_sources, is_source

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def with_labels(text: str, labels: Mapping[str, str], name: str) -> str | None:
    """Return the Dockerfile with a LABEL line at its end; None if that could change the image in other ways.

    Args:
        text: the Dockerfile.
        labels: names, which need no quotes, and values.
        name: name of the result in the build context; an instruction that copies the whole context would copy it too.
    """
    escape = escape_of(text)
    is_open = any(instruction.is_open for instruction in instructions(text))
    if not labels or is_open or copies(text, name) or CONTROL.search("".join(labels.values())):
        return None
    pairs = (f'{key}="{_quoted(value, escape)}"' for key, value in labels.items())
    return "\n".join((text.rstrip("\n"), f"LABEL {' '.join(pairs)}", ""))


def copies_of_jar(text: str, jar: str) -> tuple[Instruction, ...]:
    """The instructions that copy the jar, and nothing else, out of the context.

    Args:
        text: the Dockerfile.
        jar: its path in the context, such as `target/app-1.0.0.jar`.
    """
    return tuple(
        one.instruction
        for one in context_sources(text)
        if not one.is_mount and len(one.instruction.words) == 2  # noqa: PLR2004 - a source and its destination
        and one.path.endswith(".jar") and is_source(one.path, (jar,))
    )  # fmt: skip


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
    lines = lines_of(text)
    instead = [f"COPY {flags}{folder}/ {into.rstrip('/') or ''}/\n" for folder in folders]
    return "".join((*lines[: copy.line - 1], *instead, *lines[copy.end - 1 :]))


def _quoted(value: str, escape: str) -> str:
    return "".join(f"{escape}{char}" if char in ('"', "$", escape) else char for char in value)


def _copy_of(text: str, jar: str, where: str) -> Instruction:
    found = copies_of_jar(text, jar)
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

"""Rewrites a Dockerfile: one LABEL line for all labels, the layers of a jar instead of the jar.

Everything else stays, the command included. The classic builder turns each label of an API call into a step with a
container of its own, 50 ms each; one line is one step.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence

from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.lint import copies, is_source
from erp_build.formats.dockerfile.parse import Instruction, directives, instructions

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def with_labels(text: str, labels: Mapping[str, str], name: str) -> str | None:
    """Return the Dockerfile with a LABEL line at its end; None if that could change the image in other ways.

    Args:
        text: the Dockerfile.
        labels: names, which need no quotes, and values.
        name: name of the result in the build context; an instruction that copies the whole context would copy it too.
    """
    escape = directives(text).get("escape", "\\")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    is_continued = bool(lines) and lines[-1].endswith(escape)
    if not labels or is_continued or copies(text, name) or CONTROL.search("".join(labels.values())):
        return None
    pairs = (f'{key}="{_quoted(value, escape)}"' for key, value in labels.items())
    return "\n".join((text.rstrip("\n"), f"LABEL {' '.join(pairs)}", ""))


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


def _quoted(value: str, escape: str) -> str:
    return "".join(f"{escape}{char}" if char in ('"', "$", escape) else char for char in value)


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

"""Lints a Dockerfile before it is built: syntax that only BuildKit reads, secrets, sources that do not exist.

A refusal needs certainty: what the builder may read in another way is a doubt, and the builder decides.
"""

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import NamedTuple

from erp_build.formats.dockerfile.globs import is_pattern
from erp_build.formats.dockerfile.parse import Instruction, directives, escape_of, settings_of
from erp_build.formats.dockerfile.sources import Source, context_sources, git_sources, in_context, is_source
from erp_build.formats.dockerfile.stages import seen, stage_name, used_stages
from erp_build.formats.dockerfile.words import expanded
from erp_build.formats.secrets.names import holds_secret
from erp_build.model.packaging import OUTPUT

NEW_FLAGS = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("chmod", "link", "parents", "exclude"),
    "ADD": ("chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"),
}
"""Flags that the classic builder refuses or, worse, ignores."""

SHELL_COMMANDS = ("RUN", "CMD", "ENTRYPOINT")
PLATFORM_ARGUMENTS = re.compile(r"\$\{?(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)\b")
NEW_MODIFIERS = re.compile(r"\$\{\w{1,200}[#%/]")


class Finding(NamedTuple):
    """A mistake.

    Attributes:
        line: of the Dockerfile.
        what: a description, never with a value, which may be a secret.
        name: what an `[[allow]]` table names: a variable, a source, or what needs BuildKit.
        is_certain: whether it holds for every builder that may read the Dockerfile.
        is_excluded: of a source, whether it is there and not sent.
    """

    line: int
    what: str
    name: str = ""
    is_certain: bool = True
    is_excluded: bool = False


def buildkit_needs(text: str) -> tuple[Finding, ...]:
    """Return what needs BuildKit; the classic builder fails on it, or may silently build another image.

    What only some classic builders cannot read is no certain need: it chooses BuildKit where it may be chosen.
    """
    syntax = directives(text).get("syntax")
    found = [Finding(1, f"# syntax={syntax}", "syntax", is_certain=False)] if syntax else []
    names = set[str]()
    for instruction, _, _ in seen(text):
        line, keyword = instruction.line, instruction.keyword
        flags = (flag for flag in NEW_FLAGS.get(keyword, ()) if instruction.flag(flag) is not None)
        needs = [f"{keyword} --{flag}" for flag in flags]
        needs += [f"{keyword} <<{instruction.heredocs[0]}"] if instruction.heredocs else []
        needs += [f"{keyword} of a Git repository"] if git_sources(instruction) else []
        if keyword == "FROM" and (name := stage_name(instruction)):
            # The classic builder refuses the second, or builds the first where that is the target.
            needs += [f"another stage {name}"] if name in names else []
            names.add(name)
        found += [Finding(line, need, need) for need in needs]
        found += [Finding(line, need, need, is_certain=False) for need in _likely_needs(instruction)]
    return tuple(found)


def takes_buildkit(text: str, builder: str) -> bool:
    """Whether BuildKit builds a Dockerfile, and not the classic builder, if an engine does; `builder` as configured."""
    return builder == "buildkit" or (builder != "classic" and bool(buildkit_needs(text)))


def secrets_in(text: str) -> tuple[Finding, ...]:
    """Return ARG and ENV with a secret: everybody who can pull the image can read them in its history."""
    escape = escape_of(text)
    return tuple(
        Finding(outer.line, f"{instruction.keyword} {name} has a value", name)
        for outer, _, values in seen(text)
        if (instruction := outer.inner or outer).keyword in ("ARG", "ENV")
        for name, value in settings_of(instruction)
        if holds_secret(name, expanded(value, values, escape).text)
    )


def sources_of_nothing(
    text: str, names: Collection[str], links: Collection[str] = (), *, classic: bool = True
) -> tuple[Finding, ...]:
    """COPY and ADD whose source matches nothing in the build context.

    BuildKit leaves out stages that nothing uses, and patterns that match nothing: the latter are doubts then.

    Args:
        text: the Dockerfile.
        names: the context's files and folders, relative to it.
        links: those that are links, behind which there may be anything.
        classic: whether the classic builder reads it.
    """
    used = used_stages(text)
    copies = (one for one in context_sources(text) if not one.is_mount and (classic or one.stage in used))
    return tuple(
        Finding(
            one.instruction.line,
            f"{one.instruction.keyword} {one.path}: no such file in the build context",
            one.path,
            is_certain=classic or not is_pattern(one.path),
        )
        for instruction, sources in groupby(copies, key=lambda one: one.instruction)
        for one in _of_nothing(instruction, tuple(sources), names, links)
    )


def sources_of_nothing_yet(text: str, files: Collection[str], made: str = OUTPUT) -> tuple[Finding, ...]:
    """The same before a packager has worked: what it will make counts as if it were there.

    Args:
        text: the Dockerfile.
        files: the context's files, relative to it.
        made: the folder of the context that it makes; empty: none.
    """
    found = sources_of_nothing(text, files, links=files)
    return tuple(one for one in found if not is_made_later(one, made))


def is_made_later(source: Finding, made: str = OUTPUT) -> bool:
    """Whether a source that is not there is one that a packager makes in a folder of the context."""
    return bool(made) and not source.is_excluded and f"{in_context(source.name)}/".startswith(f"{made}/")


def allowable(whole: str, text: str) -> frozenset[tuple[str, str]]:
    """Finding and name of all that a `[[build.allow]]` table may name, whatever the build context has.

    Args:
        whole: the Dockerfile.
        text: the part of it that is built, with its arguments.
    """
    found = [("secret", one.name) for one in secrets_in(whole)]
    found += [("buildkit", one.name) for one in buildkit_needs(whole)]
    found += [("source", one.path) for one in context_sources(text)]
    return frozenset(found)


def copies(text: str, file: str) -> bool:
    """Whether an instruction may copy a file of the build context; a source with a variable can be any file."""
    found = (one for one in context_sources(text) if not one.is_mount)
    return any(not one.is_certain or one.has_parents or is_source(one.path, (file,)) for one in found)


def _likely_needs(instruction: Instruction) -> Iterator[str]:
    texts = " ".join((*instruction.flags, *instruction.words))
    if PLATFORM_ARGUMENTS.search(texts):
        yield f"{instruction.keyword} with an argument of the platform"
    if instruction.keyword not in SHELL_COMMANDS and NEW_MODIFIERS.search(texts):
        yield f"{instruction.keyword} with a pattern in a variable"


def _of_nothing(
    instruction: Instruction, sources: tuple[Source, ...], names: Collection[str], links: Collection[str]
) -> Iterator[Source]:
    """The sources that match nothing. A pattern may, as long as another source of the instruction is there."""
    nothing = [one for one in sources if one.is_certain and not one.has_parents
               and not is_source(one.path, names) and not _is_behind(one.path, links)]  # fmt: skip
    is_all = len(nothing) == len(instruction.words) - 1
    yield from (one for one in nothing if is_all or not is_pattern(one.path))


def _is_behind(path: str, links: Collection[str]) -> bool:
    """Whether a source may lie behind a link."""
    parts = in_context(path).split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]
    return bool(links) and any(is_source(folder, [link for link in links if link.count("/") == folder.count("/")])
                               for folder in above)  # fmt: skip

"""Finds sources of a Dockerfile and of a pom that no rule of the target covers: their changes would be missed."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from erp_build.changes.rules import Rules
from erp_build.formats.dockerfile.parse import instructions
from erp_build.model.project import Function, Service

PARENT_REFERENCE = re.compile(r"(?:\$\{(?:project\.)?basedir\}/)?(\.\./[\w./-]{0,200}[\w-])")
BUILD_OUTPUT = "target"
SYMLINK_MODE = "120000"


class Uncovered(NamedTuple):
    """A source that no rule covers: where it is named, and its files that are not covered."""

    target: str
    file: str
    line: int
    source: str
    paths: tuple[str, ...]


class Tree(NamedTuple):
    """A commit: path -> mode of all files; path -> text of Dockerfiles and poms, and of links their target."""

    modes: Mapping[str, str]
    texts: Mapping[str, str]


def uncovered_sources(target: Service | Function, rules: Rules, tree: Tree) -> Iterator[Uncovered]:
    """Return each COPY and ADD of the Dockerfile, and each `../` of the pom, with a file that no rule covers."""
    for file, line, source in _named_sources(target, tree.texts):
        pattern = posixpath.normpath(f"{target.path}/{source}")
        # Maven's output is made from sources that are compared anyway.
        if pattern.startswith(f"{target.path}/{BUILD_OUTPUT}/"):
            continue
        missed = tuple(path for path in _taken(pattern, tree) if target.name not in rules.owners(path))
        if missed:
            yield Uncovered(target.name, file, line, source, missed)


def _named_sources(target: Service | Function, texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """The file, line and text of each source that the Dockerfile or the pom names."""
    dockerfile, pom = f"{target.path}/{target.dockerfile}", f"{target.path}/pom.xml"
    for line, source in copied_sources(texts.get(dockerfile, "")):
        yield dockerfile, line, source
    for line, text in enumerate(texts.get(pom, "").splitlines(), 1):
        for reference in PARENT_REFERENCE.findall(text):
            yield pom, line, reference


def copied_sources(dockerfile: str) -> Iterator[tuple[int, str]]:
    """Return the sources that a Dockerfile copies from its context, with the line of the instruction."""
    for instruction in instructions(dockerfile):
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None:
            for word in instruction.words[:-1]:
                if "://" not in word and not word.startswith("<<"):
                    yield instruction.line, word.strip("/") or "."


def _taken(pattern: str, tree: Tree) -> Iterator[str]:
    """The files that a source matches, and the targets of those that are links."""
    for path, mode in tree.modes.items():
        if path == pattern or path.startswith(f"{pattern}/") or fnmatchcase(path, pattern):
            yield path
            if mode == SYMLINK_MODE:
                yield posixpath.normpath(posixpath.join(posixpath.dirname(path), tree.texts.get(path, "")))

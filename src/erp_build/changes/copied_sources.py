"""Finds sources of a Dockerfile and of a pom that no rule of the target covers: their changes would be missed.

Parents and modules are no such sources: they are inputs by the graph of Maven. A pom can also name a folder in the
configuration of a plugin, and only the plugin knows what for.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import Rules
from erp_build.clients.git.links import links_of
from erp_build.formats.dockerfile.one_stage import as_built
from erp_build.formats.dockerfile.sources import copied_sources, taken
from erp_build.model.packaging import Packaging, context_of, dockerfile_of, is_maven, packaging_of
from erp_build.model.project import Function, Service

PARENT_REFERENCE = re.compile(r"(?:\$\{(?:project\.)?basedir\}/)?(\.\./[\w./-]{0,200}[\w-])")
OF_THE_GRAPH = re.compile(r"<(relativePath|module|subproject)>[^<]{0,999}</\1>")
POM = "pom.xml"
SYMLINK_MODE = "120000"


class Uncovered(NamedTuple):
    """A source that no rule covers: where it is named, and its files that are not covered."""

    target: str
    file: str
    line: int
    source: str
    paths: tuple[str, ...]


class Unclear(NamedTuple):
    """A source of which nobody can tell what it takes: where it is named."""

    target: str
    file: str
    line: int
    source: str


class Inspection(NamedTuple):
    """What was looked at for sources that no rule covers, and what was found.

    Attributes:
        uncovered: those sources.
        unclear: sources with a variable that has no default.
        missing: Dockerfiles and poms that are not there.
        dockerfiles, poms, links: how many of each were looked at.
    """

    uncovered: tuple[Uncovered, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    missing: tuple[str, ...] = ()
    dockerfiles: int = 0
    poms: int = 0
    links: int = 0


class Tree(NamedTuple):
    """A commit: path -> mode of all files; path -> text of Dockerfiles and poms, and of links their target."""

    modes: Mapping[str, str]
    texts: Mapping[str, str]


def inspect(
    targets: Iterable[Service | Function],
    rules: Rules,
    tree: Tree,
    modules: ModuleUses,
    others: Iterable[Packaging] = (),
) -> Inspection:
    """Look through the Dockerfiles, the poms with all that they take, and the links of some targets.

    Args:
        targets: whose they are.
        rules: of the project, with its modules.
        tree: the commit.
        modules: what the targets take by way of Maven.
        others: packagers that a caller of the library has given.
    """
    targets = tuple(targets)
    links = [path for path, mode in tree.modes.items() if mode == SYMLINK_MODE]
    uncovered, unclear = [], []
    for target in targets:
        taken = poms_of_target(target, modules)
        found = list(uncovered_sources(target, rules, tree, taken, others))
        known = {path for one in found for path in one.paths}
        uncovered += [*found, *(one for one in _links_out(target, rules, tree, links) if known.isdisjoint(one.paths))]
        sources = _named_sources(target, tree, taken)
        unclear += [Unclear(target.name, file, line, source) for _, file, line, source in sources if "$" in source]
    dockerfiles = [dockerfile_of(one) for one in targets]
    poms = [f"{one.path}/{POM}" for one in targets if is_maven(one)]
    return Inspection(
        uncovered=tuple(uncovered),
        unclear=tuple(unclear),
        missing=tuple(path for path in (*dockerfiles, *poms) if path not in tree.modes),
        dockerfiles=sum(path in tree.modes for path in dockerfiles),
        poms=sum(path in tree.modes for path in poms),
        links=len(links),
    )


def _links_out(target: Service | Function, rules: Rules, tree: Tree, links: Iterable[str]) -> Iterator[Uncovered]:
    """The links of a target that lead to what is no input of it."""
    texts = {path: tree.texts.get(path, "") for path in links}
    for link in links_of({path: text for path, text in texts.items() if text}):
        if target.name in rules.owners(link.path):
            out = tuple(way for way in link.ways if target.name not in rules.owners(way))
            if out:
                yield Uncovered(target.name, link.path, 1, texts[link.path], out)


def poms_of_target(target: Service | Function, modules: ModuleUses) -> tuple[str, ...]:
    """The poms by which a target is built: its own, those that it inherits, and those of the modules that it takes."""
    if not is_maven(target):
        return ()
    taken = (posixpath.join(one.path, POM) if one.is_folder else one.path for one in modules.inputs_of(target))
    return tuple(dict.fromkeys((f"{target.path}/{POM}", *taken)))


def uncovered_sources(
    target: Service | Function, rules: Rules, tree: Tree, poms: Iterable[str], others: Iterable[Packaging] = ()
) -> Iterator[Uncovered]:
    """Return each COPY and ADD of the Dockerfile, and each `../` of its poms, with a file that no rule covers."""
    made = packaging_of(target, others).makes
    for folder, file, line, source in _named_sources(target, tree, poms):
        pattern = posixpath.normpath(posixpath.join(folder, source))
        # What a packager makes is made from sources that are compared anyway.
        if made and pattern.startswith(f"{target.path}/{made}/"):
            continue
        missed = tuple(path for path in _taken(pattern, tree) if target.name not in rules.owners(path))
        if missed:
            yield Uncovered(target.name, file, line, source, missed)


def _named_sources(target: Service | Function, tree: Tree, poms: Iterable[str]) -> Iterator[tuple[str, str, int, str]]:
    """Each source that the Dockerfile or one of the poms names: from which folder, in which file and line.

    Those of a Dockerfile are named from the build context, wherever it lies.
    """
    dockerfile = dockerfile_of(target)
    text = as_built(tree.texts.get(dockerfile, ""), target.docker_target, dict(target.args))
    for line, source in copied_sources(text):
        yield context_of(target), dockerfile, line, source
    for pom in poms:
        for line, words in enumerate(tree.texts.get(pom, "").splitlines(), 1):
            for reference in PARENT_REFERENCE.findall(OF_THE_GRAPH.sub("", words)):
                yield posixpath.dirname(pom), pom, line, reference


def _taken(pattern: str, tree: Tree) -> Iterator[str]:
    """The files that a source matches, and the targets of those that are links."""
    for path in taken(pattern, tree.modes) if not pattern.startswith("../") else ():
        yield path
        if tree.modes[path] == SYMLINK_MODE:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), tree.texts.get(path, "")))

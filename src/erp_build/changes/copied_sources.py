"""Finds sources of a Dockerfile and of a pom that no rule of the target covers: their changes would be missed."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from erp_build.changes.rules import Rules
from erp_build.clients.git.links import links_of
from erp_build.formats.dockerfile.one_stage import as_built
from erp_build.formats.dockerfile.sources import copied_sources, taken
from erp_build.model.packaging import Packaging, context_of, dockerfile_of, is_maven, packaging_of
from erp_build.model.project import Function, Service

PARENT_REFERENCE = re.compile(r"(?:\$\{(?:project\.)?basedir\}/)?(\.\./[\w./-]{0,200}[\w-])")
DEFAULT_PARENT = "../pom.xml"
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
    targets: Iterable[Service | Function], rules: Rules, tree: Tree, others: Iterable[Packaging] = ()
) -> Inspection:
    """Look through the Dockerfiles, the poms with their parents, and the links of some targets."""
    targets = tuple(targets)
    links = [path for path, mode in tree.modes.items() if mode == SYMLINK_MODE]
    uncovered, unclear = [], []
    for target in targets:
        found = list(uncovered_sources(target, rules, tree, others))
        known = {path for one in found for path in one.paths}
        uncovered += [*found, *(one for one in _links_out(target, rules, tree, links) if known.isdisjoint(one.paths))]
        sources = _named_sources(target, tree)
        unclear += [Unclear(target.name, file, line, source) for _, file, line, source in sources if "$" in source]
    dockerfiles = [dockerfile_of(one) for one in targets]
    poms = [f"{one.path}/pom.xml" for one in targets if is_maven(one)]
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


def uncovered_sources(
    target: Service | Function, rules: Rules, tree: Tree, others: Iterable[Packaging] = ()
) -> Iterator[Uncovered]:
    """Return each COPY and ADD of the Dockerfile, and each `../` of the pom, with a file that no rule covers."""
    made = packaging_of(target, others).makes
    for folder, file, line, source in _named_sources(target, tree):
        pattern = posixpath.normpath(posixpath.join(folder, source))
        # What a packager makes is made from sources that are compared anyway.
        if made and pattern.startswith(f"{target.path}/{made}/"):
            continue
        missed = tuple(path for path in _taken(pattern, tree) if target.name not in rules.owners(path))
        if missed:
            yield Uncovered(target.name, file, line, source, missed)


def _named_sources(target: Service | Function, tree: Tree) -> Iterator[tuple[str, str, int, str]]:
    """Each source that the Dockerfile, the pom or one of its parents names: from which folder, in which file and line.

    Those of a Dockerfile are named from the build context, wherever it lies.
    """
    dockerfile = dockerfile_of(target)
    text = as_built(tree.texts.get(dockerfile, ""), target.docker_target, dict(target.args))
    for line, source in copied_sources(text):
        yield context_of(target), dockerfile, line, source
    pom = f"{target.path}/pom.xml" if is_maven(target) else ""
    seen: set[str] = set()
    while pom in tree.texts and pom not in seen:
        seen.add(pom)
        text = tree.texts[pom]
        parent = parent_of(text)
        for line, words in enumerate(text.splitlines(), 1):
            references = PARENT_REFERENCE.findall(words)
            if parent and line == parent[0] and parent[1] not in references:
                references.append(parent[1])
            for reference in references:
                yield posixpath.dirname(pom), pom, line, reference
        pom = posixpath.normpath(posixpath.join(posixpath.dirname(pom), parent[1])) if parent else ""


def parent_of(pom: str) -> tuple[int, str] | None:
    """Where Maven looks for the parent of a pom: the line that says so, and the path; None where it has no such one.

    Without `relativePath` that is the pom of the folder above, and a folder stands for the pom in it.
    """
    plain = _without_comments(pom)
    start = plain.find("<parent>")
    end = plain.find("</parent>", start)
    if start < 0 or end < 0:
        return None
    path, place = DEFAULT_PARENT, plain.find("<relativePath", start, end)
    if place >= 0:
        tag, _, rest = plain[place:end].partition(">")
        path = "" if tag.endswith("/") else rest.partition("<")[0].strip()
    line = plain.count("\n", 0, max(start, place)) + 1
    return (line, path if path.endswith(".xml") else f"{path}/pom.xml") if path else None


def _without_comments(xml: str) -> str:
    """A text of XML without its comments; its lines keep their numbers."""
    parts, rest = [], xml
    while rest:
        before, _, rest = rest.partition("<!--")
        comment, _, rest = rest.partition("-->")
        parts += [before, "\n" * comment.count("\n")]
    return "".join(parts)


def _taken(pattern: str, tree: Tree) -> Iterator[str]:
    """The files that a source matches, and the targets of those that are links."""
    for path in taken(pattern, tree.modes) if not pattern.startswith("../") else ():
        yield path
        if tree.modes[path] == SYMLINK_MODE:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), tree.texts.get(path, "")))

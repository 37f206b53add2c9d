"""What a service takes from outside of its folder: parent poms, modules beside it, folders that its pom names.

Of a service that Maven builds, parents and modules are inputs by themselves, by the graph of the poms: only what its
pom names in another way has to be written down.
"""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from erp_build.changes.copied_sources import OF_THE_GRAPH, PARENT_REFERENCE
from erp_build.formats.maven.pom import POM_FILE
from erp_build.setup.draft import Found
from erp_build.setup.tree import Tree

SHARED_NAMES = frozenset({"proto", "protos", "common", "commons", "shared", "libs", "lib"})


def inputs_of(tree: Tree, folder: str, services: Sequence[str], *, is_maven: bool) -> tuple[Found, ...]:
    """Return the patterns of what a service reads beside its own folder, and that have to be written down.

    Args:
        tree: the repository.
        folder: of the service.
        services: folders of all services, of which one is no library of another.
        is_maven: whether Maven builds it, and not its Dockerfile.
    """
    return _each_once(tuple(_named(tree, folder))) if is_maven else taken_by(tree, folder, services)


def taken_by(tree: Tree, folder: str, services: Sequence[str]) -> tuple[Found, ...]:
    """Return the patterns of all that a service reads beside its own folder."""
    return _each_once((*_parents(tree, folder), *_siblings(tree, folder, services), *_named(tree, folder)))


def shared_folders(tree: Tree, services: Sequence[str], taken: Collection[str]) -> tuple[Found, ...]:
    """Return the folders beside services whose names say that they are shared, and that no service takes by its pom."""
    beside = {posixpath.dirname(path) for path in services}
    found = [
        posixpath.join(place, name)
        for place in sorted(beside)
        for name in sorted(SHARED_NAMES)
        if posixpath.join(place, name) in tree.folders
    ]
    return tuple(
        Found(f"{folder}/**", "by its name alone: take the line out if nothing reads it")
        for folder in found
        if folder not in services and f"{folder}/**" not in taken
    )


def _each_once(found: Sequence[Found]) -> tuple[Found, ...]:
    """Each pattern once, with the first reason."""
    return tuple({one.value: one for one in reversed(found)}.values())[::-1]


def _parents(tree: Tree, folder: str) -> Iterator[Found]:
    """The poms that a service's pom inherits from, as far as they lie in the repository."""
    heirs = tuple(path for path, _ in tree.lineage(folder))
    yield from (Found(path, f"the parent of {heir}") for heir, path in pairwise(heirs))


def _siblings(tree: Tree, folder: str, services: Sequence[str]) -> Iterator[Found]:
    """The modules of the repository that a service depends on, and those that they depend on."""
    by_artifact = {pom.artifact: place for place in tree.pom_folders if (pom := tree.pom(place)) and pom.artifact}
    waiting, seen = [folder], {folder}
    while waiting:
        here = waiting.pop()
        pom = tree.pom(here)
        for _, artifact, *_ in pom.dependencies if pom else ():
            place = by_artifact.get(artifact, "")
            if place and place not in seen and place not in services:
                seen.add(place)
                waiting.append(place)
                yield Found(f"{place}/**", f"{posixpath.join(here, POM_FILE)} depends on {artifact}")


def _named(tree: Tree, folder: str) -> Iterator[Found]:
    """The folders and files outside that a pom names by `../`, and not as its parent or module."""
    at = posixpath.join(folder, POM_FILE)
    parents = {posixpath.dirname(path) for path, _ in tree.lineage(folder)}
    for line, text in enumerate(tree.text(at).splitlines(), 1):
        for reference in PARENT_REFERENCE.findall(OF_THE_GRAPH.sub("", text)):
            path = posixpath.normpath(posixpath.join(folder, reference))
            if path in tree.folders and path not in parents:
                yield Found(f"{path}/**", f"{at}:{line}")
            elif path in tree and posixpath.basename(path) != POM_FILE:
                yield Found(path, f"{at}:{line}")

"""The modules of a checkout as it lies here, which need not be those of its commit."""

import os
from collections.abc import Iterable, Mapping

from erp_build.changes.modules.completed import completed
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import Graph
from erp_build.clients.git.attributes import blob_identifier
from erp_build.clients.git.checkout import place_of
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.git.sources.listing import listed_files
from erp_build.config.read_file import read_file
from erp_build.formats.maven.graph import MavenGraph, read_graph, renewed
from erp_build.formats.maven.settings import is_maven_file
from erp_build.model.source_file import SourceFile


class LyingPoms:
    """The graph of the files as they lie here.

    Args:
        graph: read from them.
    """

    def __init__(self, graph: MavenGraph) -> None:
        self.users_of, self.inputs_of, self.unclear = graph.users_of, graph.inputs_of, graph.unclear
        self._graph = graph

    def counts(self, path: str) -> bool:
        """Whether a file is a pom."""
        return is_maven_file(path) or path in self._graph


def graphs_of_checkout(repository: GitRepository, head: str, files: Iterable[SourceFile]) -> tuple[Graph, ...]:
    """The graph of a commit, and that of the files here where their poms differ from it.

    Without Git there are only the files.

    Args:
        repository: is read.
        head: the commit.
        files: all files of it.
    """
    if not repository.has_metadata():
        return (_read(repository, (file.path for file in files)),)
    committed = poms_of(repository).at(head)
    ids = {file.path: file.identifier for file in files if committed.counts(file.path)}
    there = _lying(repository, ids)
    changed: dict[str, bytes | None] = {path: None for path in ids if path not in there}
    changed |= {path: content for path, content in there.items() if blob_identifier(content, ids[path]) != ids[path]}
    # A module that somebody has named, and not committed.
    changed |= _lying(repository, [path for path in committed.wanted if path not in ids])
    if not changed:
        return (committed,)
    here = completed(renewed(committed.whole_graph, changed), lambda more: _lying(repository, more))
    return committed, LyingPoms(here)


def graphs_as_they_lie(repository: GitRepository) -> tuple[Graph, ...]:
    """The graph of the files as somebody sees them here; of a bare repository that of its commit."""
    head = repository.resolve("HEAD") if repository.has_metadata() else None
    if head and repository.is_bare():
        return (poms_of(repository).at(head),)
    return (_read(repository, listed_files(repository.root)),)


def _read(repository: GitRepository, paths: Iterable[str]) -> LyingPoms:
    """The graph of those of some files that it is read from."""
    graph = read_graph(_lying(repository, filter(is_maven_file, paths)))
    return LyingPoms(completed(graph, lambda more: _lying(repository, more)))


def _lying(repository: GitRepository, paths: Iterable[str]) -> Mapping[str, bytes]:
    """The contents of those of some files that lie here."""
    found = {}
    for path in paths:
        try:
            found[path] = read_file(os.fsdecode(place_of(repository.folder, path)))
        except OSError:
            continue
    return found

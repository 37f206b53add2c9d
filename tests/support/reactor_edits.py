"""Random edits of a generated reactor, and what the graph says of each beside what the reactor itself knows."""

from typing import NamedTuple

from erp_build.formats.maven.graph import MavenGraph, read_graph, renewed
from tests.support.reactor_poms import files_of
from tests.support.reactor_shapes import GeneratedReactor

EDITS = 30


class Judged(NamedTuple):
    """What an edit came to.

    Attributes:
        path: what was edited.
        users: how many modules it reaches for certain.
        missing: modules that it reaches, of which the graph does not know.
        superfluous: modules that the graph names, and that it does not reach for certain.
        unexplained: those of them that are not reached by way of a profile either.
    """

    path: str
    users: int
    missing: set[str]
    superfluous: set[str]
    unexplained: set[str]


def graph_files(reactor: GeneratedReactor) -> dict[str, bytes]:
    """The files of a reactor that the graph is read from."""
    return {path: content for path, content in files_of(reactor).items() if not path.endswith((".java", ".md"))}


def graph_of(files: dict[str, bytes]) -> MavenGraph:
    """The graph as a plan reads it: first each pom.xml, then what those name."""
    graph = read_graph({path: files[path] for path in files if path.endswith(("pom.xml", "maven.config"))})
    return renewed(graph, {path: files[path] for path in graph.wanted if path in files})


def judged_edits(seed: int, size: int = 200, edits: int = EDITS) -> list[Judged]:
    """Edit a reactor again and again, and judge what the graph says after each edit."""
    reactor = GeneratedReactor(seed, size)
    files = graph_files(reactor)
    graph = graph_of(files)
    found = []
    for _ in range(edits):
        path = reactor.edit()
        after = graph_files(reactor)
        if changed := {name: content for name, content in after.items() if files[name] != content}:
            graph = renewed(MavenGraph(graph.kept), changed)
            assert graph.kept[:-1] == read_graph(after).kept[:-1], f"seed {seed}: the renewed graph is another one"
        files = after
        found.append(_judged(reactor, graph, path))
    return found


def _judged(reactor: GeneratedReactor, graph: MavenGraph, path: str) -> Judged:
    certain, told = reactor.users(path), set(graph.users_of(path))
    return Judged(path, len(certain), certain - told, told - certain, told - reactor.users(path, doubtful=True))

"""Adds to a graph the poms of other names that its poms name."""

from collections.abc import Callable, Mapping

from erp_build.formats.maven.graph import MavenGraph, renewed


def completed(graph: MavenGraph, contents: Callable[[list[str]], Mapping[str, bytes]]) -> MavenGraph:
    """Return a graph with the files that its poms name as parents or modules, and that were not read yet.

    Args:
        graph: of the poms that are called pom.xml.
        contents: returns those of some files that there are, each with its content.
    """
    asked: set[str] = set()
    while new := [path for path in graph.wanted if path not in asked]:
        asked.update(new)
        if found := contents(new):
            graph = renewed(graph, found)
    return graph

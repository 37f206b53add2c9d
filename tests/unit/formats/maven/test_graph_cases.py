"""Poms as they are found in real repositories, and what each module of them takes (tests/cases/maven_graphs)."""

from typing import Any

import pytest

from erp_build.formats.maven.graph import MavenGraph, ModuleInput, read_graph, renewed
from tests.support.cases import cases


def graph_of(case: Any) -> MavenGraph:
    return read_graph({path: "\n".join(lines).encode() for path, lines in case["files"].items()})


def told(one: ModuleInput) -> str:
    """An input as the cases write it."""
    without = f" without {', '.join(one.without)}" if one.without else ""
    return f"{one.kind}: {one.path}{'/' * one.is_folder}{without} ({' -> '.join(one.way)})"


@pytest.mark.parametrize("case", cases("maven_graphs"))
def test_a_module_takes_what_maven_builds_it_from(case: Any) -> None:
    graph = graph_of(case)

    for folder, inputs in case["inputs"].items():
        assert sorted(map(told, graph.inputs_of(folder))) == sorted(inputs), folder


@pytest.mark.parametrize("case", cases("maven_graphs"))
def test_the_rest_of_the_graph_is_as_the_case_says(case: Any) -> None:
    graph = graph_of(case)

    assert {pom: graph.unclear[pom] for pom in graph.unclear} == {
        pom: graph.unclear.get(pom, "") for pom in case.get("unclear", {})
    }
    for pom, why in case.get("unclear", {}).items():
        assert why in graph.unclear[pom]
    for folder, root in case.get("roots", {}).items():
        assert graph.root_of(folder) == root, folder
    for folder, needed in case.get("needed", {}).items():
        assert sorted(graph.needed_by(folder)) == sorted(needed), folder
    for path, users in case.get("users", {}).items():
        assert sorted(graph.users_of(path)) == users, path
    for folder, coordinates in case.get("coordinates", {}).items():
        assert graph.coordinates_of(folder) == tuple(coordinates), folder
    assert list(graph.wanted) == case.get("wanted", list(graph.wanted))


@pytest.mark.parametrize("case", cases("maven_graphs"))
def test_the_users_of_a_file_are_the_modules_that_have_it_as_an_input(case: Any) -> None:
    graph = graph_of(case)
    poms = [path for path in case["files"] if path.endswith(".xml") and ".mvn" not in path]
    folders = {path.rpartition("/")[0] for path in (*poms, *graph.unclear)}

    for at in folders:
        around = {folder for folder in folders if f"{at}/".startswith(f"{folder}/".lstrip("/"))}
        for path in (f"{at}/pom.xml".lstrip("/"), f"{at}/src/A.java".lstrip("/")):
            takers = {folder for folder in folders if any(_takes(one, path) for one in graph.inputs_of(folder))}
            assert takers - around == set(graph.users_of(path)) - around, path


def _takes(one: ModuleInput, path: str) -> bool:
    inside = any(path.startswith(f"{folder}/") for folder in one.without)
    return path == one.path or (one.is_folder and f"{path}/".startswith(f"{one.path}/".lstrip("/")) and not inside)


@pytest.mark.parametrize("case", cases("maven_graphs"))
def test_a_graph_that_comes_file_by_file_is_the_same(case: Any) -> None:
    whole = graph_of(case)
    graph = read_graph({})
    for path, lines in case["files"].items():
        graph = renewed(graph, {path: "\n".join(lines).encode()})

    for folder in case["inputs"]:
        assert graph.inputs_of(folder) == whole.inputs_of(folder)

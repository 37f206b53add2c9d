"""The graph of generated reactors is the one that their generator knows, before and after edits.

A sample; `make faults` plays many more (tests/support/every_reactor.py), and Maven confirms the generator's edges in
tests/contract/maven.
"""

import marshal

import pytest

from erp_build.formats.maven.graph import MavenGraph, ModuleInput, renewed
from tests.support.every_reactor import REACTORS
from tests.support.reactor_edits import graph_files, graph_of, judged_edits
from tests.support.reactor_poms import SPELLINGS
from tests.support.reactor_shapes import GeneratedReactor
from tests.support.reactors import OTHER_VERSION

MAX_SUPERFLUOUS = 0.1
"""Share of modules that are named because of a profile that nobody may use."""


def test_the_reactors_hold_what_real_ones_do() -> None:
    reactors = [GeneratedReactor(seed) for seed in range(REACTORS)]
    modules = [module for reactor in reactors for module in reactor.modules]
    uses = [use for module in modules for use in module.uses]

    assert {len(reactor.roots) for reactor in reactors} == {1, 2, 3}
    assert all(190 <= len(reactor.modules) <= 200 for reactor in reactors)
    assert {use.kind for use in uses} == {
        *("dependency", "test dependency", "test jar", "pom", "BOM", "plugin", "plugin dependency", "processor")
    }
    layers = {(module.artifact[:4], use.target.artifact[:4]) for module in modules for use in module.uses}
    assert {("lib1", "lib0"), ("lib2", "lib1"), ("lib2", "lib0"), ("serv", "lib2")} <= layers
    assert {None, "..", "../", "../pom.xml"} < {module.parent_path for module in modules}
    assert {module.spelling for module in modules} == set(SPELLINGS)
    assert {module.file for module in modules} == {"pom.xml", "pom-lib.xml"}
    assert {(use.counts, use.is_doubtful) for use in uses} == {(True, False), (True, True), (False, False)}
    assert {"", "[1,2)", "${project.version}", OTHER_VERSION} < {use.version for use in uses}
    assert any(reactor.settings for reactor in reactors)
    assert {module.group == use.target.group for module in modules for use in module.uses} == {True, False}


@pytest.mark.parametrize(("seed", "size"), [*((seed, 60) for seed in range(8)), (100, 200)])
def test_an_edit_reaches_every_user_and_few_others(seed: int, size: int) -> None:
    judged = judged_edits(seed, size)

    assert [one for one in judged if one.missing or one.unexplained] == []
    assert sum(len(one.superfluous) for one in judged) <= MAX_SUPERFLUOUS * sum(one.users for one in judged)
    assert len({one.path for one in judged}) > 10


@pytest.mark.parametrize("seed", range(4))
def test_the_inputs_of_each_module_are_what_changes_reach_it(seed: int) -> None:
    reactor = GeneratedReactor(seed, 60)
    graph = graph_of(graph_files(reactor))
    inputs = {module.folder: graph.inputs_of(module.folder) for module in reactor.modules}

    assert not graph.unclear
    for path in (place for module in reactor.modules for place in (module.pom, module.source)):
        takers = {folder for folder, found in inputs.items() if any(takes(one, path) for one in found)}
        assert takers - {folder_at(reactor, path)} == set(graph.users_of(path)) - {folder_at(reactor, path)}


@pytest.mark.parametrize("seed", range(4))
def test_every_module_is_reached_from_its_root(seed: int) -> None:
    reactor = GeneratedReactor(seed, 60)
    graph = graph_of(graph_files(reactor))

    for module in reactor.modules:
        root = reactor.root_of(module)
        assert graph.root_of(module.folder) == (None if root is module else root.folder)


def test_a_kept_graph_is_the_same_graph() -> None:
    graph = graph_of(graph_files(GeneratedReactor(3, 60)))

    kept = MavenGraph(marshal.loads(marshal.dumps(graph.kept)))  # noqa: S302 - dumped here

    assert kept.kept == graph.kept
    assert renewed(kept, {}).kept == graph.kept
    assert all(kept.inputs_of(folder) == graph.inputs_of(folder) for folder in ("", "bom", "services-parent"))


def test_a_graph_of_another_version_is_not_read() -> None:
    with pytest.raises(ValueError, match="another version"):
        renewed((0, {}, {}, (), {}, b""), {})


def takes(one: ModuleInput, path: str) -> bool:
    """Whether an input holds a file."""
    start = f"{one.path}/" if one.path else ""
    inside = any(path.startswith(f"{folder}/") for folder in one.without)
    return path == one.path or (one.is_folder and path.startswith(start) and not inside)


def folder_at(reactor: GeneratedReactor, path: str) -> str:
    """The folder of the module that a file belongs to."""
    return next(module.folder for module in reactor.modules if path in (module.pom, module.source))

"""Detection equals the slow and obvious way for random trees and edits, with real Git."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_build.changes.detect import detect_changes
from erp_build.changes.replay import replay
from erp_build.changes.rules import Rules, ignore_of
from erp_build.clients.git.repository import GitRepository
from erp_build.model.change import Baseline
from erp_build.model.project import Chart, Function, Project, Service
from tests.support import oracle
from tests.support.git import Checkout
from tests.support.trees import DECOMPOSED, KOREAN, Files, commit_trees, histories

EXAMPLES = 500
PATHS = [
    "backend/a",
    "backend/a/inner",
    "backend/a-v2",
    "backend/A",
    "backend",
    "a",
    f"backend/{KOREAN}",
    f"backend/{DECOMPOSED}",
    "backend/two words",
]
INPUTS = ["proto/**", "common/**", "proto/v1/**", "build.xml", "*.md", "**/build.xml", f"{DECOMPOSED}", "common/*"]


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Services beside, inside and on top of each other, with inputs of their own and shared ones."""
    paths = draw(st.lists(st.sampled_from(PATHS), max_size=4))
    inputs = st.lists(st.sampled_from(INPUTS), max_size=2, unique=True).map(tuple)
    services = tuple(
        Service(name=f"s{place}", path=path, repository="r", values_key="k", inputs=draw(inputs))
        for place, path in enumerate(paths)
    )
    function = Function(name="f", path="backend/a", repository="r", function="f", inputs=draw(inputs))
    return Project(
        services=services,
        functions=(function,) if draw(st.booleans()) else (),
        shared=draw(inputs),
        ignore=draw(st.lists(st.sampled_from(["*.md", "docs/"]), max_size=2).map(tuple)),
        chart=Chart(path=draw(st.sampled_from(["helm-chart", "backend/a/inner"]))),
        config_path=draw(st.sampled_from(["erp-build.toml", "", "docs/erp-build.toml"])),
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One repository, in which every example has its own commits."""
    return Checkout.create(tmp_path_factory.mktemp("property")).root


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(trees=histories(), project=projects())
def test_detection_is_what_a_comparison_of_all_files_says(
    repository: Path, trees: list[Files], project: Project
) -> None:
    commits = commit_trees(repository, trees)
    listed = {commit: oracle.tree_of(repository, commit) for commit in commits}
    git = GitRepository(repository)

    pairs = [(base, head) for base in commits for head in commits]
    rules = Rules(project, ignore_of(project))
    for item in replay(git, project, rules, pairs):
        paths = oracle.differing(listed[item.base], listed[item.head])
        assert set(map(_bytes, item.paths)) == paths
        assert set(item.changed) == set(oracle.changed(project, paths))

    base, head = commits[0], commits[-1]
    found = detect_changes(git, project, _baselines(project, base), head)
    paths = oracle.differing(listed[base], listed[head])
    assert _changed(found.changes) == oracle.changed(project, paths)
    assert set(map(_bytes, found.unowned)) == oracle.unowned(project, paths)
    assert found.removed == oracle.removed(project, listed[base], listed[head])


def _baselines(project: Project, base: str) -> tuple[Baseline, ...]:
    return tuple(Baseline(target=target.name, commit=base, source="argument") for target in project.targets)


def _changed(changes: Mapping[str, tuple[object, ...]]) -> dict[str, set[bytes]]:
    return {name: {_bytes(getattr(item, "path", "")) for item in found} for name, found in changes.items() if found}


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")

"""Which spellings name one path: every caller is held to the cases of `tests/cases/path_spellings.json`."""

from typing import Any

import pytest

from erp_build.changes.detect import detect_changes
from erp_build.changes.rules import Rules, ignore_of
from erp_build.cli.fast_path.compiled_project import ProjectIndex, compile_project
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import parse_project
from erp_build.formats.patterns import composed, spellings
from erp_build.model.change import Baseline
from erp_build.model.project import Project, Service
from tests.support.cases import table
from tests.support.git import Checkout

CASES = pytest.mark.parametrize("case", table("path_spellings"))


@pytest.fixture
def project(case: dict[str, Any]) -> Project:
    """A project with one service, whose directory is spelled one way."""
    return parse_project(f'[[service]]\nname = "s"\npath = "{case["one"]}"\n')


@CASES
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert (composed(case["one"]) == composed(case["other"])) == case["same"]
    assert (case["other"] in spellings(case["one"])) == case["same"]


@CASES
def test_a_rule_owns_what_its_directory_or_pattern_names(case: dict[str, Any], project: Project) -> None:
    path = case["other"] + "/x"
    assert ("s" in Rules(project).owners(path)) == case["same"]
    elsewhere = Project(services=(Service(name="s", path="e", repository="r", values_key="k"),))
    for pattern in (f"{case['one']}/**", f"{case['one']}/?", f"{case['one']}/x"):
        assert ("s" in Rules(elsewhere._replace(shared=(pattern,))).owners(path)) == case["same"]


@CASES
def test_what_is_ignored_is_ignored_in_each_spelling(case: dict[str, Any]) -> None:
    ignored = ignore_of(Project(ignore=(case["one"],)))
    assert ignored is not None
    assert ignored(case["other"]) == case["same"]


@CASES
def test_a_plan_reads_the_target_that_a_changed_path_belongs_to(case: dict[str, Any], project: Project) -> None:
    narrowed = ProjectIndex(compile_project(project)).narrowed([case["other"] + "/x"])
    assert bool(narrowed.services) == case["same"]


@CASES
def test_a_directory_is_there_in_each_spelling(case: dict[str, Any], project: Project, erp: Checkout) -> None:
    base = erp.commit({case["other"] + "/x": "1", case["other"] + "/y": "1"})
    erp.git("rm", "--quiet", case["other"] + "/x")
    head = erp.commit()
    baselines = (Baseline(target="s", commit=base, source="argument"),)
    found = detect_changes(GitRepository(erp.root), project, baselines, head)
    assert bool(found.changes["s"]) == case["same"]
    assert not found.removed

"""Recorded diffs: `tests/cases/diffs/*.json`, described in the README beside them."""

from typing import Any

import pytest

from erp_build.changes.make_plan import make_plan
from erp_build.changes.rules import Rules, attribute
from erp_build.config.load import default_project, parse_project
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.plan import LiveState
from tests.support.cases import cases
from tests.support.samples import BASE, HEAD


@pytest.mark.parametrize("case", cases("diffs"))
def test_a_recorded_diff_changes_its_targets(case: dict[str, Any]) -> None:
    project = parse_project(case["project"]) if "project" in case else default_project()
    found, unowned = attribute(Rules(project), case["changed"])
    assert set(found) == set(case["targets"])
    assert set(unowned) == set(case["unowned"])


@pytest.mark.parametrize("case", cases("diffs"))
def test_a_recorded_diff_has_its_actions(case: dict[str, Any]) -> None:
    project = parse_project(case["project"]) if "project" in case else default_project()
    found, _ = attribute(Rules(project), case["changed"])
    baselines = tuple(Baseline(target=target.name, commit=BASE, source="deployed") for target in project.targets)
    plan = make_plan(project, ChangeSet(head=HEAD, baselines=baselines, changes=found), LiveState())
    assert {step.target.name: step.action for step in plan.steps if step.action != "none"} == case["actions"]

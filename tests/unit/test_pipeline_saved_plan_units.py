"""A saved plan of several units: each is held to its own part, a function apart too; one that moved holds nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from erp_build.cli.saved_plan import load_plan
from erp_build.cli.verbs import plan as plan_verb
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.site import Site
from erp_build.deployment.frozen.approval import EXECUTION
from erp_build.errors import PartlyDeployed, PlanMoved
from erp_build.formats.frozen_plan import SealedPlan
from erp_build.model.codepipeline import Approval
from erp_build.model.project import DeployPolicy, Project
from erp_build.run_options import Options
from tests.fakes.registry import HOST
from tests.fakes.several import PAYROLL, SeveralReleases, several_releases
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY
from tests.support.samples import EMPLOYEE
from tests.support.saved_plans import saved_by

UNITS = [(EMPLOYEE, "function"), ("a", "release"), (PAYROLL.name, "function"), ("b", "release")]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> SeveralReleases:
    """Two releases and two functions that were deployed, made once."""
    return several_releases(tmp_path_factory.mktemp("units") / "world", ("a", "b"), "apart")


@pytest.fixture
def changed(template: SeveralReleases, tmp_path: Path) -> SeveralReleases:
    """Two releases and two functions, each of which has changed since its deployment."""
    copy = template.copy_to(tmp_path / "world")
    assert isinstance(copy, SeveralReleases)
    copy.change(EMPLOYEE, PAYROLL.name, "service-a", "service-b")
    return copy


class PlanConsole:
    """A console whose site is a world in memory."""

    def __init__(self, world: SeveralReleases) -> None:
        self._world, self.secrets = world, world.secrets
        self.complaints: list[str] = []

    @contextmanager
    def site(self, project: Project) -> Iterator[Site]:
        assert project is self._world.project
        yield self._world.site()

    def complain(self, text: str) -> None:
        self.complaints.append(text)


def planned(world: SeveralReleases, file: Path, *only: str) -> SealedPlan:
    """What `plan --live --save` writes."""
    options = plan_verb.Options()
    options.live, options.save, options.only = True, str(file), list(only)
    console: Any = PlanConsole(world)
    plan_verb._plan_live(console, world.project, GitRepository(world.root), options)
    assert console.complaints
    return load_plan(file, {})


def units(saved: SealedPlan) -> list[tuple[str, str]]:
    return [(unit.name, unit.kind) for unit in saved.plan.units]


def codes(world: SeveralReleases) -> dict[str, int]:
    return {unit.name: unit.error.code for unit in world.report.units if unit.error}


def why(world: SeveralReleases, name: str) -> str:
    """Why a unit was refused."""
    return next(f"{unit.error.why}" for unit in world.report.units if unit.name == name and unit.error)


def test_the_plan_has_a_part_for_each_unit_and_is_done_to_the_letter(changed: SeveralReleases, tmp_path: Path) -> None:
    before = changed.digests()
    saved = saved_by(changed, tmp_path)
    assert changed.digests() == before
    assert units(saved) == UNITS
    assert [unit.revision is None for unit in saved.plan.units] == [True, False, True, False]
    # Each release writes its values file into the checkout; what follows it is not refused for that.
    changed.run(Options(saved=saved))
    assert changed.report.outcome == "deployed"
    assert "build_image" not in changed.verbs()
    images = {target.name: target.image for unit in saved.plan.units for target in unit.targets if target.image}
    assert images.keys() == {EMPLOYEE, PAYROLL.name, "service-a", "service-b"}
    assert {proof.target: proof.running for proof in changed.report.proofs} == images
    entries = [changed.ledger(place)[-1] for place in (FUNCTION, "release-a", PAYROLL.function, "release-b")]
    assert {entry.approved for entry in entries} == {f"plan {saved.digest[:19]}"}


def test_who_approved_is_asked_once_and_stands_in_each_ledger(changed: SeveralReleases, tmp_path: Path) -> None:
    saved, asked = saved_by(changed, tmp_path), []

    def given(pipeline: str, execution: str) -> tuple[Approval, ...]:
        asked.append((pipeline, execution))
        return (Approval(action="Approve", by="kim", at="now"),)

    changed.approvals.given = given  # type: ignore[method-assign]
    changed.run(Options(saved=saved, variables={"CODEBUILD_INITIATOR": "codepipeline/erp", EXECUTION: "0a1b"}))
    assert asked == [("erp", "0a1b")]
    for place in (FUNCTION, "release-a", PAYROLL.function, "release-b"):
        assert changed.ledger(place)[-1].approved.endswith("approved by kim at now")


def test_a_function_that_has_moved_is_refused_and_holds_nobody(changed: SeveralReleases, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    digest = changed.registry.push(FUNCTION_REPOSITORY, "by-hand", "c" * 40)
    changed.functions.create(FUNCTION, f"{HOST}/{FUNCTION_REPOSITORY}:by-hand", digest)
    before = changed.digests()
    with pytest.raises(PartlyDeployed, match="1 of 4 releases and functions"):
        changed.run(Options(saved=saved))
    assert codes(changed) == {EMPLOYEE: 13}
    assert f"what runs of {EMPLOYEE}: " in why(changed, EMPLOYEE)
    moved = {name for name, one in changed.digests().items() if before.get(name) != one}
    assert moved == {"service-a", "service-b", PAYROLL.function}


def test_a_file_that_is_not_committed_refuses_all_of_them(changed: SeveralReleases, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    changed.uncommitted = {"backend/service-b/src/App.java": "class App { int other; }"}
    with pytest.raises(PlanMoved, match="does not hold any more") as caught:
        changed.run(Options(saved=saved))
    assert "tree: not committed: backend/service-b/src/App.java" in caught.value.why
    assert codes(changed) == {name: 13 for name, _ in UNITS}
    assert changed.moved() == set()


@pytest.mark.parametrize("is_apart", [True, False])
def test_a_plan_does_not_hold_where_other_units_are_made_by_now(
    changed: SeveralReleases, tmp_path: Path, *, is_apart: bool
) -> None:
    apart, together = changed.project, changed.project._replace(deploy=DeployPolicy())
    changed.project = apart if is_apart else together
    saved = saved_by(changed, tmp_path)
    changed.project = together if is_apart else apart
    with pytest.raises(PlanMoved, match="does not hold any more"):
        changed.run(Options(saved=saved))
    assert set(codes(changed).values()) == {13}
    if is_apart:
        assert f"unit: {EMPLOYEE} is not in the project any more" in why(changed, "a")
    else:
        assert "settings of erp-build.toml: " in why(changed, "a")
        assert why(changed, EMPLOYEE).startswith(f"unit: {EMPLOYEE} was not in the plan")
    assert changed.moved() == set()


def test_a_unit_that_the_project_has_no_more_is_not_left_out_without_a_word(
    changed: SeveralReleases, tmp_path: Path
) -> None:
    saved = saved_by(changed, tmp_path)
    fewer = tuple(one for one in changed.project.functions if one.name != PAYROLL.name)
    changed.project = changed.project._replace(functions=fewer)
    with pytest.raises(PlanMoved, match="does not hold any more"):
        changed.run(Options(saved=saved))
    assert f"unit: {PAYROLL.name} is not in the project any more" in why(changed, EMPLOYEE)
    assert changed.moved() == set()


def test_a_plan_before_anything_is_built_has_the_same_parts(changed: SeveralReleases, tmp_path: Path) -> None:
    saved = planned(changed, tmp_path / "plan.json")
    assert saved.plan.stage == "planned"
    assert units(saved) == UNITS
    changed.run(Options(saved=saved))
    assert changed.report.outcome == "deployed"
    assert changed.verbs().count("build_image") == len(UNITS)


def test_a_plan_of_a_part_has_the_units_of_that_part(changed: SeveralReleases, tmp_path: Path) -> None:
    saved = planned(changed, tmp_path / "plan.json", EMPLOYEE)
    assert units(saved) == [(EMPLOYEE, "function")]
    assert saved.plan.choice.only == (EMPLOYEE,)
    before = changed.digests()
    changed.run(Options(saved=saved, only=saved.plan.choice.only))
    assert {name for name, one in changed.digests().items() if before.get(name) != one} == {FUNCTION}

"""The examples of the library: each is run, over a repository or over a whole world in memory."""

import re
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import erp_build
from erp_build import errors
from erp_build.clients.clock import SimulatedClock
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.assembly import assembly
from tests.support.git import Checkout
from tests.support.samples import EMPLOYEE, NOTIFICATION

EXAMPLES = Path(__file__).parents[2] / "examples" / "library"
MOST_LINES = 10
FRIDAY = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
"""Half past five in Seoul."""


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_a_plan_names_the_services_that_a_branch_changes(erp: Checkout) -> None:
    erp.commit({f"backend/{NOTIFICATION}/new": "x"})
    assert example("plan_a_branch")["changed_services"](erp.root, "HEAD~1") == [NOTIFICATION]
    assert example("plan_a_branch")["changed_services"](erp.root, "HEAD") == []


def test_a_stage_of_ones_own_ends_a_run_before_anything_moves(world: FakeWorld) -> None:
    world.pipeline = example("add_a_stage")["PIPELINE"]
    world.clock = SimulatedClock(FRIDAY)
    world.change(NOTIFICATION)
    with pytest.raises(errors.ConfigurationError, match="Friday evening"):
        world.run()
    assert world.moved() == set()
    assert "push" in world.verbs()
    assert [(stage.name, stage.status) for stage in world.report.stages][-1] == ("refuse friday evenings", "failed")


def test_a_stage_of_ones_own_lets_other_days_pass(world: FakeWorld) -> None:
    world.pipeline = example("add_a_stage")["PIPELINE"]
    world.change(NOTIFICATION)
    names = [stage.name for stage in world.run().stages]
    assert names.index("refuse friday evenings") == names.index("deploy") - 1


def test_a_stage_in_place_of_ours_decides_and_keeps_its_name(world: FakeWorld) -> None:
    world.pipeline = example("replace_a_stage")["PIPELINE"]
    world.registry.answers(FUNCTION_REPOSITORY, scan(HIGH=1))
    world.change(EMPLOYEE)
    with pytest.raises(errors.GateBlocked, match="1 of 1 images over the policy"):
        world.run()
    assert world.moved() == set()
    assert "judge images" in [stage.name for stage in world.report.stages]


def test_a_stage_in_place_of_ours_may_leave_the_rest_as_it_was(world: FakeWorld) -> None:
    world.pipeline = example("replace_a_stage")["PIPELINE"]
    world.registry.answers(f"erp/{NOTIFICATION}", scan(HIGH=1))
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"


def test_what_a_stage_has_made_can_be_noted(world: FakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world.pipeline = example("watch_a_stage")["PIPELINE"]
    world.change(NOTIFICATION)
    report = world.run()
    noted = (tmp_path / "erp-build-report" / "cleared.txt").read_text(encoding="utf-8").splitlines()
    assert noted == [f"{one.image.repository}@{one.image.digest}" for one in report.cleared]
    assert len(noted) == 1


def test_a_packager_of_ones_own_makes_what_the_dockerfile_takes(erp: Checkout, tmp_path: Path) -> None:
    gradle = example("package_with_gradle")["Gradle"]()
    text = f'[[service]]\npath = "backend/{NOTIFICATION}"\npackage = "gradle"\n'
    erp.commit(
        {"erp-build.toml": text, f"backend/{NOTIFICATION}/gradlew": "mkdir -p build/libs; echo jar > build/libs/a.jar"}
    )
    project = erp_build.load_project(erp.root, packagers=[gradle])
    made: list[str] = []
    assembly(erp.root, tmp_path, packagers=[gradle]).package(project.services, lambda name, _: made.append(name))
    assert made == [NOTIFICATION]
    assert (erp.root / f"backend/{NOTIFICATION}/build/libs/a.jar").is_file()
    base = erp.head()
    erp.commit({"settings.gradle": "x"})
    found = erp_build.plan(project, erp_build.GitRepository(erp.root), base=base)
    assert [step.target.name for step in found.builds] == [NOTIFICATION]


def test_a_packager_of_ones_own_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(errors.BuildFailed, match="no wrapper of Gradle"):
        example("package_with_gradle")["Gradle"]().require_packable(tmp_path)


@pytest.mark.parametrize("name", ["add_a_stage", "package_with_gradle", "replace_a_stage", "watch_a_stage"])
def test_a_stage_takes_about_ten_lines(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    code = text.partition('"""\n')[2] if text.startswith('"""\n') else text.partition("\n\n")[2]
    body = [line for line in code.splitlines() if line.strip() and not line.startswith(("from ", "import ", "if __"))]
    assert len([line for line in body if '"""' not in line]) <= MOST_LINES


def test_every_public_name_is_on_the_page() -> None:
    page = (EXAMPLES.parents[1] / "docs" / "library.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. auto(?:class|function):: erp_build\.(\w+)$", page, flags=re.MULTILINE)
    assert sorted(named) == sorted(erp_build.__all__)

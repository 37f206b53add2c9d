"""The run with `--rebuild` and no name: what a base that has moved, or a fix of a finding, builds anew, and why."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.content_key import with_surroundings
from erp_build.changes.rebuilds.reasons import named_again
from erp_build.errors import GateBlocked, GateInconclusive
from erp_build.model.plan import Step
from erp_build.model.project import GatePolicy
from erp_build.run_options import Options
from tests.fakes.registry import error
from tests.fakes.several import several_releases
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST
from tests.support.saved_plans import saved_by

REPOSITORY = f"erp/{NOTIFICATION}"
BASE, BUILDER = "eclipse-temurin:17-jre", "maven:3-eclipse-temurin-17"
OLD, NEW = "sha256:" + "b" * 64, "sha256:" + "c" * 64
DOCKERFILE = "backend/notification-service/Dockerfile"
STALE = Options(stale=True)


@pytest.fixture
def based(world: FakeWorld) -> FakeWorld:
    """The notification service was built on a base whose registry says its digest, and everything runs."""
    world.assembly.bases[BASE] = OLD
    world.commit({DOCKERFILE: f"FROM {BASE}\n"})
    world.run()
    return world


def rules_of(world: FakeWorld, name: str = NOTIFICATION) -> list[str]:
    return [reason.rule for reason in step_of(world, name).because]


def step_of(world: FakeWorld, name: str = NOTIFICATION) -> Step:
    assert world.report.plan is not None
    return next(step for step in world.report.plan.steps if step.target.name == name)


def warnings_of(world: FakeWorld) -> list[str]:
    assert world.report.plan is not None
    return [text for text in world.report.plan.warnings if text.startswith("--rebuild: ")]


def enhanced(now: datetime, severity: str = "CRITICAL", fixed_in: str = "3.0.15") -> dict[str, Any]:
    """An answer of continuous scanning with one finding."""
    package = {"name": "libssl3", "version": "3.0.13", **({"fixedInVersion": fixed_in} if fixed_in else {})}
    finding = {
        "severity": severity,
        "status": "ACTIVE",
        "fixAvailable": "YES" if fixed_in else "NO",
        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2026-1", "vulnerablePackages": [package]},
    }
    found = {"imageScanCompletedAt": now, "enhancedFindings": [finding]}
    return {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": found}


def found_in_what_runs(world: FakeWorld, answer: dict[str, Any]) -> None:
    """A finding that came after the deployment; what is built from now on does not have it."""
    world.registry.answers(world.cluster.digest(NOTIFICATION), answer)


def test_a_base_that_has_moved_builds_those_on_it_and_says_from_where_to_where(based: FakeWorld) -> None:
    before = {name: based.cluster.digest(name) for name in (REQUEST, PROCESSING, NOTIFICATION)}
    based.assembly.bases[BASE] = NEW
    based.run(STALE)
    assert based.actions() == {NOTIFICATION: "build"}
    assert rules_of(based) == [f"--rebuild: base {BASE} moved from {OLD[:19]} to {NEW[:19]}"]
    after = {name: based.cluster.digest(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {NOTIFICATION}
    assert step_of(based).bases == ((BASE, NEW),)
    # The pods of a tag that stays would not be replaced.
    assert based.cluster.running()[NOTIFICATION].endswith("-2")


def test_what_was_rebuilt_is_up_to_date_and_a_second_run_says_what_it_looked_at(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    based.run(STALE)
    assert based.run(STALE).outcome == "nothing"
    (said,) = [text for text in warnings_of(based) if "nothing to rebuild" in text]
    assert f"of 4 unchanged targets no base image has moved ({BASE})" in said
    assert "none of their 4 images that run has a finding over the policy with a fix" in said


def test_an_image_on_the_base_of_now_that_is_there_already_is_as_good_as_a_build(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    based.build(NOTIFICATION)
    report = based.run(STALE)
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert rules_of(based)[0].startswith(f"--rebuild: base {BASE} moved")
    assert report.outcome == "deployed"


def test_the_base_of_an_earlier_stage_counts_too(world: FakeWorld) -> None:
    world.assembly.bases |= {BUILDER: OLD, BASE: OLD}
    world.commit({DOCKERFILE: f"FROM {BUILDER} AS build\nFROM {BASE}\nCOPY --from=build /a /a\n"})
    world.run()
    world.assembly.bases[BUILDER] = NEW
    world.run(STALE)
    assert world.actions() == {NOTIFICATION: "build"}
    # The image names its last base alone.
    assert rules_of(world) == [f"--rebuild: base {BUILDER} moved to {NEW[:19]}"]


def test_another_jdk_on_this_machine_is_no_base_that_moves(based: FakeWorld) -> None:
    based.assembly.jdk = 21
    assert based.run(STALE).outcome == "nothing"


def test_a_base_that_is_named_by_its_digest_does_not_move(world: FakeWorld) -> None:
    world.commit({DOCKERFILE: f"FROM {BASE}@{OLD}\n"})
    world.run()
    assert world.run(STALE).outcome == "nothing"


def test_a_finding_with_a_fix_builds_anew_also_on_the_same_base(based: FakeWorld) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    found_in_what_runs(based, enhanced(based.clock.now()))
    based.run(STALE)
    assert based.actions() == {NOTIFICATION: "build"}
    assert rules_of(based) == ["--rebuild: CVE-2026-1 (libssl3), CRITICAL, fixed in 3.0.15"]
    assert based.cluster.digest(NOTIFICATION) != digest


def test_a_finding_without_a_fix_or_below_the_policy_builds_nothing_and_the_first_is_said(based: FakeWorld) -> None:
    found_in_what_runs(based, enhanced(based.clock.now(), fixed_in=""))
    assert based.run(STALE).outcome == "nothing"
    assert any("CVE-2026-1 over the policy, for which no fix is known" in text for text in warnings_of(based))
    found_in_what_runs(based, enhanced(based.clock.now(), severity="LOW"))
    assert based.run(STALE).outcome == "nothing"
    assert not any("CVE-2026-1" in text for text in warnings_of(based))


def test_that_a_finding_runs_already_is_no_excuse(based: FakeWorld) -> None:
    based.project = based.project._replace(gate=GatePolicy(new_only=True))
    found_in_what_runs(based, enhanced(based.clock.now()))
    based.run(STALE)
    assert based.actions() == {NOTIFICATION: "build"}


def test_a_function_is_rebuilt_as_well(based: FakeWorld) -> None:
    digest = next(iter(based.functions.states.values())).digest
    based.registry.answers(digest, enhanced(based.clock.now()))
    based.run(STALE)
    assert based.actions() == {EMPLOYEE: "build"}
    assert next(iter(based.functions.states.values())).digest != digest
    assert FUNCTION_REPOSITORY in based.registry.repositories


def test_what_has_changed_is_built_for_that_alone(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    based.change(NOTIFICATION)
    based.run(STALE)
    assert based.actions() == {NOTIFICATION: "build"}
    assert not any("--rebuild" in rule for rule in rules_of(based))


def test_only_what_was_chosen_is_rebuilt(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    assert based.run(Options(stale=True, only=(REQUEST,))).outcome == "nothing"


def test_a_doubt_is_not_that_there_is_nothing(based: FakeWorld) -> None:
    based.assembly.bases.clear()
    with pytest.raises(GateInconclusive, match="nobody knows whether something is to be rebuilt") as caught:
        based.run(STALE)
    assert f"the digest of {BASE} cannot be asked" in caught.value.why
    assert "run --rebuild NAME" in caught.value.next_step


def test_a_missing_right_is_named(based: FakeWorld) -> None:
    denied = error("AccessDeniedException", "not authorized to perform: ecr:DescribeImageScanFindings")
    based.registry.answers(REPOSITORY, denied)
    with pytest.raises(GateInconclusive, match="nobody knows whether") as caught:
        based.run(STALE)
    assert "ecr:DescribeImageScanFindings" in caught.value.why


def test_a_doubt_beside_something_to_do_is_said(based: FakeWorld) -> None:
    based.assembly.bases.clear()
    found_in_what_runs(based, enhanced(based.clock.now()))
    based.run(STALE)
    assert based.actions() == {NOTIFICATION: "build"}
    assert any(f"the digest of {BASE} cannot be asked" in text for text in warnings_of(based))


def test_an_image_that_does_not_say_on_what_it_was_built_is_a_doubt(based: FakeWorld) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    based.registry.bases.clear()
    based.registry.keys[digest] = based.registry.keys[digest].partition("-")[0]
    with pytest.raises(GateInconclusive, match="nobody knows") as caught:
        based.run(STALE)
    assert f"the image of {NOTIFICATION} does not say on what it was built" in caught.value.why


def test_a_name_decides_and_what_is_found_is_its_reason(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    found_in_what_runs(based, enhanced(based.clock.now()))
    based.run(Options(rebuild=(NOTIFICATION, REQUEST)))
    assert based.actions() == {NOTIFICATION: "build", REQUEST: "build"}
    assert rules_of(based) == [
        "--rebuild",
        f"--rebuild: base {BASE} moved from {OLD[:19]} to {NEW[:19]}",
        "--rebuild: CVE-2026-1 (libssl3), CRITICAL, fixed in 3.0.15",
    ]
    assert rules_of(based, REQUEST) == ["--rebuild"]


def test_a_name_needs_no_answer(based: FakeWorld) -> None:
    based.assembly.bases.clear()
    based.registry.answers(based.cluster.digest(NOTIFICATION), error("AccessDeniedException"))
    based.run(Options(rebuild=(NOTIFICATION,)))
    assert based.actions() == {NOTIFICATION: "build"}


def test_where_nothing_runs_everything_is_built_as_without_the_option(new_world: FakeWorld) -> None:
    new_world.run(STALE)
    assert {new_world.actions()[name] for name in (REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE)} == {"build"}


def test_a_rehearsal_shows_it_and_changes_nothing(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    digest = based.cluster.digest(NOTIFICATION)
    based.rehearse(STALE)
    assert based.actions() == {NOTIFICATION: "build"}
    assert based.cluster.digest(NOTIFICATION) == digest


def test_a_rebuild_that_brings_no_fix_is_stopped_by_the_gate(based: FakeWorld) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    based.registry.answers(REPOSITORY, enhanced(based.clock.now()))
    with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
        based.run(STALE)
    assert based.cluster.digest(NOTIFICATION) == digest


def test_the_key_of_the_rebuilt_image_is_of_the_same_content_on_the_new_base(based: FakeWorld) -> None:
    content = step_of(based).key.partition("-")[0]
    based.assembly.bases[BASE] = NEW
    based.run(STALE)
    assert based.registry.keys[based.cluster.digest(NOTIFICATION)] == with_surroundings(content, [NEW], 17)


@pytest.mark.parametrize("reason", ["base", "fix"])
def test_a_saved_plan_names_what_is_rebuilt_and_its_run_asks_no_scan_for_it(
    based: FakeWorld, tmp_path: Path, reason: str
) -> None:
    if reason == "base":
        based.assembly.bases[BASE] = NEW
    else:
        found_in_what_runs(based, enhanced(based.clock.now()))
    saved = saved_by(based, tmp_path, Options(stale=True, until="cleared"))
    rebuild, refresh = named_again(based.report.plan)
    assert (rebuild, refresh) == (((), (NOTIFICATION,)) if reason == "base" else ((NOTIFICATION,), ()))
    digest = based.cluster.digest(NOTIFICATION)
    based.run(Options(saved=saved, rebuild=rebuild, refresh=refresh))
    assert based.report.outcome == "deployed"
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) not in ("", digest)
    assert "find rebuilds" not in [stage.name for stage in based.report.stages]


def test_of_several_units_each_is_looked_at_by_itself(tmp_path: Path) -> None:
    world = several_releases(tmp_path / "world", ("a", "b"), "apart")
    world.assembly.bases[BASE] = OLD
    world.commit({f"backend/service-{name}/Dockerfile": f"FROM {BASE}\n" for name in ("a", "b")})
    world.run()
    before = world.digests()
    world.assembly.bases[BASE] = NEW
    world.run(STALE)
    after = world.digests()
    assert {name for name in after if after[name] != before[name]} == {"service-a", "service-b"}
    assert {unit.name: unit.outcome for unit in world.report.units} == {
        EMPLOYEE: "nothing",
        "payroll": "nothing",
        "a": "deployed",
        "b": "deployed",
    }

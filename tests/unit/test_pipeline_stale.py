"""The run with `--rebuild` and no name: what a base that has moved, or a fix of a finding, builds anew, and why."""

from dataclasses import replace

import pytest

from erp_build.changes.content_key import with_surroundings
from erp_build.errors import GateBlocked, GateInconclusive
from erp_build.gate.rebuilds import same_as_before
from erp_build.model.images.image import BuiltImage
from erp_build.model.plan import Plan, Reason, Running
from erp_build.model.project import GatePolicy
from erp_build.run_options import Options
from tests.fakes.registry import error
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST
from tests.support.stale import BASE, DOCKERFILE, NEW, OLD, STALE, built_on_base, enhanced, found_in_what_runs, step_of

REPOSITORY = f"erp/{NOTIFICATION}"
BUILDER = "maven:3-eclipse-temurin-17"


@pytest.fixture
def based(world: FakeWorld) -> FakeWorld:
    """The notification service was built on a base whose registry says its digest, and everything runs."""
    return built_on_base(world)


def rules_of(world: FakeWorld, name: str = NOTIFICATION) -> list[str]:
    return [reason.rule for reason in step_of(world, name).because]


def warnings_of(world: FakeWorld) -> list[str]:
    assert world.report.plan is not None
    return [text for text in world.report.plan.warnings if text.startswith("--rebuild: ")]


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


@pytest.mark.parametrize("manager", ["JAR", "POM"])
def test_a_fix_of_a_library_whose_version_the_pom_names_builds_nothing_and_is_said(
    based: FakeWorld, manager: str
) -> None:
    # Each night would build the same library again, and the gate would stop what is to be done beside it.
    found_in_what_runs(based, enhanced(based.clock.now(), manager=manager))
    assert based.run(STALE).outcome == "nothing"
    (said,) = [text for text in warnings_of(based) if "CVE-2026-1" in text]
    assert f"{NOTIFICATION} runs with CVE-2026-1 over the policy in libraries of Java" in said
    assert "raise it where it is named, such as the pom" in said
    assert f"--rebuild {NOTIFICATION} builds it all the same" in said


def test_a_library_that_its_base_brings_is_rebuilt_when_the_base_moves(based: FakeWorld) -> None:
    found_in_what_runs(based, enhanced(based.clock.now(), manager="JAR"))
    based.assembly.bases[BASE] = NEW
    based.run(STALE)
    assert rules_of(based) == [f"--rebuild: base {BASE} moved from {OLD[:19]} to {NEW[:19]}"]


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


def test_a_name_does_not_wait_for_a_scan(based: FakeWorld) -> None:
    found_in_what_runs(based, {"imageScanStatus": {"status": "IN_PROGRESS"}})
    began = based.clock.monotonic()
    based.run(Options(rebuild=(NOTIFICATION,)))
    assert rules_of(based) == ["--rebuild"]
    assert based.clock.monotonic() - began < based.project.gate.timeout / 2
    assert warnings_of(based) == []


def test_what_is_built_anew_and_is_the_same_image_says_so(based: FakeWorld) -> None:
    step = step_of(based)
    digest = based.cluster.digest(NOTIFICATION)
    running = Running(NOTIFICATION, REPOSITORY, "1a2b3c4", digest)
    image = BuiltImage(target=NOTIFICATION, repository=REPOSITORY, tag="1a2b3c4-2", digest=digest, commit=None)
    rebuilt = Plan("a" * 40, (step._replace(running=running, because=(Reason("--rebuild"),)),))
    (said,) = same_as_before(rebuilt, [image])
    assert f"{NOTIFICATION} was built anew and is the very image that runs" in said
    assert same_as_before(rebuilt, [replace(image, digest=NEW)]) == ()

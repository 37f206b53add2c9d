"""The run that stops: before the first change where that can be known, and always before something worse."""

from dataclasses import replace

import pytest

from erp_build.errors import (
    BuildFailed,
    ConfigurationError,
    DetectionRefused,
    FunctionUpdateFailed,
    GateBlocked,
    GateInconclusive,
    NewerDeployed,
    PushFailed,
    ReleaseFailed,
    VerificationFailed,
)
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY, Trouble
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, OTHER_DIGEST, PROCESSING, REQUEST

NOTIFICATION_REPOSITORY = f"erp/{NOTIFICATION}"
EKS = (REQUEST, PROCESSING, NOTIFICATION)


def test_a_critical_finding_deploys_nothing_and_leaves_latest(world: FakeWorld) -> None:
    latest, running = world.latest(), world.cluster.running()
    world.registry.answers(NOTIFICATION_REPOSITORY, scan("IN_PROGRESS"), scan(CRITICAL=1, LOW=3))
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(GateBlocked, match="1 of 2 images over the policy") as caught:
        world.run()
    assert "CVE-CRITICAL-0" in caught.value.why
    assert world.moved() == set()
    assert (world.latest(), world.cluster.running()) == (latest, running)
    assert world.report.outcome == "failed"


def test_a_scan_that_never_ends_deploys_nothing(world: FakeWorld) -> None:
    world.registry.answers(NOTIFICATION_REPOSITORY, scan("IN_PROGRESS"))
    world.change(NOTIFICATION)
    with pytest.raises(GateInconclusive, match="1 of 1 images without a verdict"):
        world.run()
    assert world.moved() == set()
    assert world.seconds("judge images") == world.project.gate.timeout


def test_an_image_that_was_blocked_is_still_blocked_by_the_next_run(world: FakeWorld) -> None:
    world.registry.answers(NOTIFICATION_REPOSITORY, scan(CRITICAL=1))
    world.change(NOTIFICATION)
    for action in ("build", "reuse"):
        with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
            world.run()
        assert world.actions() == {NOTIFICATION: action}


def test_a_running_image_is_not_deployed_again_when_it_does_not_pass_any_more(world: FakeWorld) -> None:
    world.registry.answers(NOTIFICATION_REPOSITORY, scan(CRITICAL=1))
    world.change(CHART)
    with pytest.raises(GateBlocked, match="1 of 3 images"):
        world.run()
    assert world.done() == []


def test_one_failed_maven_lets_the_others_finish(world: FakeWorld) -> None:
    world.effects.does_not_compile(PROCESSING)
    world.change(*EKS)
    with pytest.raises(BuildFailed, match="Maven failed"):
        world.run()
    assert {effect.target: effect.state for effect in world.report.effects if effect.name == "package"} == {
        REQUEST: "performed",
        PROCESSING: "failed",
        NOTIFICATION: "performed",
    }
    assert set(world.verbs()) == {"package", "build_image", "push", "tag"}, "nothing was deployed"


def test_what_did_not_fail_is_reused_by_the_next_run(world: FakeWorld) -> None:
    world.effects.does_not_compile(PROCESSING)
    world.change(*EKS)
    with pytest.raises(BuildFailed, match="Maven failed"):
        world.run()
    world.effects.failures.clear()
    plan = world.run().plan
    assert plan is not None
    assert {step.target.name for step in plan.builds} == {PROCESSING}


def test_all_failed_mavens_are_named_at_once(world: FakeWorld) -> None:
    for name in (REQUEST, NOTIFICATION):
        world.effects.does_not_compile(name)
    world.change(*EKS)
    with pytest.raises(BuildFailed, match="2 targets failed") as caught:
        world.run()
    assert caught.value.where == f"{REQUEST}, {NOTIFICATION}"
    assert f"COMPILATION ERROR in {REQUEST}" in caught.value.why
    assert f"COMPILATION ERROR in {NOTIFICATION}" in caught.value.why


def test_a_failed_effect_is_in_the_journal_as_failed(world: FakeWorld) -> None:
    world.keeps_failures()
    world.helm.failures["upgrade"] = ReleaseFailed("field is immutable")
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="field is immutable"):
        world.run()
    assert [(effect.name, effect.state) for effect in world.report.effects][-2:] == [
        ("write_file", "performed"),
        ("upgrade_release", "failed"),
    ]
    assert [stage.name for stage in world.report.stages if stage.status == "failed"] == ["deploy"]


def test_a_release_that_failed_is_deployed_again_by_the_next_run(world: FakeWorld) -> None:
    world.keeps_failures()
    world.helm.failures["upgrade"] = ReleaseFailed("field is immutable")
    head = world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="field is immutable"):
        world.run()
    world.helm.failures.clear()
    world.run()
    assert world.actions() == {REQUEST: "redeploy", PROCESSING: "redeploy", NOTIFICATION: "reuse", CHART: "redeploy"}
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_a_rollout_that_was_left_incomplete_is_deployed_again_by_the_next_run(world: FakeWorld) -> None:
    world.keeps_failures()
    head = world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="not complete in time"):
        world.run()
    world.cluster.rolls_out_again(NOTIFICATION)
    world.run()
    assert world.actions() == {NOTIFICATION: "redeploy"}
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_pods_that_run_another_image_than_was_cleared_fail_the_run(world: FakeWorld) -> None:
    latest = world.latest()
    world.cluster.troubles[NOTIFICATION] = Trouble(digest=OTHER_DIGEST, ready=True)
    world.change(NOTIFICATION)
    with pytest.raises(VerificationFailed) as caught:
        world.run()
    assert f"runs {OTHER_DIGEST}" in caught.value.why
    assert world.latest() == latest


def test_an_older_commit_does_not_take_a_newer_one_back(world: FakeWorld) -> None:
    old = world.checkout.head()
    newer = world.change(NOTIFICATION)
    world.run()
    world.checkout.git("reset", "--quiet", "--hard", old)
    with pytest.raises(NewerDeployed) as caught:
        world.run()
    assert caught.value.why == f"{newer} runs, and it contains {old}"
    assert world.done() == []


def test_an_older_commit_goes_live_when_it_is_asked_for(world: FakeWorld) -> None:
    old = world.checkout.head()
    world.change(NOTIFICATION)
    world.run()
    world.checkout.git("reset", "--quiet", "--hard", old)
    world.run(Options(allow_older=True))
    assert world.cluster.running()[NOTIFICATION] == old[:7]


def test_a_release_on_which_somebody_else_works_is_left_alone(world: FakeWorld) -> None:
    world.helm.is_pending("2026-01-01T01:00:00Z")
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="another operation") as caught:
        world.run()
    assert "revision 2 is pending-upgrade since 2026-01-01T01:00:00Z" in caught.value.why
    assert world.done() == []


def test_all_missing_repositories_are_named_before_the_first_build(world: FakeWorld) -> None:
    missing = {NOTIFICATION_REPOSITORY, FUNCTION_REPOSITORY}
    world.registry.repositories -= missing
    world.change(*EKS, EMPLOYEE)
    with pytest.raises(PushFailed, match="2 repositories do not exist") as caught:
        world.run()
    assert set(caught.value.why.split()) == missing
    assert world.done() == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param("  notification:", "  notices:", "no image in the values file", id="another key"),
        pytest.param("\n  notification:\n", "\n  notification:\n    enabled: false\n", "is switched off", id="off"),
        pytest.param("erp/notification-service", "old/notification-service", "is not pushed", id="another repository"),
    ],
)
def test_values_that_do_not_fit_stop_before_the_first_build(world: FakeWorld, old: str, new: str, what: str) -> None:
    values = world.checkout.git("show", "HEAD:helm-chart/values-dev.yaml").replace(old, new)
    world.commit({"helm-chart/values-dev.yaml": values})
    world.change(NOTIFICATION)
    with pytest.raises(ConfigurationError, match=what):
        world.run()
    assert world.done() == []


def test_a_chart_that_does_not_render_stops_before_the_first_build(world: FakeWorld) -> None:
    world.helm.failures["check_chart"] = ReleaseFailed("the chart does not render")
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="does not render"):
        world.run()
    assert world.done() == []


def test_a_missing_program_stops_before_the_first_build(world: FakeWorld) -> None:
    world.assembly.missing = "Docker"
    world.change(NOTIFICATION)
    with pytest.raises(BuildFailed, match="there is no Docker"):
        world.run()
    assert world.done() == []
    assert world.assembly.checked == (NOTIFICATION,)


@pytest.mark.parametrize(
    ("package_type", "what"),
    [
        pytest.param(None, "there is no function erp-dev-employee-service", id="no function"),
        pytest.param("Zip", "erp-dev-employee-service runs no image", id="a function made of an archive"),
    ],
)
def test_a_function_that_cannot_take_an_image_stops_the_run(
    world: FakeWorld, package_type: str | None, what: str
) -> None:
    state = world.functions.states.pop(FUNCTION)
    if package_type:
        world.functions.states[FUNCTION] = replace(state, package_type=package_type)
    with pytest.raises(FunctionUpdateFailed, match=what):
        world.run()
    assert world.done() == []


def test_strict_refuses_a_first_deployment(new_world: FakeWorld) -> None:
    with pytest.raises(DetectionRefused, match="5 baselines are in doubt"):
        new_world.run(Options(strict=True))
    assert new_world.done() == []

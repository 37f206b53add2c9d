"""A deployment that fails: evidence first, then both halves back to what ran before, and the truth about what runs."""

from copy import copy
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from botocore.exceptions import EndpointConnectionError

from erp_build.clients.site import Site
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.deployment.ledger import read_entries
from erp_build.errors import (
    ConfigurationError,
    ErpBuildError,
    Failure,
    FunctionUpdateFailed,
    Interrupted,
    Locked,
    OutOfReach,
    ReleaseFailed,
    VerificationFailed,
    told,
)
from erp_build.model.releases.evidence import ClusterEvent
from tests.fakes.deployments import NEVER_READY, Trouble
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, OTHER_DIGEST, REQUEST


def fail(
    world: FakeWorld, kind: type[Failure] = ReleaseFailed, said: str = "the rollout is not complete in time"
) -> Failure:
    with pytest.raises(kind, match=said) as caught:
        world.run()
    return caught.value


def outcomes(world: FakeWorld) -> list[str]:
    record = world.leases.lease.record if world.leases.lease else ""
    return [entry.outcome for entry in read_entries(record)]


def test_both_halves_go_back_to_what_ran_before(world: FakeWorld) -> None:
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    error = fail(world)
    assert error.code == 9
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest
    assert world.report.taken_back == (
        f"{EMPLOYEE}: back to {digest[:19]}",
        "release erp-microservices: back to revision 1",
    )
    assert "taken back: release erp-microservices: back to revision 1" in error.why
    assert outcomes(world)[-1] == "taken back"


def test_the_evidence_is_collected_while_the_pods_exist(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    pod = f"{NOTIFICATION}-2-0"
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.cluster.logs = {pod: ("starting", "no disk")}
    world.cluster.warnings = (ClusterEvent(pod, "Unhealthy", "503", 7), ClusterEvent("kafka-0", "BackOff", "other"))
    fail(world)
    found = world.report.evidence[0]
    assert (found.target, found.pod) == (NOTIFICATION, pod)
    assert found.events == ("Unhealthy: 503 (7 times)",)
    assert found.log == ("starting", "no disk")
    assert found.states == (f"{NOTIFICATION}: runs, not ready",)
    stages = [stage.name for stage in world.report.stages]
    assert stages.index("collect evidence") < stages.index("take back")


def test_a_quota_that_leaves_no_pod_is_told_by_the_deployment(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(failure="FailedCreate: exceeded quota", no_pods=True)
    world.cluster.warnings = (ClusterEvent(f"{NOTIFICATION}-5d9", "FailedCreate", "exceeded quota: pods"),)
    fail(world, said="a rollout cannot succeed")
    assert world.report.evidence[0].states == ("FailedCreate: exceeded quota",)
    assert world.report.evidence[0].events == ("FailedCreate: exceeded quota: pods",)


def test_the_next_run_of_the_same_commit_tries_again(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    world.cluster.troubles.clear()
    world.run()
    assert world.actions() == {NOTIFICATION: "reuse"}
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_what_is_configured_to_stay_stays(world: FakeWorld) -> None:
    world.keeps_failures()
    head = world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert world.report.taken_back == ()
    assert world.report.evidence
    assert outcomes(world)[-1] == "failed"


def test_a_function_whose_update_fails_goes_back_and_the_release_is_not_touched(world: FakeWorld) -> None:
    before = world.functions.states[FUNCTION].digest
    world.change(EMPLOYEE, NOTIFICATION)
    world.functions.fails_to_update(FUNCTION, "InvalidImage: no", times=1)
    fail(world, FunctionUpdateFailed, "the function does not run the new image")
    assert world.functions.states[FUNCTION].digest == before
    assert world.functions.states[FUNCTION].last_update == "Successful"
    assert len(world.helm.revisions) == 1


def test_what_is_not_proven_goes_back_too(world: FakeWorld) -> None:
    tags = world.cluster.running()
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(digest=OTHER_DIGEST, ready=True)
    assert fail(world, VerificationFailed, "1 targets do not run what was cleared").code == 10
    assert world.cluster.running() == tags


def test_a_rollback_that_fails_says_what_runs_where(world: FakeWorld) -> None:
    tag = world.cluster.running()[REQUEST]
    head = world.change(NOTIFICATION, EMPLOYEE)
    before = world.functions.states[FUNCTION].digest
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.helm.failures["rollback"] = ReleaseFailed("the release cannot be written")
    error = fail(world)
    assert "the rollback failed as well: the release cannot be written" in error.why
    assert f"  {REQUEST}: {tag}, 2 of 2 updated" in error.why
    assert f"  {NOTIFICATION}: {head[:7]}, 2 of 2 updated, 0 ready" in error.why
    assert f"  {EMPLOYEE}: {before}" in error.why
    assert outcomes(world)[-1] == "failed"


def test_a_half_that_cannot_be_taken_back_does_not_keep_the_other_one(world: FakeWorld) -> None:
    tags = world.cluster.running()
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.functions.fails_to_update(FUNCTION, "ImageDeleted: gone", after=1)
    error = fail(world)
    assert error.code == 9
    assert world.cluster.running() == tags
    assert world.report.taken_back == ("release erp-microservices: back to revision 1",)
    assert "taken back: release erp-microservices" in error.why
    assert "the rollback failed as well: the function does not run the new image\nFailed: ImageDeleted" in error.why
    assert f"  {REQUEST}: {tags[REQUEST]}, 2 of 2 updated" in error.why
    assert outcomes(world)[-1] == "failed"


def test_a_first_installation_has_nothing_to_go_back_to_and_says_what_runs(new_world: FakeWorld) -> None:
    before = new_world.functions.states[FUNCTION].digest
    new_world.cluster.troubles[NOTIFICATION] = NEVER_READY
    error = fail(new_world)
    assert "the rollback failed as well: the release cannot be taken back" in error.why
    assert "installed for the first time" in error.why
    assert f"  {NOTIFICATION}: {new_world.checkout.head()[:7]}, 2 of 2 updated, 0 ready" in error.why
    assert outcomes(new_world) == ["failed"]
    assert new_world.functions.states[FUNCTION].digest == before
    assert len(new_world.cluster.deployments) == 3


def test_a_cluster_that_is_away_for_a_while_is_waited_for_before_the_rollback(world: FakeWorld) -> None:
    tags = world.cluster.running()
    world.change(NOTIFICATION)
    world.project = world.project._replace(chart=world.project.chart._replace(timeout=30.0))
    world.cluster.is_away_after_the_upgrade(seconds=50)
    fail(world)
    assert world.cluster.running() == tags
    assert outcomes(world)[-1] == "taken back"


def test_a_failure_before_the_deployment_takes_nothing_back(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.helm.failures["check_chart"] = ReleaseFailed("does not render")
    fail(world, said="does not render")
    assert not {"rollback_release", "update_function"} & set(world.verbs())


@pytest.mark.parametrize("error", [Interrupted(15, "SIGTERM"), Locked("another run deploys")])
def test_a_signal_and_a_lost_lock_take_nothing_back(world: FakeWorld, error: Failure) -> None:
    world.change(NOTIFICATION)
    world.helm.failures["upgrade"] = error
    fail(world, type(error), error.what)
    assert "rollback_release" not in world.verbs()
    assert outcomes(world)[-1] == "begun"


def test_after_a_run_that_was_cut_off_the_last_proven_state_is_where_a_rollback_leads(world: FakeWorld) -> None:
    """Cut off between the two halves: the function moved and was never proven."""
    before = world.functions.states[FUNCTION].digest
    world.change(EMPLOYEE, NOTIFICATION)
    world.helm.failures["upgrade"] = Interrupted(9, "SIGKILL")
    fail(world, Interrupted, "ended by SIGKILL")
    assert world.functions.states[FUNCTION].digest != before
    world.helm.failures.clear()
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.functions.states[FUNCTION].digest == before


def test_a_deployment_that_failed_and_stands_is_nowhere_to_go_back_to(world: FakeWorld) -> None:
    """Helm calls its revision deployed; the run that made it found that its pods never get ready."""
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    policy = world.project.deploy
    world.keeps_failures()
    world.change(NOTIFICATION, EMPLOYEE, text="one")
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.helm.revisions[-1].status == "deployed"
    world.project = world.project._replace(deploy=policy)
    world.change(NOTIFICATION, EMPLOYEE, text="two")
    fail(world)
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest
    assert outcomes(world)[-2:] == ["failed", "taken back"]


def test_what_somebody_deployed_by_hand_since_is_gone_back_to(world: FakeWorld) -> None:
    world.helm.was_deployed(world.helm.checked[-1].replace("replicaCount: 2", "replicaCount: 1"))
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.helm.revisions[-1].description == "Rollback to 2"


@pytest.mark.parametrize("keep_history", [True, False])
def test_a_release_that_was_uninstalled_is_not_installed_again_as_what_ran_before(
    world: FakeWorld, *, keep_history: bool
) -> None:
    world.helm.uninstall(keep_history=keep_history)
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    error = fail(world)
    assert "none of its earlier revisions was proven" in error.why
    assert "what runs now:" in error.why
    assert "rollback_release" not in world.verbs()
    assert outcomes(world)[-1] == "failed"


def test_where_there_is_no_ledger_helms_word_is_all_there_is(world: FakeWorld) -> None:
    tags = world.cluster.running()
    world.leases.lease = None
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.cluster.running() == tags


def test_a_service_that_is_new_in_a_failed_deployment_is_not_waited_for(world: FakeWorld) -> None:
    """The revision to which the release goes back has no Deployment of it."""
    text = world.values.read_text(encoding="utf-8")
    world.helm.was_deployed(text.replace("  notificationService:", "  notificationService:\n    enabled: false", 1))
    del world.cluster.deployments[NOTIFICATION]
    world.change(REQUEST)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert outcomes(world)[-1] == "taken back"


def test_every_deployment_is_written_down(world: FakeWorld) -> None:
    head = world.change(CHART)
    world.run()
    entries = read_entries(world.leases.lease.record if world.leases.lease else "")
    assert [entry.outcome for entry in entries] == ["deployed", "deployed"]
    assert (entries[-1].commit, entries[-1].before.revision, entries[-1].revision) == (head, 1, 2)


MISTAKES = [
    KeyError("resourceVersion"),
    OSError(28, "No space left on device"),
    EndpointConnectionError(endpoint_url="https://lambda.invalid"),
    ConfigurationError("the parameter is gone"),
    ErpBuildError("a bug"),
]


def fail_with(world: FakeWorld, error: Exception) -> str:
    """What is told of the error, by itself and by its notes."""
    world.helm.failures["upgrade"] = error
    with pytest.raises(type(error)) as caught:
        world.run()
    assert caught.value is error
    return told(error)


@pytest.mark.parametrize("error", MISTAKES, ids=lambda error: type(error).__name__)
def test_whatever_a_deployment_fails_with_both_halves_go_back(world: FakeWorld, error: Exception) -> None:
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    world.change(NOTIFICATION, EMPLOYEE)
    said = fail_with(world, copy(error))
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest
    assert "collect evidence" in [stage.name for stage in world.report.stages]
    assert "taken back: release erp-microservices: back to revision 1" in said
    assert outcomes(world)[-1] == "taken back"


@pytest.mark.parametrize("second", MISTAKES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("first", [KeyError("image"), ReleaseFailed("no rollout")], ids=["a mistake", "ours"])
def test_a_rollback_that_fails_with_anything_does_not_hide_the_first_error(
    world: FakeWorld, first: Exception, second: Exception
) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.helm.failures["rollback"] = copy(second)
    said = fail_with(world, copy(first))
    assert f"the rollback failed as well: {told(second)}" in said
    assert "what runs now:" in said
    assert f"  {EMPLOYEE}: {world.functions.states[FUNCTION].digest}" in said
    assert outcomes(world)[-1] == "failed"


def test_a_lock_that_is_lost_in_the_rollback_ends_the_run_and_tells_its_error_and_what_runs(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.helm.failures["rollback"] = Locked("another run deploys")
    with pytest.raises(Locked, match="another run deploys") as caught:
        fail_with(world, ReleaseFailed("no rollout"))
    assert "no rollout" in caught.value.why
    assert f"  {EMPLOYEE}: {world.functions.states[FUNCTION].digest}" in caught.value.why.partition("what runs now:")[2]
    assert outcomes(world)[-1] == "begun"


def test_both_halves_that_cannot_be_taken_back_are_told(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.functions.fails_to_update(FUNCTION, "ImageDeleted: gone", after=1)
    world.helm.failures["rollback"] = KeyError("version")
    said = fail_with(world, ReleaseFailed("no rollout"))
    assert "the rollback failed as well: KeyError: 'version'\nthe function does not run the new image" in said


def test_evidence_that_cannot_be_collected_and_targets_that_cannot_be_read_hide_nothing(world: FakeWorld) -> None:
    world.cluster.failures["events"] = KeyError("involvedObject")
    tags = world.cluster.running()
    world.change(NOTIFICATION)
    fail_with(world, OSError("reset by peer"))
    assert world.cluster.running() == tags
    assert "no evidence can be collected: KeyError: 'involvedObject'" in world.progress.lines
    assert outcomes(world)[-1] == "taken back"


def test_events_and_logs_that_the_cluster_cannot_give_do_not_take_the_states_of_the_pods_along(
    world: FakeWorld,
) -> None:
    world.change(NOTIFICATION)
    world.cluster.failures["events"] = OutOfReach("the cluster answered 503", where="erp-dev")
    world.cluster.failures["log"] = OutOfReach("the cluster answered 503", where="erp-dev")
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    found = world.report.evidence[0]
    assert (bool(found.states), found.events, found.log) == (True, (), ())
    assert "a part of the evidence is missing: the cluster answered 503" in world.progress.lines
    assert outcomes(world)[-1] == "taken back"


def test_what_runs_says_of_each_target_that_it_cannot_be_read() -> None:
    class Nothing:
        def __getattr__(self, name: str) -> NoReturn:
            raise KeyError(name)

    clients: Any = SimpleNamespace(cluster=Nothing(), functions=Nothing())
    environment: Any = SimpleNamespace(cluster="erp-dev")
    assert what_runs(Site(ERP, clients, environment)) == (
        "  services: not known, KeyError: 'workloads'",
        f"  {EMPLOYEE}: not known, KeyError: 'state'",
    )


def test_an_end_is_written_down_as_soon_as_the_cluster_answers_again(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    world.leases.breaks["deployed"] = OSError("reset by peer")
    world.leases.heals = world.clock.monotonic() + 60
    world.run()
    assert outcomes(world) == ["deployed", "deployed"]
    said = [line for line in world.progress.lines if "is not written down yet" in line]
    assert said
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_a_proven_deployment_whose_end_cannot_be_written_down_fails_and_the_next_run_writes_it(
    world: FakeWorld,
) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.leases.breaks["deployed"] = OSError("reset by peer")
    with pytest.raises(OSError, match="reset by peer"):
        world.run()
    assert outcomes(world)[-1] == "begun"
    assert "rollback_release" not in world.verbs()
    world.leases.breaks.clear()
    assert world.run().outcome == "nothing"
    assert outcomes(world)[-1] == "deployed"
    proven = world.cluster.running()
    world.change(NOTIFICATION, text="never ready")
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fail(world)
    assert world.cluster.running() == proven


def test_a_lock_that_is_lost_when_the_end_is_written_down_ends_the_run_with_11(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.leases.breaks["taken back"] = Locked("another run deploys")
    error = fail(world, Locked, "another run deploys")
    assert error.code == 11
    assert "the rollout is not complete in time" in error.why


def test_an_end_that_cannot_be_written_down_is_said_and_hides_nothing(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.leases.breaks["taken back"] = KeyError("resourceVersion")
    fail_with(world, ReleaseFailed("no rollout"))
    assert (
        "the outcome of this deployment could not be written down: KeyError: 'resourceVersion'" in world.progress.lines
    )

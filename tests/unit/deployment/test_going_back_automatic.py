"""A deployment that fails: evidence first, then both halves back to what ran before, and the truth about what runs."""

import pytest

from erp_build.deployment.ledger import read_entries
from erp_build.errors import (
    Failure,
    FunctionUpdateFailed,
    Interrupted,
    Locked,
    ReleaseFailed,
    VerificationFailed,
)
from erp_build.model.releases.evidence import ClusterEvent
from tests.fakes.deployments import NEVER_READY, Trouble
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.failing import fail, outcomes
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, OTHER_DIGEST, REQUEST


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

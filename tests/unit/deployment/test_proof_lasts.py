"""What an upgrade changed is watched for as long as it takes to know that it runs: every kind, with a probe or not."""

from typing import Any

import pytest

from erp_build.clients.clock import Deadline
from erp_build.deployment.rollout.changed import changed_workloads
from erp_build.deployment.rollout.wait import ROLLOUT_POLL_S, TROUBLE_TOLERATED_S, WATCH_MARGIN_S, wait_for_rollout
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.deployment import Watched
from tests.fakes.cluster import OLD_PODS_UNTIL
from tests.fakes.deployments import NEVER_READY, Trouble, object_of
from tests.fakes.world import FUNCTION, FakeWorld, Killed
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST

SETTLES = OLD_PODS_UNTIL * ROLLOUT_POLL_S
KAFKA = "StatefulSet kafka"
EXITS = Trouble(restarts=1, ready=True)


def roll_out(
    world: FakeWorld, *objects: dict[str, Any], changed: tuple[str, ...] = (NOTIFICATION,), seconds: float = 60.0
) -> tuple[tuple[Watched, ...], float]:
    """Wait for an upgrade that changed services and made objects; returns what was watched, and for how long."""
    for deployed in world.cluster.deployments.values():
        deployed.reads = 0
        deployed.probed = deployed.name not in world.cluster.unprobed
    for item in objects:
        world.helm.made(item)
    start = world.clock.monotonic()
    world.project = ERP._replace(chart=ERP.chart._replace(stable=5.0))
    deadline = Deadline(world.clock, seconds)
    watched = wait_for_rollout(world.site(), deadline, changed, changed_workloads((), objects, "erp-dev"))
    return watched, world.clock.monotonic() - start


def fails(world: FakeWorld, *objects: dict[str, Any], match: str, **more: Any) -> tuple[str, float]:
    start = world.clock.monotonic()
    with pytest.raises(ReleaseFailed, match=match) as caught:
        roll_out(world, *objects, **more)
    return caught.value.why, world.clock.monotonic() - start


def in_window(world: FakeWorld, seconds: float) -> float:
    """A moment of the watch that the next rollout begins."""
    return world.clock.monotonic() + SETTLES + seconds


def test_a_service_without_a_readiness_probe_is_watched_beyond_the_time_of_the_rollout(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    watched, seconds = roll_out(world, changed=(NOTIFICATION, REQUEST), seconds=30)
    assert seconds == SETTLES + 90
    found = {one.name: (one.probed, one.seconds) for one in watched}
    assert found == {NOTIFICATION: (False, 90.0), REQUEST: (True, 90.0)}
    assert "watched for 90 s, as not everything has a readiness probe" in world.progress.lines


def test_services_with_probes_are_watched_for_the_short_while_alone(world: FakeWorld) -> None:
    world.cluster.unprobed.add(PROCESSING)
    assert roll_out(world, changed=(NOTIFICATION, REQUEST))[1] == SETTLES + 5


@pytest.mark.parametrize("after", [1, 45, 89])
def test_a_process_that_ends_in_the_watch_fails_the_rollout_at_once(world: FakeWorld, after: float) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=in_window(world, after))
    why, seconds = fails(world, match="does not stay up")
    assert seconds == SETTLES + after
    assert f"{NOTIFICATION}: pod {NOTIFICATION}-1-0 started again after it was ready" in why


def test_a_process_that_ends_after_the_watch_is_not_seen(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=in_window(world, 91))
    assert roll_out(world)[1] == SETTLES + 90


@pytest.mark.parametrize(
    ("trouble", "line"),
    [
        pytest.param(
            {"waiting": "CrashLoopBackOff"}, "is not ready any more, CrashLoopBackOff", id="not started again"
        ),
        pytest.param({"gone": 1, "ready": True}, f"pod {NOTIFICATION}-1-0 is gone", id="a lost pod"),
    ],
)
def test_a_pod_that_is_lost_in_the_watch_fails_the_rollout(
    world: FakeWorld, trouble: dict[str, Any], line: str
) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(since=in_window(world, 20), **trouble)
    assert line in fails(world, match="does not stay up")[0]


@pytest.mark.parametrize("replicas", [1, 3])
def test_an_autoscaler_may_change_the_number_of_pods_in_the_watch(world: FakeWorld, replicas: int) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    moment = in_window(world, 40)
    deployed = world.cluster.deployments[NOTIFICATION]
    world.cluster.at(moment, lambda: setattr(deployed, "replicas", replicas))
    assert roll_out(world)[1] == SETTLES + 90


def test_restarts_before_everything_is_complete_are_no_failure(world: FakeWorld) -> None:
    """A service may need what is still starting: its watch begins when all of it is there."""
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=in_window(world, 10))
    world.cluster.troubles[KAFKA] = Trouble(until=in_window(world, 20))
    assert roll_out(world, object_of("StatefulSet", "kafka", "kafka:1", probed=True))[1] == SETTLES + 20 + 90


def test_a_service_that_runs_nothing_is_not_watched_for_long(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.deployments[NOTIFICATION].replicas = 0
    assert roll_out(world)[1] == SETTLES + 5
    assert f"{NOTIFICATION}: runs nothing by choice: 0 replicas" in world.progress.lines


def test_a_cluster_that_is_away_in_the_watch_is_asked_again_and_hides_no_restart(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.at(in_window(world, 30), lambda: world.cluster.is_away(20))
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=in_window(world, 40))
    assert "started again" in fails(world, match="does not stay up")[0]


def test_a_cluster_that_stays_away_from_the_watch_proves_nothing(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.cluster.at(in_window(world, 30), lambda: world.cluster.is_away(1000))
    seconds = fails(world, match="the cluster cannot be reached")[1]
    assert seconds == pytest.approx(SETTLES + 90 + WATCH_MARGIN_S, abs=2)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_every_kind_that_the_upgrade_changed_is_waited_for(world: FakeWorld, kind: str) -> None:
    world.cluster.troubles[f"{kind} kafka"] = NEVER_READY
    why, seconds = fails(world, object_of(kind, "kafka", "kafka:1"), match="not complete in time")
    assert seconds == 60
    assert why.startswith(f"{kind} kafka: 2 of 2 updated, 0 ready")
    assert "  kafka-1-0: runs, not ready" in why


def test_a_broken_stateful_set_ends_the_rollout_early(world: FakeWorld) -> None:
    world.cluster.troubles[KAFKA] = Trouble(waiting="ImagePullBackOff")
    why, seconds = fails(world, object_of("StatefulSet", "kafka", "kafka:none"), match="cannot succeed")
    assert seconds == TROUBLE_TOLERATED_S
    assert "kafka-1-0: ImagePullBackOff" in why


@pytest.mark.parametrize("waiting", ["CrashLoopBackOff", "ImagePullBackOff", "RunContainerError"])
def test_a_broken_pod_of_an_older_revision_ends_the_rollout_of_a_stateful_set_early(
    world: FakeWorld, waiting: str
) -> None:
    world.cluster.troubles[KAFKA] = Trouble(waiting=waiting, restarts=9, older=True)
    why, seconds = fails(world, object_of("StatefulSet", "kafka", "kafka:1"), match="cannot succeed")
    assert seconds == TROUBLE_TOLERATED_S
    assert "kubectl delete pod kafka-1-0 --namespace erp-dev" in why


def test_older_pods_of_a_stateful_set_that_only_start_are_waited_for(world: FakeWorld) -> None:
    world.cluster.troubles[KAFKA] = Trouble(waiting="ContainerCreating", older=True, until=in_window(world, 40))
    assert roll_out(world, object_of("StatefulSet", "kafka", "kafka:1"), seconds=60)[0]


def test_a_job_is_waited_for_until_it_has_ended_well(world: FakeWorld) -> None:
    world.cluster.troubles["Job migrate"] = Trouble(until=world.clock.monotonic() + 20)
    watched, seconds = roll_out(world, object_of("Job", "migrate", "m:1"))
    assert seconds == 20 + 5
    assert watched[-1].state == "has ended well"


def test_a_job_that_has_failed_for_good_fails_the_rollout_at_once(world: FakeWorld) -> None:
    world.cluster.troubles["Job migrate"] = Trouble(failure="BackoffLimitExceeded: too many", since=10)
    why, seconds = fails(world, object_of("Job", "migrate", "m:1"), match="cannot succeed")
    assert seconds <= 11
    assert "BackoffLimitExceeded: too many" in why


@pytest.mark.parametrize(("spec", "ends"), [({"ttlSecondsAfterFinished": 0}, True), ({}, False)])
def test_a_job_may_have_removed_itself_if_it_says_so(world: FakeWorld, spec: dict[str, Any], *, ends: bool) -> None:
    job = object_of("Job", "migrate", "m:1", **spec)
    also = changed_workloads((), [job], "erp-dev")
    deadline = Deadline(world.clock, 60)
    if ends:
        wait_for_rollout(world.site(), deadline, (), also)
        assert any("how it ended is not known" in line for line in world.progress.lines)
    else:
        with pytest.raises(ReleaseFailed, match="cannot succeed") as caught:
            wait_for_rollout(world.site(), deadline, (), also)
        assert caught.value.why == "Job migrate: it is not there"


@pytest.mark.parametrize(
    ("live", "right"), [("backup:2", True), ("mirror.internal/backup:2", True), ("backup:1", False)]
)
def test_a_cron_job_is_proven_by_its_template(world: FakeWorld, live: str, *, right: bool) -> None:
    also = changed_workloads((), [object_of("CronJob", "backup", "backup:2")], "erp-dev")
    world.helm.made(object_of("CronJob", "backup", live))
    deadline = Deadline(world.clock, 60)
    if right:
        wait_for_rollout(world.site(), deadline, (), also)
    else:
        with pytest.raises(ReleaseFailed, match="cannot succeed") as caught:
            wait_for_rollout(world.site(), deadline, (), also)
        assert "container backup has backup:1 instead of backup:2" in caught.value.why


def test_every_deployment_with_the_image_of_a_service_counts(world: FakeWorld) -> None:
    image = world.cluster.deployments[NOTIFICATION].image
    world.helm.made(object_of("Deployment", "notification-worker", image, probed=True))
    world.cluster.troubles["Deployment notification-worker"] = NEVER_READY
    why, _ = fails(world, match="not complete in time")
    assert why.startswith(f"{NOTIFICATION} (notification-worker): 2 of 2 updated, 0 ready")


def test_another_namespace_is_looked_into_where_the_upgrade_changed_something(world: FakeWorld) -> None:
    item = object_of("DaemonSet", "fluent-bit", "f:1", probed=True)
    item["metadata"]["namespace"] = "logging"
    watched, _ = roll_out(world, item)
    assert [one.name for one in watched] == [NOTIFICATION, "DaemonSet fluent-bit in logging"]


def test_a_paused_deployment_that_needs_the_new_image_fails_at_once_and_says_what_helps(world: FakeWorld) -> None:
    world.cluster.pauses(NOTIFICATION)
    why, seconds = fails(world, match="cannot succeed")
    assert seconds < TROUBLE_TOLERATED_S
    assert f"kubectl rollout resume deployment/{NOTIFICATION} --namespace erp-dev" in why


def test_a_paused_deployment_of_somebody_else_is_said_and_not_waited_for(world: FakeWorld) -> None:
    world.cluster.troubles["Deployment gateway"] = NEVER_READY
    watched, _ = roll_out(world, object_of("Deployment", "gateway", "g:2", paused=True))
    assert watched[-1].state.startswith("paused: ")


def test_what_was_not_changed_does_not_block_in_a_whole_run(world: FakeWorld) -> None:
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "kafka:1")]
    world.change(CHART)
    world.run()
    world.cluster.troubles[KAFKA] = NEVER_READY
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"


def test_a_stateful_set_that_a_whole_run_broke_fails_it_and_is_taken_back(world: FakeWorld) -> None:
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "kafka:1")]
    world.change(CHART)
    world.run()
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "kafka:none")]
    world.cluster.troubles[KAFKA] = Trouble(waiting="ImagePullBackOff")
    world.change(CHART, text="again")
    with pytest.raises(ReleaseFailed, match="a rollout cannot succeed"):
        world.run()
    assert {one.target for one in world.report.evidence} == {KAFKA}
    assert any("back to revision" in line for line in world.report.taken_back)
    others = {str(name): one.manifest for name, one in world.cluster.others.items()}
    assert others[KAFKA] == object_of("StatefulSet", "kafka", "kafka:1")


def test_a_process_that_ends_in_the_watch_takes_both_halves_back_with_evidence(world: FakeWorld) -> None:
    tags, function = world.cluster.running(), world.functions.states[FUNCTION]
    world.cluster.unprobed.add(NOTIFICATION)
    world.change(NOTIFICATION, EMPLOYEE)
    pod = f"{NOTIFICATION}-2-0"
    world.cluster.logs = {pod: ("MongoSocketOpenException: mongodb:27017",)}
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=world.clock.monotonic() + 60)
    with pytest.raises(ReleaseFailed, match="does not stay up"):
        world.run()
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].resolved == function.resolved
    (first, *_) = world.report.evidence
    assert (first.target, first.pod, first.log) == (NOTIFICATION, pod, ("MongoSocketOpenException: mongodb:27017",))
    assert first.states == (f"{NOTIFICATION}: was started again 1 times",)


def test_a_run_after_one_that_was_killed_in_the_watch_watches_before_it_calls_that_proven(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.change(NOTIFICATION)
    world.is_killed("upgrade_release", 1, "after")
    with pytest.raises(Killed):
        world.run()
    world.killed = None
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=world.clock.monotonic() + 100)
    with pytest.raises(ReleaseFailed, match="does not stay up") as caught:
        world.run()
    assert "erp-build rollback" in caught.value.next_step
    assert world.moved() == set()
    world.run()
    assert world.seconds("watch again") == pytest.approx(90, abs=3)
    assert world.seconds("prove again") == 0

"""The rollout: waited for to its end, and ended early when it cannot succeed any more."""

import pytest

from erp_build.clients.clock import Deadline
from erp_build.deployment.rollout.wait import ROLLOUT_POLL_S, TROUBLE_TOLERATED_S, wait_for_rollout
from erp_build.errors import ReleaseFailed
from tests.fakes.cluster import OLD_PODS_UNTIL
from tests.fakes.deployments import NEVER_READY, Trouble
from tests.fakes.world import FakeWorld
from tests.support.samples import ERP, NOTIFICATION, PROCESSING, REQUEST

SERVICES = (REQUEST, PROCESSING, NOTIFICATION)


def roll_out(
    world: FakeWorld, seconds: float = 300.0, *, stable: float = 0.0, changed: tuple[str, ...] = SERVICES
) -> float:
    """Wait for the rollout of an upgrade that was just made; returns the seconds that it took."""
    for deployed in world.cluster.deployments.values():
        deployed.reads = 0
    start = world.clock.monotonic()
    world.progress.lines.clear()
    world.project = ERP._replace(chart=ERP.chart._replace(stable=stable))
    wait_for_rollout(world.site(), Deadline(world.clock, seconds), changed)
    return world.clock.monotonic() - start


def fail_to_roll_out(world: FakeWorld, what: str) -> tuple[float, ReleaseFailed]:
    start = world.clock.monotonic()
    with pytest.raises(ReleaseFailed, match=what) as caught:
        roll_out(world)
    return world.clock.monotonic() - start, caught.value


def test_the_wait_ends_when_every_pod_is_new_and_ready(world: FakeWorld) -> None:
    assert roll_out(world) == OLD_PODS_UNTIL * ROLLOUT_POLL_S


def test_progress_is_said_when_it_changes(world: FakeWorld) -> None:
    roll_out(world)
    assert [line for line in world.progress.lines if line.startswith(NOTIFICATION)] == [
        f"{NOTIFICATION}: not yet seen by the controller",
        f"{NOTIFICATION}: 1 of 2 updated, 1 ready, 1 in all",
        f"{NOTIFICATION}: 2 of 2 updated, 2 ready, 2 in all",
    ]


def test_pods_that_never_get_ready_use_up_the_time(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    seconds, error = fail_to_roll_out(world, "not complete in time")
    assert seconds == 300
    assert error.why.startswith(f"{NOTIFICATION}: 2 of 2 updated, 0 ready, 2 in all\n")
    assert f"  {NOTIFICATION}-1-0: runs, not ready" in error.why
    assert REQUEST not in error.why


@pytest.mark.parametrize(
    ("reason", "restarts", "seconds"),
    [
        pytest.param("InvalidImageName", 0, 0, id="a name that can never be pulled: at once"),
        pytest.param("CrashLoopBackOff", 2, 0, id="a crash loop: at the second restart"),
        pytest.param("ImagePullBackOff", 0, TROUBLE_TOLERATED_S, id="a pull that fails: after a while"),
        pytest.param("ErrImagePull", 0, TROUBLE_TOLERATED_S, id="a pull that has just failed: after a while"),
        pytest.param("CreateContainerConfigError", 0, TROUBLE_TOLERATED_S, id="a missing secret: after a while"),
        pytest.param("RunContainerError", 0, TROUBLE_TOLERATED_S, id="a container that does not start: after a while"),
    ],
)
def test_a_rollout_that_cannot_succeed_ends_early(world: FakeWorld, reason: str, restarts: int, seconds: float) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(waiting=reason, restarts=restarts)
    taken, error = fail_to_roll_out(world, "cannot succeed")
    assert taken == seconds
    assert f"{NOTIFICATION}-1-0: {reason}" in error.why


@pytest.mark.parametrize(
    ("reason", "restarts"),
    [
        pytest.param("CrashLoopBackOff", 1, id="the first restart may be a dependency that is not there yet"),
        pytest.param("ContainerCreating", 0, id="a container that is being made"),
        pytest.param("PodInitializing", 0, id="init containers are at work"),
    ],
)
def test_a_wait_that_may_still_end_well_has_the_whole_time(world: FakeWorld, reason: str, restarts: int) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(waiting=reason, restarts=restarts)
    assert fail_to_roll_out(world, "not complete in time")[0] == 300


def test_a_pull_that_succeeds_in_the_end_is_no_failure(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(
        waiting="ErrImagePull", until=world.clock.monotonic() + TROUBLE_TOLERATED_S - 1
    )
    assert roll_out(world) == TROUBLE_TOLERATED_S - 1


def test_a_deployment_that_reports_its_own_failure_ends_early(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(failure="FailedCreate: exceeded quota")
    taken, error = fail_to_roll_out(world, "cannot succeed")
    assert taken == TROUBLE_TOLERATED_S
    assert "\n  FailedCreate: exceeded quota\n" in error.why


def test_a_pod_without_a_node_is_told_with_the_schedulers_words(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(unschedulable="0/2 nodes are available: 2 Insufficient memory.")
    taken, error = fail_to_roll_out(world, "not complete in time")
    assert taken == 300
    assert f"{NOTIFICATION}-1-1: 0/2 nodes are available: 2 Insufficient memory." in error.why


def test_a_service_without_deployment_ends_early(world: FakeWorld) -> None:
    del world.cluster.deployments[NOTIFICATION]
    taken, error = fail_to_roll_out(world, "cannot succeed")
    assert taken == TROUBLE_TOLERATED_S
    assert error.why == f"{NOTIFICATION}: there is no Deployment with its image"


def test_everything_that_is_open_is_told_when_one_cannot_succeed(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(waiting="ImagePullBackOff")
    world.cluster.troubles[PROCESSING] = NEVER_READY
    _, error = fail_to_roll_out(world, "cannot succeed")
    assert f"{PROCESSING}: 2 of 2 updated, 0 ready" in error.why
    assert f"{NOTIFICATION}: 2 of 2 updated, 0 ready" in error.why


def test_an_image_that_is_not_in_the_registry_is_never_pulled(world: FakeWorld) -> None:
    del world.registry.images[world.cluster.digest(NOTIFICATION)]
    assert "ImagePullBackOff" in fail_to_roll_out(world, "cannot succeed")[1].why


def test_old_pods_that_crash_do_not_end_the_rollout_that_replaces_them(world: FakeWorld) -> None:
    deployed = world.cluster.deployments[NOTIFICATION]
    deployed.before = deployed.image.replace(world.cluster.running()[NOTIFICATION], "br0ken1")
    assert roll_out(world) == OLD_PODS_UNTIL * ROLLOUT_POLL_S


def test_pods_must_stay_ready_for_a_while(world: FakeWorld) -> None:
    assert roll_out(world, stable=10) == OLD_PODS_UNTIL * ROLLOUT_POLL_S + 10


def test_a_container_that_restarts_in_the_while_begins_it_anew(world: FakeWorld) -> None:
    moment = world.clock.monotonic() + OLD_PODS_UNTIL * ROLLOUT_POLL_S + 5
    world.cluster.troubles[NOTIFICATION] = Trouble(restarts=1, ready=True, since=moment)
    assert roll_out(world, stable=10) == OLD_PODS_UNTIL * ROLLOUT_POLL_S + 5 + 10


def test_an_unhealthy_service_that_was_not_changed_only_gets_a_warning(world: FakeWorld) -> None:
    world.cluster.troubles[PROCESSING] = Trouble(waiting="ImagePullBackOff")
    assert roll_out(world, changed=(NOTIFICATION,)) == OLD_PODS_UNTIL * ROLLOUT_POLL_S
    assert (
        f"{PROCESSING}: warning: unhealthy, and not changed by this deployment: 2 of 2 updated, 0 ready, 2 in all"
        in (world.progress.lines)
    )


def test_a_cluster_that_is_away_for_a_while_is_waited_for(world: FakeWorld) -> None:
    world.cluster.is_away(seconds=20)
    assert 20 <= roll_out(world) <= 20 + (OLD_PODS_UNTIL + 1) * ROLLOUT_POLL_S
    assert "the cluster cannot be reached, erp-dev: connection refused; asked again in 1 s" in world.progress.lines


def test_a_cluster_that_stays_away_ends_the_wait_in_time(world: FakeWorld) -> None:
    world.cluster.is_away(seconds=2000)
    taken, _ = fail_to_roll_out(world, "the cluster cannot be reached")
    assert taken == 300


def test_an_init_container_that_cannot_start_is_named(world: FakeWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = Trouble(waiting="CreateContainerConfigError", init_container="migrate")
    taken, error = fail_to_roll_out(world, "cannot succeed")
    assert taken == TROUBLE_TOLERATED_S
    assert f"{NOTIFICATION}-1-0: init container migrate: CreateContainerConfigError" in error.why

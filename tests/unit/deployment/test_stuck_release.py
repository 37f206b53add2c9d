"""A release that a run left pending: taken back when its run is dead, waited for when somebody works on it."""

from datetime import timedelta

import pytest

from erp_build.deployment.going_back.stuck_release import ABANDONED_AFTER_TIMEOUT_S, PENDING_POLL_S, recover_release
from erp_build.deployment.lock import Lock
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.lease import Lease
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HELD = timedelta(seconds=30)


def statuses(world: FakeWorld) -> list[str]:
    return [one.status for one in world.helm.revisions]


def recover(world: FakeWorld, former: Lease | None = None, *, uninstall: bool = False) -> None:
    lock = Lock(world.site(), world.leases.lease or Lease(), valid_until=float("inf"), former=former)
    recover_release(world.site(), lock, uninstall=uninstall)


def test_what_a_killed_run_left_pending_is_rolled_back_and_the_second_run_deploys(world: FakeWorld) -> None:
    world.leases.is_held(alive=False)
    world.helm.is_pending(world.leases.now.isoformat())
    head = world.change(NOTIFICATION)
    world.run()
    assert len(statuses(world)) == 4
    assert statuses(world)[-1] == "deployed"
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert "revision 2 was cut off (pending-upgrade): rolling back to revision 1" in world.progress.lines


def test_what_runs_after_the_recovery_is_what_the_plan_is_made_of(world: FakeWorld) -> None:
    world.leases.is_held(alive=False)
    world.helm.is_pending(world.leases.now.isoformat())
    world.run()
    assert world.report.stages[-1].name == "prove again"
    assert statuses(world)[-1] == "deployed"


def test_a_pending_revision_of_nobody_we_know_is_dead_after_the_longest_time_that_it_may_take(world: FakeWorld) -> None:
    world.helm.is_pending(world.leases.now.isoformat())
    start = world.clock.monotonic()
    recover(world)
    limit = world.project.chart.timeout + ABANDONED_AFTER_TIMEOUT_S
    assert limit <= world.clock.monotonic() - start <= limit + 3 * PENDING_POLL_S
    assert statuses(world)[-1] == "deployed"


def test_an_operation_that_ends_while_it_is_waited_for_needs_no_recovery(world: FakeWorld) -> None:
    world.helm.is_pending(world.leases.now.isoformat(), until=world.clock.monotonic() + 20)
    recover(world)
    assert not any(verb.startswith("rollback") for verb in world.verbs())
    assert statuses(world) == ["superseded", "deployed"]


def test_a_revision_outside_of_the_former_holders_time_is_not_his(world: FakeWorld) -> None:
    began = world.leases.now + timedelta(hours=1)
    world.helm.is_pending(began.isoformat())
    former = Lease().taken_by("a", "c" * 40, "b", 30, world.leases.now)
    with pytest.raises(ReleaseFailed, match="another operation"):
        recover(world, former)


@pytest.mark.parametrize(
    ("late", "dead"),
    [
        pytest.param(-MINUTE - SECOND, False, id="before the lock"),
        pytest.param(-MINUTE, True, id="before the lock, by a clock that is slow"),
        pytest.param(HELD + MINUTE, True, id="after the lock, by a clock that is fast"),
        pytest.param(HELD + MINUTE + SECOND, False, id="after the lock"),
    ],
)
def test_a_revision_is_the_former_holders_as_far_as_two_clocks_may_differ(
    world: FakeWorld, late: timedelta, *, dead: bool
) -> None:
    """The API server writes the lock, and the machine where Helm ran the revision."""
    taken = world.leases.now - timedelta(minutes=3)
    world.helm.is_pending((taken + late).isoformat())
    recover(world, Lease().taken_by("a", "c" * 40, "b", HELD.total_seconds(), taken))
    waited = "revision 2 is pending-upgrade: waiting for the operation that works on it" in world.progress.lines
    assert waited is not dead
    assert (len(statuses(world)), statuses(world)[-1]) == (3, "deployed")


def test_a_revision_that_was_proven_bad_is_not_where_a_cut_off_one_goes_back_to(world: FakeWorld) -> None:
    """Helm calls revision 2 deployed; the run that made it found that it never gets ready, and kept it."""
    world.keeps_failures()
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        world.run()
    world.helm.is_pending(world.leases.now.isoformat())
    recover(world, Lease().taken_by("a", "c" * 40, "b", HELD.total_seconds(), world.leases.now))
    assert world.helm.revisions[-1].description == "Rollback to 1"


def test_a_cut_off_upgrade_without_a_proven_revision_before_it_is_left_and_never_removed(new_world: FakeWorld) -> None:
    new_world.keeps_failures()
    new_world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        new_world.run()
    new_world.helm.is_pending(new_world.leases.now.isoformat())
    former = Lease().taken_by("a", "c" * 40, "b", HELD.total_seconds(), new_world.leases.now)
    with pytest.raises(ReleaseFailed, match="cut off, and there is nothing to go back to") as caught:
        recover(new_world, former, uninstall=True)
    assert "helm rollback erp-microservices" in caught.value.next_step
    assert statuses(new_world) == ["deployed", "pending-upgrade"]


def test_a_first_installation_that_was_cut_off_is_removed_only_when_asked(new_world: FakeWorld) -> None:
    new_world.leases.is_held(alive=False)
    new_world.helm.is_pending(new_world.leases.now.isoformat())
    with pytest.raises(ReleaseFailed, match="first installation of the release was cut off") as caught:
        new_world.run()
    assert "--replace-cut-off-install" in caught.value.next_step
    new_world.run(Options(replace_cut_off_install=True))
    assert "uninstall_release" in new_world.verbs()
    assert statuses(new_world) == ["deployed"]


def test_a_removal_that_was_cut_off_is_told_with_what_ends_it(world: FakeWorld) -> None:
    world.helm.is_being_removed()
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="being removed, or its removal was cut off") as caught:
        world.run()
    assert "helm uninstall erp-microservices --namespace erp-dev" in caught.value.next_step
    assert world.moved() == set()


def test_a_removal_that_was_cut_off_is_ended_when_asked_and_the_release_installed_anew(world: FakeWorld) -> None:
    world.helm.is_being_removed()
    head = world.change(NOTIFICATION)
    world.run(Options(replace_cut_off_install=True))
    assert world.verbs().count("uninstall_release") == 1
    assert statuses(world) == ["deployed"]
    assert world.cluster.running()[NOTIFICATION] == head[:7]

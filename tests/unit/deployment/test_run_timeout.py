"""The time of a run as a whole: a clear end before anything moved, a failure as every other afterwards."""

import pytest

from erp_build.deployment.proof import prove
from erp_build.errors import Failure, Locked, ReleaseFailed, RunTimedOut, told
from erp_build.model.stages.hooks import Pipeline
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION


def test_no_stage_begins_once_the_time_is_over(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.clock.limit(60)
    world.clock.sleep(60)
    before = world.cluster.running()
    with pytest.raises(RunTimedOut, match="the time of the run is over: 0:01:00") as caught:
        world.run()
    assert caught.value.code == 9
    assert world.cluster.running() == before
    assert world.report.effects == ()
    assert world.leases.lease is None or not world.leases.lease.holder


def test_a_wait_before_the_first_effect_ends_with_the_time_of_the_run(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(f"erp/{NOTIFICATION}", scan("IN_PROGRESS"))
    world.clock.limit(30)
    start = world.clock.monotonic()
    with pytest.raises(RunTimedOut, match="the time of the run is over: 0:00:30"):
        world.run()
    assert world.clock.monotonic() - start < 31
    assert not world.report.moved
    assert world.leases.lease
    assert not world.leases.lease.holder


def test_a_rollout_that_outlasts_the_time_of_the_run_is_taken_back_in_a_time_of_its_own(world: FakeWorld) -> None:
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.clock.limit(60)
    start = world.clock.monotonic()
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time") as caught:
        world.run()
    assert world.clock.monotonic() - start < 60 + world.project.chart.timeout
    assert "the time of the run is over" in caught.value.why
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest
    assert world.report.evidence
    assert "taken back: release erp-microservices: back to revision 1" in caught.value.why


def test_a_proof_that_no_time_is_left_for_counts_as_failed(world: FakeWorld) -> None:
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    world.change(NOTIFICATION, EMPLOYEE)
    world.clock.limit(3600)
    world.pipeline = Pipeline().at(prove).before(lambda *_: world.clock.sleep(3600))
    with pytest.raises(RunTimedOut, match="the time of the run is over: 1:00:00"):
        world.run()
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest


def test_what_follows_the_proof_takes_its_own_time(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.clock.limit(3600)
    assert world.run().outcome == "deployed"
    assert world.clock.time_left() == float("inf")


@pytest.mark.parametrize(("alive", "kind"), [(True, Locked), (False, RunTimedOut)])
def test_a_lock_is_not_waited_for_longer_than_the_run_may_take(
    world: FakeWorld, kind: type[Failure], *, alive: bool
) -> None:
    world.change(NOTIFICATION)
    world.leases.is_held(alive=alive, seconds=360_000)
    world.clock.limit(60)
    start = world.clock.monotonic()
    with pytest.raises(kind, match=r"another run deploys|the time of the run is over") as caught:
        world.run(Options(wait_for_lock=7200))
    assert world.clock.monotonic() - start < 62
    assert "the time of the run is over" in told(caught.value)

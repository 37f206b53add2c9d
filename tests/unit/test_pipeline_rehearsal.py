"""A rehearsal reads everything, changes nothing, and plans what the run will do."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from erp_build.errors import ConfigurationError, GateBlocked, ReleaseFailed
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION


def nothing(world: FakeWorld) -> None:
    """Leave the world as it is."""


def revert_a_change(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.run()
    world.revert()


SITUATIONS = [
    pytest.param(nothing, id="nothing changed"),
    pytest.param(lambda world: world.change(NOTIFICATION), id="a service changed"),
    pytest.param(lambda world: world.change(EMPLOYEE), id="the function changed"),
    pytest.param(lambda world: world.change(CHART), id="the chart changed"),
    pytest.param(revert_a_change, id="a change was reverted"),
]


def state(world: FakeWorld) -> tuple[object, ...]:
    return (
        dict(world.registry.tags),
        dict(world.registry.images),
        dict(world.functions.states),
        world.cluster.running(),
        list(world.helm.revisions),
        world.values.read_bytes(),
    )


@pytest.mark.parametrize("prepare", SITUATIONS)
def test_a_rehearsal_changes_nothing_and_has_the_plan_and_effects_of_the_run(
    world: FakeWorld, prepare: Callable[[FakeWorld], object]
) -> None:
    prepare(world)
    world.checkout.git("reset", "--quiet", "--hard")
    before = state(world)
    rehearsed, assumed = world.rehearse(), world.done()
    assert state(world) == before
    assert {effect.state for effect in rehearsed.effects} <= {"assumed"}
    performed = world.run()
    assert performed.plan == rehearsed.plan
    assert world.done() == assumed
    assert {effect.state for effect in performed.effects} <= {"performed"}


def test_a_rehearsal_of_the_first_deployment_goes_to_the_end(new_world: FakeWorld) -> None:
    report = new_world.rehearse()
    assert report.outcome == "rehearsed"
    assert len(report.proofs) == 4
    assert report.stages[-1].name == "read alarms"
    assert new_world.cluster.deployments == {}
    assert new_world.functions.updates == []


def test_a_rehearsal_refuses_what_the_run_would_refuse(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.helm.is_pending("2026-01-01T01:00:00Z")
    with pytest.raises(ReleaseFailed, match="in progress"):
        world.rehearse()


def test_a_rehearsal_reads_the_real_parameters(new_world: FakeWorld) -> None:
    new_world.parameters.values.clear()
    with pytest.raises(ConfigurationError, match="6 of 6 parameters are missing"):
        new_world.rehearse()


def test_a_rehearsal_judges_the_real_scan_of_an_image_that_is_there(world: FakeWorld) -> None:
    world.change(CHART)
    world.registry.answers(f"erp/{NOTIFICATION}", scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="1 of 3 images over the policy"):
        world.rehearse()


def test_a_rehearsal_after_a_cut_off_rollout_assumes_that_it_succeeds(world: FakeWorld) -> None:
    world.keeps_failures()
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="not complete in time"):
        world.run()
    assert world.rehearse().outcome == "rehearsed"
    assert world.actions() == {NOTIFICATION: "redeploy"}
    assert world.functions.states[FUNCTION].last_update == "Successful"


def test_a_rehearsal_assumes_the_scan_that_nobody_made_and_waits_for_none(world: FakeWorld) -> None:
    world.change(CHART)
    world.registry.scans_nothing_by_itself(f"erp/{NOTIFICATION}")
    report = world.rehearse()
    assert report.outcome == "rehearsed"
    assert "start_scan" in world.verbs()
    assert world.registry.started == []
    assert world.seconds("judge images") < world.project.gate.timeout / 2


def test_a_rehearsal_finds_in_an_assumed_scan_what_the_last_one_found(world: FakeWorld) -> None:
    world.change(CHART)
    digest = world.registry.tags[f"erp/{NOTIFICATION}", "latest"]
    world.registry.pushed[digest] = datetime(2027, 1, 1, tzinfo=UTC)
    world.registry.answers(digest, scan(LOW=3))
    report = world.rehearse()
    assert report.judgement
    verdicts = {row.image.target: row.verdict for row in report.judgement.rows}
    assert verdicts[NOTIFICATION].why == "3 LOW"
    assert world.registry.started == []

"""Functions and rollouts over the fakes."""

import pytest

from erp_build.errors import FunctionUpdateFailed, ReleaseFailed
from tests.fake_world.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION


def test_somebody_elses_update_is_waited_for(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    world.functions.is_busy(FUNCTION, reads=5)
    assert world.run().outcome == "deployed"
    assert len(world.functions.updates) == 2


def test_an_update_without_end_says_its_last_state(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    world.functions.reads_until_settled = 10_000
    with pytest.raises(FunctionUpdateFailed, match="does not end") as caught:
        world.run()
    assert "InProgress" in caught.value.why


def test_a_failed_update_says_lambdas_reason(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    world.functions.fails_with("ImageAccessDenied")
    with pytest.raises(FunctionUpdateFailed) as caught:
        world.run()
    assert "ImageAccessDenied" in caught.value.why
    assert not any(effect.endswith(":latest") for effect in world.performed())


def test_a_missing_function_stops_before_the_first_build(new_world: FakeWorld) -> None:
    del new_world.functions.states[FUNCTION]
    with pytest.raises(FunctionUpdateFailed, match="there is no function"):
        new_world.run()
    assert new_world.performed() == []


@pytest.mark.parametrize(
    ("reason", "restarts", "seconds"),
    [
        pytest.param("InvalidImageName", 0, 0, id="a name that can never be pulled, at once"),
        pytest.param("CrashLoopBackOff", 2, 0, id="a crash loop, at the second restart"),
        pytest.param("ImagePullBackOff", 0, 30, id="a pull that fails, after a while"),
        pytest.param("CreateContainerConfigError", 0, 30, id="a missing secret, after a while"),
    ],
)
def test_a_rollout_that_cannot_succeed_ends_early(world: FakeWorld, reason: str, restarts: int, seconds: float) -> None:
    world.release.waits_with(NOTIFICATION, reason, restarts)
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="cannot succeed") as caught:
        world.run()
    assert reason in caught.value.why
    deploy = next(stage for stage in world.report.stages if stage.name == "deploy")
    assert deploy.seconds == seconds


def test_pods_that_never_get_ready_end_the_run_at_the_time_out(world: FakeWorld) -> None:
    world.release.never_gets_ready(NOTIFICATION)
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="not complete in time") as caught:
        world.run()
    assert f"{NOTIFICATION}: 2 of 2 updated, 0 ready" in caught.value.why
    assert next(stage for stage in world.report.stages if stage.name == "deploy").seconds == 300


def test_a_rollout_that_was_left_incomplete_is_redeployed(world: FakeWorld) -> None:
    world.release.never_gets_ready(NOTIFICATION)
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed):
        world.run()
    world.release._never_ready.clear()
    assert world.run().outcome == "deployed"
    assert world.actions()[NOTIFICATION] == "redeploy"

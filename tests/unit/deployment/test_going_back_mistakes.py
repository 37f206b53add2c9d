"""A deployment that ends with any error, also while it goes back: nothing is hidden, and its end is written down."""

from copy import copy
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from botocore.exceptions import EndpointConnectionError

from erp_build.clients.site import Site
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.errors import (
    ConfigurationError,
    ErpBuildError,
    Locked,
    OutOfReach,
    ReleaseFailed,
    told,
)
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.failing import fail, fail_with, outcomes
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION

MISTAKES = [
    KeyError("resourceVersion"),
    OSError(28, "No space left on device"),
    EndpointConnectionError(endpoint_url="https://lambda.invalid"),
    ConfigurationError("the parameter is gone"),
    ErpBuildError("a bug"),
]


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

"""`status --exit-code`: each state of what runs has a code of its own, and what cannot be read is no good state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from erp_build.cli.verbs import status
from erp_build.errors import (
    DriftFound,
    ErpBuildError,
    FunctionUpdateFailed,
    Locked,
    OutOfReach,
    ReleaseFailed,
    StatusUnread,
    VerificationFailed,
)
from erp_build.model.releases.lease import Lease, LeaseReading
from erp_build.model.releases.release import Release
from tests.fakes.deployments import NEVER_READY
from tests.fakes.leases import FakeLeases
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.cli import CommandLine
from tests.support.samples import NOTIFICATION
from tests.support.world_console import WorldConsole


def asked(world: FakeWorld, *, exit_code: bool = True) -> tuple[ErpBuildError | None, str]:
    """What `status` ends with, and what it has printed by then."""
    options = status.Options()
    vars(options).update(repo=str(world.root), exit_code=exit_code)
    console = WorldConsole(world, options)
    try:
        status.main(options, console)
    except ErpBuildError as error:
        return error, console.out.getvalue()
    return None, console.out.getvalue()


def held(world: FakeWorld, *, seconds: float = 60.0) -> None:
    lease = world.leases.lease or Lease()
    now = world.leases.now
    world.leases.lease = replace(lease, holder="h", build="erp:7", acquired=now, renewed=now, seconds=seconds)


def edited(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = 5


def updated_by_hand(world: FakeWorld) -> None:
    state = world.functions.states[FUNCTION]
    other = f"{state.resolved.partition('@')[0]}@sha256:{'f' * 64}"
    world.functions.states[FUNCTION] = replace(state, image=other, resolved=other)


def rolled_back_by_hand(world: FakeWorld) -> None:
    before = world.helm.revisions[-1].number
    world.change(NOTIFICATION)
    world.run()
    world.helm.rollback(before)
    # A rollout goes on while somebody looks.
    for _ in range(9):
        world.cluster.workloads(world.site().release)


def failed(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        world.run()
    world.cluster.troubles.clear()


def never_proven(world: FakeWorld) -> None:
    world.leases.lease = None


def out_of_reach(world: FakeWorld) -> None:
    world.leases.troubles = [OutOfReach("the API server does not answer")] * 100


def test_what_was_proven_and_nobody_touched_is_well(world: FakeWorld) -> None:
    error, printed = asked(world)
    assert error is None
    assert "which runs" in printed


@pytest.mark.parametrize(
    ("happens", "kind", "code", "why"),
    [
        pytest.param(edited, DriftFound, 14, "replicas: 5 instead of 2", id="an edit by hand"),
        pytest.param(updated_by_hand, DriftFound, 14, "image: sha256:ffff", id="a function updated by hand"),
        pytest.param(
            rolled_back_by_hand, DriftFound, 14, "not the one that was proven last", id="helm rollback by hand"
        ),
        pytest.param(failed, VerificationFailed, 10, "taken back", id="a deployment that was taken back"),
        pytest.param(never_proven, VerificationFailed, 10, "no deployment that was proven", id="nothing proven"),
        pytest.param(held, Locked, 11, "erp:7 holds the lock", id="a run at work"),
        pytest.param(out_of_reach, StatusUnread, 15, "", id="a cluster that does not answer"),
    ],
)
def test_each_state_has_its_code(
    world: FakeWorld, happens: Callable[[FakeWorld], None], kind: type[ErpBuildError], code: int, why: str
) -> None:
    happens(world)
    error, printed = asked(world)
    assert type(error) is kind
    assert error is not None
    assert error.code == code
    assert why in error.why
    # What can be read is printed all the same.
    assert bool(printed) == (kind is not StatusUnread)


def test_pods_that_get_ready_within_a_minute_are_well_and_others_are_not(world: FakeWorld) -> None:
    """A node is drained, or an autoscaler wants more."""
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.cluster.at(world.clock.monotonic() + 50, world.cluster.troubles.clear)
    assert asked(world)[0] is None
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    began = world.clock.monotonic()
    error, _ = asked(world)
    assert type(error) is VerificationFailed
    assert NOTIFICATION in error.why
    assert 60 <= world.clock.monotonic() - began < 70


def test_without_the_option_only_what_cannot_be_read_is_an_error(world: FakeWorld) -> None:
    for happens in (edited, failed, held):
        happens(world)
        assert asked(world, exit_code=False)[0] is None


def test_a_ledger_that_cannot_be_read_is_no_good_state(world: FakeWorld) -> None:
    world.leases.troubles = [ReleaseFailed("leases.coordination.k8s.io is forbidden")] * 100
    assert asked(world, exit_code=False)[0] is None
    error, _ = asked(world)
    assert (type(error), error and error.what) == (StatusUnread, "leases.coordination.k8s.io is forbidden")


def test_a_failed_deployment_counts_for_more_than_drift_and_a_run_at_work_for_more_than_both(world: FakeWorld) -> None:
    failed(world)
    edited(world)
    assert type(asked(world)[0]) is VerificationFailed
    held(world)
    assert type(asked(world)[0]) is Locked


class FreedMeanwhile(FakeLeases):
    """The run that holds the lock ends as soon as somebody has looked."""

    def read(self, release: Release) -> LeaseReading:
        found = super().read(release)
        self.lease = found.lease and found.lease.freed()
        return found


def test_a_run_that_ended_while_the_status_was_read_was_at_work(world: FakeWorld) -> None:
    held(world)
    edited(world)
    world.leases.__class__ = FreedMeanwhile
    # What was read first is of the time before its end, and no drift.
    assert type(asked(world)[0]) is Locked
    assert type(asked(world)[0]) is DriftFound


def test_the_lock_of_a_run_that_died_is_held_by_nobody(world: FakeWorld) -> None:
    held(world, seconds=15.0)
    world.clock.sleep(timedelta(minutes=1).total_seconds())
    assert asked(world)[0] is None


def test_a_service_that_the_release_has_not_is_not_well(world: FakeWorld) -> None:
    new = world.project.services[0]._replace(name="new", repository="new", values_key="services.new")
    world.project = world.project._replace(services=(*world.project.services, new))
    error, _ = asked(world)
    assert type(error) is DriftFound
    assert "new: the release has no Deployment with its image" in error.why


def test_a_function_that_is_gone_cannot_be_read(world: FakeWorld) -> None:
    del world.functions.states[FUNCTION]
    assert type(asked(world)[0]) is StatusUnread
    assert type(asked(world, exit_code=False)[0]) is FunctionUpdateFailed


def test_a_mistake_of_the_caller_stays_one(erp_build: CommandLine, tmp_path: object) -> None:
    assert erp_build("status", "--exit-code", "--unit", "none", "--repo", str(tmp_path)).code == 2

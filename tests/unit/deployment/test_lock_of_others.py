"""A lock that somebody else holds or writes: how long it is waited for by the server's time, and what is given back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from erp_build.deployment.claim import Claim
from erp_build.deployment.lock import MAX_WRITE_ATTEMPTS, take_lock
from erp_build.errors import Interrupted, Locked, OutOfReach, ReleaseFailed
from erp_build.model.project import MAX_LOCK_EXPIRES_S
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from tests.fakes.world import FakeWorld

CLAIM = Claim(holder="me/1", commit="a" * 40, build="erp-unified-build:2", seconds=30.0)


def test_a_heartbeat_that_names_a_time_far_ahead_is_waited_for_no_longer_than_the_lock_lasts(world: FakeWorld) -> None:
    world.leases.is_held(alive=False, seconds=30)
    assert world.leases.lease is not None
    world.leases.lease = replace(world.leases.lease, renewed=world.leases.now + timedelta(days=300))
    start = world.clock.monotonic()
    take_lock(world.site(), CLAIM)
    assert 30 <= world.clock.monotonic() - start <= 31


def test_a_dead_lock_that_lasts_for_days_is_not_waited_for(world: FakeWorld) -> None:
    world.leases.is_held(alive=False, seconds=360_000)
    start = world.clock.monotonic()
    with pytest.raises(Locked, match="does not expire in time") as caught:
        take_lock(world.site(), CLAIM)
    assert world.clock.monotonic() - start <= MAX_LOCK_EXPIRES_S + 1
    assert "gives no sign of life" in caught.value.why
    assert "erp-build unlock --force" in caught.value.next_step


@pytest.mark.parametrize(
    "error", [ReleaseFailed("no answer", where="erp-dev"), Interrupted(15, "SIGTERM"), KeyError("x")]
)
def test_a_lock_whose_answer_was_lost_is_given_back(world: FakeWorld, error: BaseException) -> None:
    real = world.effects.write_lease

    def write(release: Release, lease: Lease) -> Lease | None:
        stored = real(release, lease)
        if lease.holder:
            raise error
        return stored

    world.effects.write_lease = write  # type: ignore[method-assign]
    with pytest.raises(type(error)):
        take_lock(world.site(), CLAIM)
    assert world.leases.lease is not None
    assert world.leases.lease.holder == ""


def test_a_lock_that_something_else_writes_all_the_time_is_not_said_to_be_ours_and_held(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    world.effects.write_lease = lambda release, lease: None  # type: ignore[method-assign] # noqa: ARG005
    world.clock.sleep(25)
    with pytest.raises(ReleaseFailed, match="the lock cannot be renewed") as caught:
        lock.write_entries(())
    assert f"{MAX_WRITE_ATTEMPTS} writes in a row were refused" in caught.value.why
    assert CLAIM.build not in caught.value.why


def test_a_lock_that_was_freed_with_a_lost_answer_was_not_lost(world: FakeWorld) -> None:
    real, freed = world.effects.write_lease, list[Lease]()

    def write(release: Release, lease: Lease) -> Lease | None:
        stored = real(release, lease)
        if lease.holder or freed:
            return stored
        freed.append(lease)
        # The client sent it again, and the second answer says that somebody has written it since.
        return None

    world.effects.write_lease = write  # type: ignore[method-assign]
    with take_lock(world.site(), CLAIM):
        pass
    assert freed


def test_a_heartbeat_counts_from_before_its_request(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    real = world.effects.write_lease

    def slow(release: Release, lease: Lease) -> Lease | None:
        stored = real(release, lease)
        world.clock.sleep(29)
        return stored

    world.clock.sleep(25)
    world.effects.write_lease = slow  # type: ignore[method-assign]
    lock.require_held()
    world.leases.troubles += [OutOfReach("no answer", where="erp-dev")] * 1000
    with pytest.raises(OutOfReach, match="no answer"):
        lock.require_held()

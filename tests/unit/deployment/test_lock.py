"""The lock: taken by one run at a time, renewed, waited for, taken over from the dead, and freed."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from erp_build.deployment.claim import Claim, claim_of
from erp_build.deployment.ledger import LedgerEntry, PreviousState
from erp_build.deployment.lock import Lock, take_lock
from erp_build.errors import Interrupted, Locked, OutOfReach, ReleaseFailed, told
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from erp_build.run_options import Options
from tests.fakes.account import FakeProgress
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

RELEASE = Release("erp-dev", "erp-dev", "erp-microservices")
CLAIM = Claim(holder="me/1", commit="a" * 40, build="erp-unified-build:2", seconds=30.0)
ENTRY = LedgerEntry(
    at="2026-11-20T10:00:00+00:00", commit="a" * 40, build=CLAIM.build, before=PreviousState(revision=1)
)


def take(world: FakeWorld, wait: float = 0.0) -> Lock:
    return take_lock(world.site(), replace(CLAIM, wait=wait))


def test_a_run_holds_the_lock_while_it_deploys_and_frees_it(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    world.run(Options(variables={"CODEBUILD_BUILD_ID": "erp-unified-build:7"}))
    assert world.leases.lease is not None
    assert (world.leases.lease.holder, world.leases.lease.commit) == ("", head)
    assert world.leases.lease.build == "erp-unified-build:7"


def test_a_run_with_nothing_to_do_takes_no_lock(world: FakeWorld) -> None:
    world.leases.is_held(alive=True)
    before = world.leases.lease
    assert world.run().outcome == "nothing"
    assert world.leases.lease == before


def test_a_failed_run_frees_the_lock(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.helm.failures["check_chart"] = ReleaseFailed("does not render")
    with pytest.raises(ReleaseFailed, match="does not render"):
        world.run()
    assert world.leases.lease is not None
    assert world.leases.lease.holder == ""


def test_a_failed_run_leaves_that_word_in_the_lock_until_one_ends_well(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.helm.failures["check_chart"] = ReleaseFailed("does not render")
    with pytest.raises(ReleaseFailed, match="does not render"):
        world.run(Options(variables={"CODEBUILD_BUILD_ID": "erp-unified-build:7"}))
    assert world.leases.lease is not None
    assert world.leases.lease.failed == "erp-unified-build:7"
    world.helm.failures.clear()
    assert world.run().recovers
    assert world.leases.lease.failed == ""
    world.change(NOTIFICATION, text="more")
    assert not world.run().recovers


def test_a_holder_that_renews_the_lock_ends_the_run_and_is_named(world: FakeWorld) -> None:
    world.leases.is_held(alive=True)
    world.change(NOTIFICATION)
    with pytest.raises(Locked, match="another run deploys") as caught:
        world.run()
    assert caught.value.code == 11
    assert "erp-unified-build:1 holds the lock since 2026-01-01" in caught.value.why
    assert "for commit cccccccccccc" in caught.value.why
    assert "erp-build unlock" in caught.value.next_step
    assert world.verbs() == []


def test_a_holder_that_renews_the_lock_is_waited_for_when_asked(world: FakeWorld) -> None:
    world.leases.is_held(alive=True, until=world.clock.monotonic() + 90)
    start = world.clock.monotonic()
    take(world, wait=600)
    assert 90 <= world.clock.monotonic() - start <= 92


def test_the_wait_for_a_holder_that_renews_the_lock_ends(world: FakeWorld) -> None:
    world.leases.is_held(alive=True)
    start = world.clock.monotonic()
    with pytest.raises(Locked, match="another run deploys"):
        take(world, wait=60)
    assert 60 <= world.clock.monotonic() - start <= 61


def test_a_dead_holder_is_waited_out_without_being_asked(world: FakeWorld) -> None:
    world.leases.is_held(alive=False, seconds=30)
    start = world.clock.monotonic()
    take(world)
    assert 30 <= world.clock.monotonic() - start <= 31
    assert "the lock of erp-unified-build:1 has expired: that run ended without freeing it" in world.progress.lines


def test_of_two_that_write_at_once_one_gets_it(world: FakeWorld) -> None:
    world.leases.another_is_faster()
    with pytest.raises(Locked, match="another run deploys"):
        take(world)


def test_an_answer_that_was_lost_is_found_to_be_ours(world: FakeWorld) -> None:
    take(world)
    before = world.leases.lease
    take(world)
    assert world.leases.lease == before


def test_a_heartbeat_moves_the_time(world: FakeWorld) -> None:
    lock = take(world)
    world.clock.sleep(25)
    lock.require_held()
    assert world.leases.lease is not None
    assert world.leases.lease.renewed == world.leases.now


def test_a_lock_that_was_taken_away_stops_the_run_before_its_next_step(world: FakeWorld) -> None:
    lock = take(world)
    world.clock.sleep(60)
    world.leases.is_held(alive=True)
    with pytest.raises(Locked, match="another run deploys"):
        lock.require_held()


def test_a_lock_that_was_taken_away_is_not_freed_for_its_new_holder(world: FakeWorld) -> None:
    with pytest.raises(Locked, match="another run deploys") as caught, take(world):
        world.leases.is_held(alive=True)
    assert "everything that this run had to do was done" in caught.value.why
    assert world.leases.lease is not None
    assert world.leases.lease.holder == "other-1"


def test_heartbeats_are_given_while_the_work_goes_on(world: FakeWorld) -> None:
    claim = replace(CLAIM, seconds=0.06)
    with take_lock(world.site(), claim):
        version = world.leases.lease.version if world.leases.lease else ""
        for _ in range(500):
            if world.leases.lease and world.leases.lease.version != version:
                break
            time.sleep(0.01)
        else:
            pytest.fail("the lock was never renewed")


def test_what_is_written_down_outlives_the_run(world: FakeWorld) -> None:
    with take(world) as lock:
        lock.write_entries((ENTRY,))
    assert take_lock(world.site(), replace(CLAIM, holder="next/1")).entries == (ENTRY,)


def test_a_rehearsal_takes_no_lock_and_waits_for_none(world: FakeWorld) -> None:
    world.leases.is_held(alive=True)
    before = world.leases.lease
    assert before is not None
    world.change(NOTIFICATION)
    assert world.rehearse().outcome == "rehearsed"
    assert world.leases.lease is not None
    assert world.leases.lease.version == before.version


def test_a_claim_is_named_after_the_build_and_is_never_the_same_twice() -> None:
    variables = {"CODEBUILD_BUILD_ID": "erp-unified-build:7"}
    one, two = (claim_of(variables, "0" * 40, 30, 0) for _ in range(2))
    assert one.build == two.build == "erp-unified-build:7"
    assert one.holder != two.holder
    assert "@" in claim_of({}, "0" * 40, 30, 0).build


ODD = [OSError("connection reset"), KeyError("Date"), KeyError("resourceVersion"), ReleaseFailed("HTTP 500")]


def soon(happens: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("trouble", ODD, ids=str)
def test_a_heartbeat_that_fails_is_said_and_the_next_one_is_given(world: FakeWorld, trouble: Exception) -> None:
    with take_lock(world.site(), replace(CLAIM, seconds=0.06)) as lock:
        world.leases.troubles.append(trouble)
        said = f"a heartbeat of the lock failed: {told(trouble)}"
        soon(lambda: said in world.progress.lines)
        version = world.leases.lease.version if world.leases.lease else ""
        soon(lambda: world.leases.lease and world.leases.lease.version != version)
        lock.require_held()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_without_a_thread_that_sends_heartbeats_no_further_step_is_made(world: FakeWorld) -> None:
    class Mute(FakeProgress):
        def say(self, text: str, target: str = "") -> None:
            raise SystemExit(f"{text} {target}")

    site = world.site()
    site = replace(site, clients=replace(site.clients, progress=Mute()))
    before = threading.active_count()
    lock = take_lock(site, replace(CLAIM, seconds=0.06))
    with lock:
        world.leases.troubles.append(OSError("connection reset"))
        soon(lambda: threading.active_count() == before)
        with pytest.raises(Locked, match="not renewed any more"):
            lock.require_held()


def lose_and_find_again(world: FakeWorld, lock: Lock) -> Lease | None:
    """Another run takes the lock, which a heartbeat sees; then the Lease is ours again, which changes nothing."""
    ours = world.leases.lease
    world.leases.is_held(alive=True)
    soon(lambda: any("a heartbeat of the lock failed" in line for line in world.progress.lines))
    world.leases.stays_alive(alive=False)
    world.leases.lease = ours
    for _ in range(2):
        with pytest.raises(Locked, match="another run deploys"):
            lock.require_held()
    with pytest.raises(Locked, match="another run deploys"):
        lock.write_entries((ENTRY,))
    return ours


def test_a_lock_that_was_once_seen_lost_stays_lost(world: FakeWorld) -> None:
    lock = take_lock(world.site(), replace(CLAIM, seconds=0.06))
    with pytest.raises(Locked, match="another run deploys"), lock:
        ours = lose_and_find_again(world, lock)
    assert sum("a heartbeat of the lock failed" in line for line in world.progress.lines) == 1
    assert world.leases.lease == ours


def test_after_a_signal_the_lock_is_freed_at_once_or_not_at_all(world: FakeWorld) -> None:
    lock = take(world)
    world.leases.troubles += [OutOfReach("the cluster cannot be reached", where="erp-dev")] * 2
    began = world.clock.monotonic()
    with pytest.raises(Interrupted, match="SIGTERM"), lock:
        raise Interrupted(15, "SIGTERM")
    assert world.clock.monotonic() == began
    assert any(line.startswith("the lock cannot be freed") for line in world.progress.lines)


def test_a_lock_is_freed_although_the_cluster_cannot_answer_for_a_moment(world: FakeWorld) -> None:
    lock = take(world)
    world.leases.troubles += [OutOfReach("the cluster cannot be reached", where="erp-dev")] * 2
    with lock:
        pass
    assert world.leases.lease
    assert world.leases.lease.holder == ""


@pytest.mark.parametrize("trouble", ODD, ids=str)
def test_a_lock_that_cannot_be_freed_is_said_and_does_not_hide_how_the_run_ended(
    world: FakeWorld, trouble: Exception
) -> None:
    lock = take(world)
    world.leases.troubles.append(trouble)
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    assert f"the lock cannot be freed and will expire by itself: {told(trouble)}" in world.progress.lines

"""The lock as threads of one run ask for it: a look serves whoever asked before it began, and nobody else."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from erp_build.clients.machine.parallel import ASKED_AT_ONCE, act_at_once
from erp_build.deployment.claim import Claim
from erp_build.deployment.latest import point_latest_at
from erp_build.deployment.lock import Lock, take_lock
from erp_build.errors import Locked, OutOfReach, PushFailed
from erp_build.model.images.image import LATEST, StoredImage
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.release import Release
from tests.fakes.world import FakeWorld

CLAIM = Claim(holder="me/1", commit="a" * 40, build="erp-unified-build:2", seconds=30.0)
THREADS = 12
ARRIVING_S = 0.2
"""Seconds in which threads that were begun get as far as the lock."""

LOOK_S = 0.02
LONG_S = 60.0
"""Seconds after which a thread that waits for another one gives up; never reached."""


class SlowLooks:
    """The reads of the lease: each says that it has read, and ends when it is let go."""

    def __init__(self, world: FakeWorld) -> None:
        self.number = 0
        self._read = world.leases.read
        self._arrived, self._let_go = threading.Semaphore(0), threading.Semaphore(0)
        world.leases.read = self.read  # type: ignore[method-assign]

    def read(self, release: Release) -> LeaseReading:
        reading = self._read(release)
        self.number += 1
        self._arrived.release()
        assert self._let_go.acquire(timeout=LONG_S)
        return reading

    def next_has_read(self) -> None:
        assert self._arrived.acquire(timeout=LONG_S)

    def let_go(self, number: int = 1) -> None:
        self._let_go.release(number)


@contextmanager
def asking(lock: Lock) -> Iterator[Callable[[], Future[None]]]:
    """Gives a function that begins to ask for the lock in a thread of its own."""
    threads: list[threading.Thread] = []

    def ask() -> Future[None]:
        ended = Future[None]()

        def work() -> None:
            try:
                lock.require_held()
            except Locked as error:
                ended.set_exception(error)
            else:
                ended.set_result(None)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
        return ended

    yield ask
    for thread in threads:
        thread.join(LONG_S)


def test_one_look_serves_all_who_asked_before_it_began(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    looks = SlowLooks(world)
    with asking(lock) as ask:
        ended = [ask()]
        looks.next_has_read()
        # These ask while the first look is under way, which may have begun before what they want to know.
        ended += [ask() for _ in range(THREADS)]
        time.sleep(ARRIVING_S)
        looks.let_go(THREADS + 1)
        for one in ended:
            one.result(LONG_S)
    assert 2 <= looks.number < THREADS


def test_a_look_that_began_before_somebody_asked_does_not_serve_him(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    looks = SlowLooks(world)
    with asking(lock) as ask:
        first = ask()
        looks.next_has_read()
        world.leases.is_held(alive=True)
        second = ask()
        time.sleep(ARRIVING_S)
        looks.let_go(2)
        first.result(LONG_S)
        with pytest.raises(Locked, match="another run deploys"):
            second.result(LONG_S)


def test_a_loss_that_one_thread_sees_is_one_of_all(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    world.leases.is_held(alive=True)
    with pytest.raises(Locked, match="another run deploys") as caught:
        act_at_once(lambda _: lock.require_held(), range(THREADS), THREADS)
    assert "targets failed" not in caught.value.what


def test_threads_whose_look_was_not_answered_go_on_while_nobody_else_may_take_the_lock(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    world.leases.troubles += [OutOfReach("no answer", where="erp-dev")] * 1000
    act_at_once(lambda _: lock.require_held(), range(THREADS), THREADS)
    world.clock.sleep(CLAIM.seconds)
    with pytest.raises(OutOfReach, match="no answer"):
        act_at_once(lambda _: lock.require_held(), range(THREADS), THREADS)


def images_of(world: FakeWorld, number: int) -> dict[str, tuple[str, str]]:
    """Target -> repository and digest of an image, which `latest` does not name."""
    found = {}
    for one in range(number):
        repository = f"erp/svc-{one}"
        world.registry.repositories.add(repository)
        found[f"svc-{one}"] = repository, world.registry.push(repository, "abc1234", "1" * 40)
    return found


def test_latest_of_many_moves_with_fewer_looks_than_moves(world: FakeWorld) -> None:
    lock = take_lock(world.site(), CLAIM)
    images = images_of(world, 4 * ASKED_AT_ONCE)
    real, looks = world.leases.read, list[object]()

    def read(release: Release) -> LeaseReading:
        looks.append(release)
        time.sleep(LOOK_S)
        return real(release)

    world.leases.read = read  # type: ignore[method-assign]
    point_latest_at(lock.site, images)
    assert {repository: world.latest()[repository] for repository, _ in images.values()} == dict(images.values())
    # How many are shared depends on how busy the machine is.
    assert 0 < len(looks) < 2 * len(images)


def test_latest_that_cannot_move_for_one_ends_with_its_error_and_those_that_were_begun_are_moved(
    world: FakeWorld,
) -> None:
    lock = take_lock(world.site(), CLAIM)
    images = images_of(world, 4)
    refused, real = images["svc-1"][0], world.effects.tag
    meeting = threading.Barrier(4, timeout=LONG_S)

    def refuse(image: StoredImage, tag: str) -> None:
        meeting.wait()
        if image.repository == refused:
            raise PushFailed("no", where=refused)
        real(image, tag)

    world.effects.tag = refuse  # type: ignore[method-assign]
    with pytest.raises(PushFailed, match="no") as caught:
        point_latest_at(lock.site, images)
    assert caught.value.where == refused
    moved = {repository for repository, _ in images.values() if (repository, LATEST) in world.registry.tags}
    assert moved == {repository for repository, _ in images.values()} - {refused}

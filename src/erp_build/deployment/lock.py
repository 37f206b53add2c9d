"""The lock: only one run at a time may change a release. A run takes it, renews it by heartbeats, and frees it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from erp_build.clients.site import Site
from erp_build.clients.way_out import NothingBegins
from erp_build.deployment.claim import Claim
from erp_build.deployment.fencing.effects import FencedEffects
from erp_build.deployment.fencing.watch import Watch, locked_by
from erp_build.deployment.ledger import LedgerEntry, as_text, read_entries
from erp_build.errors import Locked, ReleaseFailed, attempt, explain, told
from erp_build.model.releases.lease import Lease, LeaseReading
from erp_build.model.releases.release import Release, Revision
from erp_build.model.stages.stage import stage

LOCK_POLL_S = 1.0
"""Seconds between two looks at a lock that somebody else holds."""

HEARTBEATS_PER_EXPIRY = 3
"""Heartbeats in the time after which a lock expires: two may be lost on the way."""

MAX_WRITE_ATTEMPTS = 10
WRITE_POLL_S = 0.2
"""Seconds between two attempts to write a lease that somebody else has just written."""

SERVER_TIME_STEP_S = 1.0
"""The API server tells its time in whole seconds."""


@stage("the cluster's Lease")
def take_lock(site: Site, claim: Claim) -> "Lock":
    """Take the lock of a release.

    A holder without heartbeats is waited for until its lock expires. A holder whose heartbeats go on ends the run with
    `Locked`, after the wait that the claim allows. If this fails, the lock is not kept.
    """
    try:
        return _take(site, claim)
    except BaseException:
        attempt(partial(_give_back, site, claim))
        raise


def _take(site: Site, claim: Claim) -> "Lock":
    clock = site.clients.clock
    watch = Watch(site, claim.wait)
    while True:
        began = clock.monotonic()
        reading = site.clients.leases.read(site.release)
        current = reading.lease or Lease()
        if current.holder == claim.holder:
            # An earlier write of ours arrived although its answer did not.
            return Lock(site, current, valid_until=_valid_until(current, reading, began))
        if not watch.is_held(reading):
            if current.holder:
                site.say(f"the lock of {current.build} has expired: that run ended without freeing it")
            wanted = current.taken_by(claim.holder, claim.commit, claim.build, claim.seconds, reading.now)
            if taken := site.clients.effects.write_lease(site.release, wanted):
                return Lock(site, taken, former=current, valid_until=_valid_until(taken, reading, began))
            # Another run wrote the lease between our read and our write: read it again.
            continue
        clock.require_time()
        clock.sleep(min(LOCK_POLL_S, claim.seconds / HEARTBEATS_PER_EXPIRY))


def _give_back(site: Site, claim: Claim) -> None:
    """Free the lock if a write of ours has arrived all the same."""
    lease = site.clients.leases.read(site.release).lease
    if lease and lease.holder == claim.holder:
        site.clients.effects.write_lease(site.release, lease.freed(failed=True))


def _valid_until(lease: Lease, reading: LeaseReading, began: float) -> float:
    """The moment of this machine's clock until which nobody else may take a lease of ours.

    It is counted from before the request: however long the answer took, the server's time was not earlier.
    """
    left = (lease.expires - reading.now).total_seconds() if lease.expires else 0.0
    return began + left - SERVER_TIME_STEP_S


class Lock:
    """A lock that this run holds. As a context manager it sends heartbeats from a thread and frees the lock at the end.

    Attributes:
        former: the lease as the previous run left it.
        site: the site with fenced effects: before each that changes what runs, they ask for the lock.
    """

    def __init__(self, site: Site, lease: Lease, *, valid_until: float, former: Lease | None = None) -> None:
        self.former = former or Lease()
        self._site = site
        self._release = site.release
        self._lease = lease
        self._lost: Locked | None = None
        """Why it is not ours any more; None while it is. A lock that was lost once stays lost."""
        self._is_taken = False
        """Whether it was lost because its Lease is another run's."""
        self._mutex = threading.RLock()
        self._looks = 0
        """Looks at the Lease that have begun."""
        self._last_good_look = 0
        """The number of the last look after which the lock was still ours."""
        self._ended = threading.Event()
        self._valid_until = valid_until
        self._thread = threading.Thread(target=self._send_heartbeats, daemon=True)
        self._effects = FencedEffects(site, self)
        self.site = replace(site, clients=replace(site.clients, effects=self._effects))

    def __enter__(self) -> Self:
        """Start the heartbeats."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the lock. If that fails, the lock expires by itself. If the lock was lost, that is how the run ends."""
        self._ended.set()
        free, free_if_ours = partial(self._free, failed=error is not None), self._free_if_ours
        if error is not None and not isinstance(error, Exception):
            # A signal leaves no time to ask a second time.
            free, free_if_ours = (partial(self._site.clients.patience.ask_once, work) for work in (free, free_if_ours))
        # A heartbeat under way has a limit, and a signal calls it off: then the mutex is free.
        trouble = attempt(self._require_not_lost) or attempt(free)
        if not isinstance(trouble, Locked):
            if trouble:
                self._site.say(f"the lock cannot be freed and will expire by itself: {told(trouble)}")
            return
        if not self._is_taken:
            # Somebody else's change of the release ends this run, but the Lease is still ours.
            attempt(free_if_ours)
        if error is None:
            explain(trouble, "this was seen at the end: everything that this run had to do was done before it")
            raise trouble
        if isinstance(error, Exception) and not isinstance(error, Locked):
            explain(trouble, "before this was seen, the run had failed:", told(error))
            raise trouble from error

    @property
    def build(self) -> str:
        """The build that holds it."""
        return self._lease.build

    @property
    def time(self) -> str:
        """The API server's time of the last heartbeat, ISO 8601."""
        return self._lease.renewed.isoformat(timespec="seconds") if self._lease.renewed else ""

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """The past deployments that are written down in it, oldest first."""
        return read_entries(self._lease.record)

    def write_entries(self, entries: tuple[LedgerEntry, ...]) -> None:
        """Write down the deployments; the same write is a heartbeat."""
        self._write(lambda lease: replace(lease, record=as_text(entries)))

    def builds_on(self, revision: Revision | None) -> None:
        """Tell the newest revision of the release, as it was read under the lock; None: there is no release.

        From then on a revision that this run has not made ends it with `Locked`.
        """
        self._effects.revision.builds_on(revision)

    def require_held(self) -> None:
        """Ask the cluster, and raise `Locked` if the lock is not ours any more: another run may be deploying.

        A cluster that does not answer is no loss, as long as nobody else may take the lock. This is asked before every
        step that moves something, so it raises `RunTimedOut` as well. One look serves every thread that asked before
        it began.
        """
        self._site.clients.clock.require_time()
        self._require_not_lost()
        self._require_heartbeats()
        begun = self._looks
        with self._mutex:
            self._require_not_lost()
            if self._last_good_look > begun and self._left > 0:
                # Another thread has looked meanwhile, and began after this call: it asked the same.
                return
            try:
                self._site.clients.patience.ask_once(self._look_and_renew)
            except ReleaseFailed:
                # Asking again takes time, in which the lock expires. So it is done only where that has happened.
                if self._left <= 0:
                    self._look_and_renew()
                self._last_good_look = self._looks

    def _look_and_renew(self) -> None:
        self._look()
        if self._left < self._lease.seconds / HEARTBEATS_PER_EXPIRY:
            self._write(lambda lease: lease)

    def require_undisturbed(self) -> None:
        """Raise `Locked` if the lock is lost, or if somebody else has changed the release."""
        self.require_held()
        self._effects.revision.require_newest()

    def lose(self, error: Locked) -> Locked:
        """Give the lock up for good; returns the error, to be raised."""
        self._lost = self._lost or error
        return error

    @property
    def _left(self) -> float:
        """Seconds for which nobody else may take the lock."""
        return self._valid_until - self._site.clients.clock.monotonic()

    def _require_not_lost(self) -> None:
        if self._lost:
            raise Locked(self._lost.what, where=self._lost.where, why=self._lost.why, next_step=self._lost.next_step)

    def _require_heartbeats(self) -> None:
        was_started = self._thread.ident is not None
        if was_started and not self._thread.is_alive():
            raise Locked(
                "the lock is not renewed any more",
                where=str(self._release),
                why="the thread that sends the heartbeats has ended, so another run may take the lock",
                next_step="run again; the messages above say why the heartbeats failed",
            )

    def _send_heartbeats(self) -> None:
        """Send heartbeats until the end, or until the lock is lost; report one that fails, and send the next."""
        while not self._lost and not self._ended.wait(self._lease.seconds / HEARTBEATS_PER_EXPIRY):
            try:
                trouble = attempt(self._send_heartbeat)
            except NothingBegins:
                return
            if trouble:
                self._site.say(f"a heartbeat of the lock failed: {told(trouble)}")

    def _send_heartbeat(self) -> None:
        with self._mutex:
            # `__exit__` may have freed the lock while this thread waited for the mutex.
            # Once: the next heartbeat asks again, and meanwhile another thread may want the mutex.
            if not self._ended.is_set():
                self._site.clients.patience.ask_once(lambda: self._write(lambda lease: lease))

    def _look(self) -> LeaseReading:
        """Read the lease; raises `Locked` if it is not ours."""
        self._looks += 1
        began = self._site.clients.clock.monotonic()
        reading = self._site.clients.leases.read(self._release)
        if reading.lease is None or reading.lease.holder != self._lease.holder:
            self._is_taken = True
            raise self.lose(locked_by(self._release, reading.lease or Lease()))
        self._valid_until = _valid_until(reading.lease, reading, began)
        self._last_good_look = self._looks
        return reading

    def _write(self, change: Callable[[Lease], Lease]) -> None:
        """Store the lease with a change and a new time, if it is still ours. A lock that was lost once stays lost."""
        with self._mutex:
            self._require_not_lost()
            for number in range(MAX_WRITE_ATTEMPTS):
                if number:
                    self._site.clients.clock.sleep(WRITE_POLL_S)
                began = self._site.clients.clock.monotonic()
                reading = self._look()
                assert reading.lease is not None
                wanted = change(reading.lease.renewed_at(reading.now))
                if stored := self._site.clients.effects.write_lease(self._release, wanted):
                    self._lease = replace(stored, holder=self._lease.holder)
                    self._valid_until = _valid_until(self._lease, reading, began)
                    return
            raise _always_written(self._release)

    def _free(self, *, failed: bool) -> None:
        freed = self._lease.freed(failed=failed)
        try:
            self._write(lambda lease: lease.freed(failed=failed))
        except Locked:
            now = self._site.clients.leases.read(self._release).lease
            # Our own write has arrived, and its answer has not.
            if now is None or replace(now, version=freed.version, renewed=freed.renewed) != freed:
                raise

    def _free_if_ours(self) -> None:
        reading = self._site.clients.leases.read(self._release)
        if reading.lease and reading.lease.holder == self._lease.holder:
            self._site.clients.effects.write_lease(self._release, reading.lease.freed(failed=True))


def _always_written(release: Release) -> ReleaseFailed:
    return ReleaseFailed(
        "the lock cannot be renewed",
        where=str(release),
        why=f"it is ours, but something else writes its Lease: {MAX_WRITE_ATTEMPTS} writes in a row were refused",
        next_step="kubectl get lease --output yaml --show-managed-fields in the namespace shows what writes it",
    )

"""The lock: only one run at a time may change a release. A run takes it, renews it by heartbeats, and frees it."""

import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.clients.way_out import NothingBegins
from erp_build.deployment.ledger import LedgerEntry, as_text, read_entries
from erp_build.errors import Locked, attempt, told
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from erp_build.model.stage import stage

LOCK_POLL_S = 1.0
"""Seconds between two looks at a lock that somebody else holds."""

HEARTBEATS_PER_EXPIRY = 3
"""Heartbeats in the time after which a lock expires: two may be lost on the way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who wants the lock, and why.

    Attributes:
        holder: unique for this process.
        commit: full commit that it deploys.
        build: what people know the run by.
        seconds: how long the lock stays valid without a heartbeat.
        wait: seconds to wait for a holder whose heartbeats go on.
    """

    holder: str
    commit: str
    build: str
    seconds: float
    wait: float = 0.0


def claim_of(variables: Mapping[str, str], commit: str, seconds: float, wait: float) -> Claim:
    """The claim of this process; CodeBuild's build id names it, elsewhere the user and machine."""
    build = variables.get("CODEBUILD_BUILD_ID") or f"{variables.get('USER', 'somebody')}@{socket.gethostname()}"
    return Claim(holder=f"{build}/{uuid.uuid4().hex[:8]}", commit=commit, build=build, seconds=seconds, wait=wait)


@stage("the cluster's Lease")
def take_lock(site: Site, claim: Claim) -> "Lock":
    """Take the lock of a release.

    A holder without heartbeats is waited for until its lock expires. A holder whose heartbeats go on ends the run with
    `Locked`, after the wait that the claim allows.
    """
    deadline = Deadline(site.clients.clock, claim.wait)
    first: Lease | None = None
    while True:
        reading = site.clients.leases.read(site.release)
        current = reading.lease or Lease()
        if current.holder == claim.holder:
            # An earlier write of ours arrived although its answer did not.
            return Lock(site, current)
        if not current.is_held(reading.now):
            if current.was_left(reading.now):
                site.say(f"the lock of {current.build} has expired: that run ended without freeing it")
            wanted = current.taken_by(claim.holder, claim.commit, claim.build, claim.seconds, reading.now)
            if taken := site.clients.effects.write_lease(site.release, wanted):
                return Lock(site, taken, former=current)
            # Another run wrote the lease between our read and our write: read it again.
            continue
        if first is None:
            first = current
            site.say(f"{current.build} deploys {current.commit[:12]} since {current.acquired:%H:%M:%S} UTC")
        # Only a renewal since the first look proves that the holder lives: a killed run leaves a lock that looks held.
        is_alive = (current.holder, current.renewed) != (first.holder, first.renewed)
        if is_alive and deadline.is_over:
            raise _locked(site.release, current)
        site.clients.clock.require_time()
        site.clients.clock.sleep(min(LOCK_POLL_S, claim.seconds / HEARTBEATS_PER_EXPIRY))


class Lock:
    """A lock that this run holds. As a context manager it sends heartbeats from a thread and frees the lock at the end.

    `former` is the lease as the previous run left it.
    """

    def __init__(self, site: Site, lease: Lease, former: Lease | None = None) -> None:
        self.former = former or Lease()
        self._site = site
        self._release = site.release
        self._lease = lease
        self._taken_by: Lease | None = None
        """Who holds the lock now; None while it is ours."""
        self._mutex = threading.RLock()
        self._ended = threading.Event()
        self._last_heartbeat = site.clients.clock.monotonic()
        self._thread = threading.Thread(target=self._send_heartbeats, daemon=True)

    def __enter__(self) -> Self:
        """Start the heartbeats."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the lock. If that fails, the lock expires by itself."""
        self._ended.set()
        # A heartbeat under way has a limit, and a signal calls it off: then the mutex is free.
        if trouble := attempt(partial(self._write, lambda lease: lease.freed(failed=error is not None))):
            self._site.say(f"the lock cannot be freed and will expire by itself: {told(trouble)}")

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

    def require_held(self) -> None:
        """Raise `Locked` if the lock is not ours any more, or may soon not be: another run may be deploying.

        Asked before every step that moves something, so it raises `RunTimedOut` as well.
        """
        self._site.clients.clock.require_time()
        if self._taken_by is not None:
            raise _locked(self._release, self._taken_by)
        was_started = self._thread.ident is not None
        if was_started and not self._thread.is_alive():
            raise Locked(
                "the lock is not renewed any more",
                where=str(self._release),
                why="the thread that sends the heartbeats has ended, so another run may take the lock",
                next_step="run again; the messages above say why the heartbeats failed",
            )
        silent = self._site.clients.clock.monotonic() - self._last_heartbeat
        if silent >= self._lease.seconds / HEARTBEATS_PER_EXPIRY * 2:
            # Two heartbeats are missing, and the lock expires with the third: ask the cluster before the next step.
            self._write(lambda lease: lease)

    def _send_heartbeats(self) -> None:
        """Send heartbeats until the end, or until the lock is lost; report one that fails, and send the next."""
        while self._taken_by is None and not self._ended.wait(self._lease.seconds / HEARTBEATS_PER_EXPIRY):
            try:
                trouble = attempt(self._send_heartbeat)
            except NothingBegins:
                return
            if trouble:
                self._site.say(f"a heartbeat of the lock failed: {told(trouble)}")

    def _send_heartbeat(self) -> None:
        with self._mutex:
            # `__exit__` may have freed the lock while this thread waited for the mutex.
            if not self._ended.is_set():
                self._write(lambda lease: lease)

    def _write(self, change: Callable[[Lease], Lease]) -> None:
        """Store the lease with a change and a new time, if it is still ours. A lock that was lost once stays lost."""
        with self._mutex:
            if self._taken_by is not None:
                raise _locked(self._release, self._taken_by)
            for _ in range(HEARTBEATS_PER_EXPIRY):
                reading = self._site.clients.leases.read(self._release)
                if reading.lease is None or reading.lease.holder != self._lease.holder:
                    self._taken_by = reading.lease or Lease()
                    raise _locked(self._release, self._taken_by)
                wanted = change(reading.lease.renewed_at(reading.now))
                if stored := self._site.clients.effects.write_lease(self._release, wanted):
                    self._lease = replace(stored, holder=self._lease.holder)
                    self._last_heartbeat = self._site.clients.clock.monotonic()
                    return
            raise _locked(self._release, self._lease)


def _locked(release: Release, lease: Lease) -> Locked:
    since = f" since {lease.acquired:%Y-%m-%d %H:%M:%S} UTC" if lease.acquired else ""
    return Locked(
        "another run deploys" if lease.holder else "the lock was taken away",
        where=str(release),
        why=f"{lease.build} holds the lock{since} for commit {lease.commit[:12]}" if lease.holder else "",
        next_step="wait for it (--wait-for-lock 20m); if that run is confirmed dead: erp-build unlock",
    )

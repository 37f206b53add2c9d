"""The watch of a lock that somebody else holds: does its holder live, and how long is it waited for."""

from erp_build.clients.site import Site
from erp_build.errors import Locked
from erp_build.model.project import MAX_LOCK_EXPIRES_S
from erp_build.model.releases.lease import Lease, LeaseReading
from erp_build.model.releases.release import Release


class Watch:
    """Watches a lock that somebody else holds, by the API server's time alone.

    Args:
        site: its release.
        wait: seconds to wait for a holder whose heartbeats go on.
    """

    def __init__(self, site: Site, wait: float) -> None:
        self._site = site
        self._wait = wait
        self._first: LeaseReading | None = None
        self._last: LeaseReading | None = None
        """The reading in which the newest heartbeat was seen first."""

    def is_held(self, reading: LeaseReading) -> bool:
        """Whether somebody holds the lock; raises `Locked` when it is not to be waited for any longer."""
        lease = reading.lease
        if lease is None or not lease.is_held(reading.now):
            return False
        if self._first is None:
            self._site.say(f"{lease.build} deploys {lease.commit[:12]} since {lease.acquired:%H:%M:%S} UTC")
            self._first = reading
        if self._last is None or _heartbeat(lease) != _heartbeat(self._last.lease):
            self._last = reading
        # Whatever time a heartbeat names: nothing was seen of the holder for as long as its lock lasts.
        if (reading.now - self._last.now).total_seconds() >= lease.seconds:
            return False
        # Only a renewal since the first look proves that the holder lives: a killed run leaves a lock that looks held.
        is_alive = _heartbeat(lease) != _heartbeat(self._first.lease)
        waited = (reading.now - self._first.now).total_seconds()
        # The run's own time may be over before the wait that the caller allowed.
        is_over = is_alive and not self._site.clients.clock.time_left()
        if is_over or waited >= max(self._wait, 0.0 if is_alive else MAX_LOCK_EXPIRES_S):
            raise locked_by(self._site.release, lease) if is_alive else _silent(self._site.release, lease)
        return True


def _heartbeat(lease: Lease | None) -> tuple[object, ...]:
    return (lease.holder, lease.renewed) if lease else ()


def locked_by(release: Release, lease: Lease) -> Locked:
    """The error for a lock that somebody else holds, or that was taken away."""
    since = f" since {lease.acquired:%Y-%m-%d %H:%M:%S} UTC" if lease.acquired else ""
    return Locked(
        "another run deploys" if lease.holder else "the lock was taken away",
        where=str(release),
        why=f"{lease.build} holds the lock{since} for commit {lease.commit[:12]}" if lease.holder else "",
        next_step="wait for it (--wait-for-lock 20m); if that run is confirmed dead: erp-build unlock",
    )


def _silent(release: Release, lease: Lease) -> Locked:
    return Locked(
        "the lock of another run does not expire in time",
        where=str(release),
        why=f"{lease.build} holds it for commit {lease.commit[:12]} and gives no sign of life; its last heartbeat "
        f"names {lease.renewed:%Y-%m-%d %H:%M:%S} UTC, and it lasts {lease.seconds:.0f} s longer",
        next_step="if that run is confirmed dead: erp-build unlock --force",
    )

"""The lock of a release: who deploys now, since when, and when it may be taken from a run that died."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A Kubernetes Lease (coordination.k8s.io/v1) as this program uses it.

    Attributes:
        holder: who holds it, unique for a process; empty: nobody.
        commit: the full commit that the holder deploys.
        build: the build that the holder belongs to, or the user and machine.
        acquired, renewed: times of the API server's clock.
        seconds: how long it is valid after `renewed`.
        version: the stored version that a write replaces; empty: there is none yet.
        record: the ledger of past deployments (`deployment/ledger.py`), as text.
        failed: the build whose run ended with an error under the lock, if that was the last one.
    """

    holder: str = ""
    commit: str = ""
    build: str = ""
    acquired: datetime | None = None
    renewed: datetime | None = None
    seconds: float = 0.0
    version: str = ""
    record: str = ""
    failed: str = ""

    @property
    def expires(self) -> datetime | None:
        """When it may be taken if its holder does not renew it; None if nobody holds it."""
        return self.renewed + timedelta(seconds=self.seconds) if self.holder and self.renewed else None

    def is_held(self, now: datetime) -> bool:
        """Whether somebody holds it whose last heartbeat is not too old."""
        return self.expires is not None and now < self.expires

    def was_left(self, now: datetime) -> bool:
        """Whether its holder died: it is neither free nor renewed in time."""
        return bool(self.holder) and not self.is_held(now)

    @property
    def ended_badly(self) -> bool:
        """Whether its last run failed, or was killed before it could free the lock."""
        return bool(self.failed or self.holder)

    def taken_by(self, holder: str, commit: str, build: str, seconds: float, now: datetime) -> Lease:
        """The lease as a new holder writes it."""
        return replace(self, holder=holder, commit=commit, build=build, seconds=seconds, acquired=now, renewed=now)

    def renewed_at(self, now: datetime) -> Lease:
        """The lease after another heartbeat."""
        return replace(self, renewed=now)

    def freed(self, *, failed: bool = False) -> Lease:
        """The lease as its holder leaves it; commit and build stay readable, and whether the run failed."""
        return replace(self, holder="", failed=self.build if failed else "")


@dataclass(frozen=True, slots=True)
class LeaseReading:
    """The stored lease (None: there is none yet) and the API server's time, both from one response."""

    lease: Lease | None
    now: datetime

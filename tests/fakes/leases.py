"""The Lease of a release in memory, on a clock that a test moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from erp_build.clients.clock import Clock
from erp_build.clients.kubernetes.leases import ANNOTATIONS
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.lease import Lease, LeaseReading
from erp_build.model.releases.release import Release

MAX_ANNOTATIONS = 256 * 1024
"""Bytes; `TotalAnnotationSizeLimitB` of Kubernetes."""

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeLeases:
    """One stored lease; a holder that is alive renews it whenever somebody looks.

    `troubles` are what the next reads end with. `breaks` is an outcome -> what it ends with to write it into the last
    entry of the ledger, until `heals`, a moment of the clock.
    """

    def __init__(self, clock: Clock) -> None:
        self.lease: Lease | None = None
        self.troubles: list[Exception] = []
        self.breaks: dict[str, Exception] = {}
        self.heals = float("inf")
        self._clock = clock
        self._written = 0
        self._alive = False
        self._until = float("inf")
        self._faster: Lease | None = None

    @property
    def now(self) -> datetime:
        """The server's time."""
        return START + timedelta(seconds=self._clock.monotonic())

    def read(self, release: Release) -> LeaseReading:  # noqa: ARG002 - there is one
        """The lease, and the time."""
        if self.troubles:
            raise self.troubles.pop(0)
        if self.lease and self._alive:
            ended = self._clock.monotonic() >= self._until
            self.lease = self.lease.freed() if ended else self.lease.renewed_at(self.now)
            self._alive = not ended
        return LeaseReading(self.lease, self.now)

    def write(self, release: Release, lease: Lease) -> Lease | None:  # noqa: ARG002 - there is one
        """Replace the version that was read; another one has been written meanwhile."""
        self._must_fit(lease)
        is_new = not self.lease or lease.record != self.lease.record
        entries = read_entries(lease.record) if self.breaks and is_new else ()
        trouble = self.breaks.get(entries[-1].outcome) if entries else None
        if trouble and self._clock.monotonic() < self.heals:
            raise trouble
        if self._faster:
            self.lease, self._faster = self._faster, None
        if lease.version != (self.lease.version if self.lease else ""):
            return None
        self._written += 1
        self.lease = replace(lease, version=str(self._written))
        return self.lease

    def is_held(self, *, alive: bool, until: float = float("inf"), seconds: float = 30.0) -> None:
        """Another run holds it, dead or alive, until a moment of the clock."""
        self.lease = self._of_another(seconds)
        self._alive, self._until = alive, until

    def stays_alive(self, *, alive: bool) -> None:
        """The holder sends heartbeats."""
        self._alive = alive

    def another_is_faster(self) -> None:
        """Another run writes between our reading and our writing."""
        self._faster, self._alive = self._of_another(30.0), True

    def _must_fit(self, lease: Lease) -> None:
        """The API takes 256 KiB of annotations, names and values together."""
        values = {annotation: getattr(lease, name) for name, annotation in ANNOTATIONS.items()}
        if sum(len(name.encode()) + len(value.encode()) for name, value in values.items()) > MAX_ANNOTATIONS:
            raise ReleaseFailed("the cluster answered 422", why=f"must have at most {MAX_ANNOTATIONS} bytes")

    def _of_another(self, seconds: float) -> Lease:
        self._written += 1
        taken = (self.lease or Lease()).taken_by("other-1", "c" * 40, "erp-unified-build:1", seconds, self.now)
        return replace(taken, version=str(self._written))

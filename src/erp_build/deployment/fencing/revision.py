"""The newest revision of the release that a run knows of. Helm compares nothing, so this is compared around Helm."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.errors import Locked, ReleaseFailed
from erp_build.model.releases.release import Revision

UNREACHABLE_CLUSTER_S = 60.0
"""Seconds to wait for a cluster that does not answer."""

CLUSTER_POLL_S = 5.0


class Holder(Protocol):
    """What the fence needs of the lock."""

    def require_held(self) -> None:
        """Raise `Locked` if the lock is not ours any more."""

    def lose(self, error: Locked) -> Locked:
        """Give the lock up for good, because somebody else deploys; returns the error, to be raised."""


class KnownRevision:
    """The newest revision of the release that this run knows of: a newer one is somebody else's.

    Args:
        site: its release.
        lock: is lost when somebody else has changed the release.
    """

    def __init__(self, site: Site, lock: Holder) -> None:
        self._site = site
        self._lock = lock
        self._number: int | None = None
        """None: nobody has looked yet; 0: there is no release."""
        self._begun = ""
        """The description of a change of this run whose end was not seen."""

    def builds_on(self, revision: Revision | None) -> None:
        """Take the newest revision, as it was read under the lock, for what this run builds on; None: no release."""
        self._compare(revision)

    def require_newest(self) -> None:
        """Raise `Locked` if there is a newer revision than this run knows of."""
        self._compare(newest(self._site.clients.helm.history(self._site.release)))

    @contextmanager
    def followed(self, description: str) -> Iterator[None]:
        """The block makes the next revision, with this description; raises `Locked` if another one came first."""
        self.require_newest()
        self._lock.require_held()
        self._begun = description
        yield
        history = read_history(self._site)
        last = newest(history)
        if last is None or last.number != (self._number or 0) + 1 or last.description != description:
            raise self._overtaken(history)
        self._number, self._begun = last.number, ""
        self._lock.require_held()

    def forget(self) -> None:
        """There is no release any more: this run has removed it."""
        self._number, self._begun = 0, ""

    def _compare(self, last: Revision | None) -> None:
        number = last.number if last else 0
        is_next = self._number is not None and number == self._number + 1
        if self._number is None or (is_next and self._may_be_ours(last)):
            self._number = number
        elif number != self._number:
            raise self._overtaken((last,) if last else ())

    def _may_be_ours(self, revision: Revision | None) -> bool:
        # Helm gives a revision its description when it has ended well.
        begun = self._begun
        return bool(begun and revision and (revision.description == begun or revision.status != "deployed"))

    def _overtaken(self, history: tuple[Revision, ...]) -> Locked:
        """The error that names the revisions of others, and whether this run has replaced one of them."""
        known = self._number or 0
        newer = [one for one in history if one.number > known]
        lines = [f"revision {one.number}: {one.description or one.status}" for one in newer]
        replaced = len(newer) > 1 and newer[-1].description == self._begun
        return self._lock.lose(
            Locked(
                "somebody else has changed the release in the meantime",
                where=str(self._site.release),
                why="\n".join([f"this run built on revision {known or 'none'}; now there is", *(lines or ["none"])]),
                next_step="the last of these is this run's and replaced what came before it: run that commit again"
                if replaced
                else "erp-build history shows who deployed what; run again if this commit is the newer one",
            )
        )


def read_history(site: Site) -> tuple[Revision, ...]:
    """Read the history of the release; wait for a cluster that does not answer."""
    deadline = Deadline(site.clients.clock, UNREACHABLE_CLUSTER_S)
    while True:
        try:
            return site.clients.helm.history(site.release)
        except ReleaseFailed:
            if deadline.is_over:
                raise
        deadline.pause(CLUSTER_POLL_S)


def newest(history: tuple[Revision, ...]) -> Revision | None:
    """The newest revision; None where there is no release."""
    return history[-1] if history else None

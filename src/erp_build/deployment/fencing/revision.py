"""The newest revision of the release that a run knows of. Helm compares nothing, so this is compared around Helm."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from erp_build.clients.site import Site
from erp_build.errors import Locked
from erp_build.model.releases.release import Revision


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
        self._may_be_gone = False
        """Whether this run has begun to remove the release."""

    def builds_on(self, revision: Revision | None) -> None:
        """Take the newest revision, as it was read under the lock, for what this run builds on; None: no release."""
        self._compare(revision)

    def require_newest(self) -> None:
        """Raise `Locked` if there is a newer revision than this run knows of."""
        self._compare(newest(self._site.clients.helm.history(self._site.release)))

    @contextmanager
    def followed(self, description: str) -> Iterator[None]:
        """The block makes the next revision, with this description; raises `Locked` if another one came first.

        An attempt that is repeated is compared and asked for the lock like the first one; it may follow a revision of
        its own that failed, or find the one that it wants.
        """
        self._require_mine()
        built_on, self._begun = self._number or 0, description
        with self._site.clients.patience.guarded(self._require_mine):
            yield
        history = self._site.clients.helm.history(self._site.release)
        last = newest(history)
        known = self._number or 0
        wanted = {known + 1} if known == built_on else {known, known + 1}
        if last is None or last.number not in wanted or last.description != description:
            raise self._overtaken(history)
        self._number, self._begun = last.number, ""
        self._lock.require_held()

    @contextmanager
    def removed(self) -> Iterator[None]:
        """The block removes the release; raises `Locked` if it has another revision than this run knows of."""
        self._require_mine()
        self._may_be_gone = True
        with self._site.clients.patience.guarded(self._require_mine):
            yield
        self._number, self._begun, self._may_be_gone = 0, "", False
        self._lock.require_held()

    def _require_mine(self) -> None:
        self.require_newest()
        self._lock.require_held()

    def _compare(self, last: Revision | None) -> None:
        number = last.number if last else 0
        if self._may_be_gone and last is None:
            return
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


def newest(history: tuple[Revision, ...]) -> Revision | None:
    """The newest revision; None where there is no release."""
    return history[-1] if history else None

"""What a way back would pass over: a migration that has run, and that what ran before may not work with."""

from typing import NamedTuple

from erp_build.clients.site import Site
from erp_build.deployment.going_back.proven import Entries, is_same_place
from erp_build.deployment.ledger import PreviousState
from erp_build.deployment.migrations.ran import ran_since
from erp_build.deployment.recording import function_images
from erp_build.errors import ReleaseFailed, attempt, told
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.preview import Migration

OVER_MIGRATION = "--over-migration"
"""The answer of a person to whom it was said that a rollback passes over a migration."""

MAY_NOT_WORK = "what ran before may not work with what it left"
ANSWER = f"where what ran before works with what was migrated, erp-build rollback {OVER_MIGRATION}"


class Passed(NamedTuple):
    """What a way back passes over; true where there is something, or it is not known.

    Attributes:
        migrations: that have run, or may have.
        doubt: why it is not known whether there are others; empty: it is.
    """

    migrations: tuple[Migration, ...] = ()
    doubt: str = ""

    def __bool__(self) -> bool:
        """Whether something is passed over, or may be."""
        return bool(self.migrations or self.doubt)

    @property
    def lines(self) -> tuple[str, ...]:
        """For the reader, a line each."""
        return (*map(str, self.migrations), *([f"not known: {self.doubt}"] if self.doubt else []))


def passed_by(site: Site, entries: Entries, state: PreviousState) -> Passed:
    """What a way back to a state passes over. Raises what keeps it from being read.

    Hooks and Jobs are those of Helm's records; what a target ran at its start is known by the ledger alone, and counts
    if that target may have started since.
    """
    ran = ran_since(site, state, site.clients.helm.history(site.release))
    starts = [one for entry in entries_after(entries, state) for one in entry.migrations or () if one.how == "start"]
    if not starts:
        return Passed(ran.migrations)
    moved = _moved_functions(site, state)
    names = {function.name for function in site.project.functions}
    started = (one for one in starts if (one.name in moved if one.name in names else ran.reached))
    return Passed(tuple(dict.fromkeys((*ran.migrations, *started))))


def passed_after_failure(site: Site, entries: Entries, state: PreviousState) -> Passed:
    """The same for a deployment that failed, where what cannot be read is a doubt, which counts as a migration.

    Helm is not asked where nothing was foreseen: a chart without hooks and Jobs goes back as it always did.
    """
    after = entries_after(entries, state)
    if all(entry.migrations == () for entry in after):
        return Passed()
    found: list[Passed] = []
    if trouble := attempt(lambda: found.append(passed_by(site, entries, state))):
        known = dict.fromkeys(one for entry in after for one in entry.migrations or ())
        return Passed(tuple(known), told(trouble))
    return found[0]


def entries_after(entries: Entries, state: PreviousState) -> Entries:
    """The deployments behind the newest one that left a state; where none did, those since the last settled one."""
    left = [place for place, one in enumerate(entries) if one.is_settled and is_same_place(one.left, state)]
    if left:
        return entries[left[-1] + 1 :]
    if entries and is_same_place(entries[0].before, state):
        return entries
    settled = [place for place, one in enumerate(entries) if one.is_settled]
    return entries[settled[-1] + 1 :] if settled else entries


def require_nothing_passed(site: Site, entries: Entries, state: PreviousState, *, over_migration: bool) -> Passed:
    """What a rollback by hand passes over; raises `ReleaseFailed` where that is something, and nobody said it may."""
    passed = passed_by(site, entries, state)
    if passed and not over_migration:
        raise ReleaseFailed(
            "the rollback would go back over a migration, and nothing was touched",
            where=str(site.release),
            why="\n".join((f"it has run since, and {MAY_NOT_WORK}:", *passed.lines)),
            next_step=f"fix the cause and run again; to go back, {ANSWER}",
        )
    return passed


def _moved_functions(site: Site, state: PreviousState) -> set[str]:
    """The functions that run another image than in a state; all of them where that cannot be read."""
    images: dict[str, str] = {}
    if attempt(lambda: images.update(function_images(site))):
        return {function.name for function in site.project.functions}
    return {
        name
        for name, image in images.items()
        if ImageReference.parse(image).digest != ImageReference.parse(state.functions.get(name, "")).digest
    }

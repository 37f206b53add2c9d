"""The migrations that have run since a revision, by Helm's own records."""

from typing import NamedTuple

from erp_build.changes.live_state import origin_of
from erp_build.clients.site import Site
from erp_build.deployment.going_back.proven import History, revision_of, since_uninstallation
from erp_build.deployment.ledger import PreviousState
from erp_build.deployment.migrations.objects import (
    OF_INSTALLATION,
    OF_ROLLBACK,
    OF_UPGRADE,
    hooks_that_ran,
    objects_to_run,
)
from erp_build.model.releases.preview import Migration
from erp_build.model.releases.release import HookRun, Revision


class Ran(NamedTuple):
    """What has run since a revision.

    Attributes:
        migrations: the hooks and objects that have run code, or may have.
        reached: whether objects of a newer revision may be in the cluster, so that its pods may have started.
    """

    migrations: tuple[Migration, ...] = ()
    reached: bool = False


def ran_since(site: Site, state: PreviousState, history: History) -> Ran:
    """What has run since the revision of a state; of a state without one, since the release was installed."""
    installed = since_uninstallation(history)
    former = revision_of(state, installed)
    newer = [one for one in installed if former is None or one.number > former.number]
    found = [_of_revision(site, one, _before(one, installed), history) for one in newer]
    migrations = dict.fromkeys(migration for one in found for migration in one.migrations)
    return Ran(tuple(migrations), any(one.reached for one in found))


def _before(revision: Revision, installed: History) -> Revision | None:
    """The revision whose objects were there before: Helm keeps only the newest ones."""
    return next((one for one in reversed(installed) if one.number < revision.number), None)


def _of_revision(site: Site, revision: Revision, before: Revision | None, history: History) -> Ran:
    helm, release = site.clients.helm, site.release
    runs = helm.hook_runs(release, revision.number)
    is_rollback = origin_of(revision, history).number != revision.number
    events = OF_UPGRADE if before else (*OF_INSTALLATION, *OF_UPGRADE)
    hooks = tuple(hooks_that_ran(runs, OF_ROLLBACK if is_rollback else events))
    if _ended_before_its_objects(runs):
        return Ran(hooks)
    if is_rollback:
        # It repeats objects that have run before.
        return Ran(hooks, reached=True)
    former = helm.manifest(release, before.number) if before else ()
    objects = objects_to_run(former, helm.manifest(release, revision.number), release.namespace)
    return Ran((*hooks, *objects), reached=True)


def _ended_before_its_objects(runs: tuple[HookRun, ...]) -> bool:
    """Whether a hook failed for which Helm had waited before it made any object."""
    return any(run.phase == "Failed" and all(event.startswith("pre-") for event in run.events) for run in runs)

"""Recovery of a release that a run left pending. Helm refuses every further upgrade until the revision is ended."""

from datetime import datetime, timedelta

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.deployment.going_back.proven import good_revision, last_good, revision_of
from erp_build.deployment.going_back.take_back import services_of_release
from erp_build.deployment.lock import Lock
from erp_build.deployment.migrations.cut_off import may_end_by_going_back
from erp_build.deployment.rollout.changed import changed_workloads
from erp_build.deployment.rollout.wait import wait_for_rollout
from erp_build.errors import ReleaseFailed, explain
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Revision
from erp_build.model.stages.stage import stage

PENDING_POLL_S = 5.0
"""Seconds between two looks at a pending revision."""

ABANDONED_AFTER_TIMEOUT_S = 60.0
"""Seconds beyond the chart's time-out after which another person's pending operation counts as abandoned."""

CLOCK_SKEW = timedelta(seconds=60)
"""How far the clock of the machine where Helm ran may differ from the API server's clock."""


@stage("Helm")
def recover_release(site: Site, lock: Lock, *, uninstall: bool = False, over_migration: bool = False) -> None:
    """End a pending revision that nobody works on any more; wait for one that somebody else may still work on.

    A removal that was cut off is ended only when that is asked for: nothing says when it began.

    Args:
        site: its release, and the clients.
        lock: its ledger says what was proven. An operation of its former holder is dead, since we hold the lock.
        uninstall: whether a first installation that was cut off may be removed, and a removal be ended.
        over_migration: whether a person said that it may go back over a migration.
    """
    history = site.clients.helm.history(site.release)
    if history and history[-1].is_being_removed:
        _end_removal(site, history[-1], uninstall=uninstall)
        return
    deadline = Deadline(site.clients.clock, site.project.chart.timeout + ABANDONED_AFTER_TIMEOUT_S + 3 * PENDING_POLL_S)
    while history and history[-1].is_pending and not _is_abandoned(site, history[-1], lock.former):
        site.say(f"revision {history[-1].number} is {history[-1].status}: waiting for the operation that works on it")
        if deadline.is_over:
            raise ReleaseFailed(
                "another operation on the release is in progress",
                where=str(site.release),
                why=f"revision {history[-1].number} is {history[-1].status} since {history[-1].updated}",
                next_step="find out who works on it; if nobody does, helm rollback to the last deployed revision",
            )
        deadline.pause(PENDING_POLL_S)
        history = site.clients.helm.history(site.release)
    if history and history[-1].is_pending:
        _end_pending_revision(site, lock, history, uninstall=uninstall, over_migration=over_migration)
        let_it_settle(site)


def _is_abandoned(site: Site, last: Revision, former: Lease) -> bool:
    try:
        began = datetime.fromisoformat(last.updated)
    except ValueError:
        return False
    if began.tzinfo is None:
        return False
    # Helm stamps a revision by the clock of its machine, the lease by the API server's: allow for the difference.
    if former.acquired and former.renewed:
        ended = former.renewed + timedelta(seconds=former.seconds)
        if former.acquired - CLOCK_SKEW <= began <= ended + CLOCK_SKEW:
            return True
    return site.clients.leases.read(site.release).now - began > timedelta(
        seconds=site.project.chart.timeout + ABANDONED_AFTER_TIMEOUT_S
    )


def _end_pending_revision(
    site: Site, lock: Lock, history: tuple[Revision, ...], *, uninstall: bool, over_migration: bool
) -> None:
    last, good = history[-1], good_revision(lock.entries, history)
    if good:
        goes_back = over_migration or may_end_by_going_back(site, lock.entries, good)
        end = good if goes_back else last
        how = f"rolling back to revision {good.number}" if goes_back else "ending it as it is, without going back"
        site.say(f"revision {last.number} was cut off ({last.status}): {how}")
        site.clients.effects.rollback_release(site.release, end.number, site.project.chart.timeout)
    elif last_good(history):
        raise ReleaseFailed(
            "the release was cut off, and there is nothing to go back to",
            where=str(site.release),
            why=f"revision {last.number} is {last.status}, and none of those before it was proven",
            next_step=f"helm rollback {site.release.name} REVISION, to one that you trust; then run again",
        )
    elif uninstall:
        site.say("the first installation was cut off: removing it")
        site.clients.effects.uninstall_release(site.release)
    else:
        raise ReleaseFailed(
            "the first installation of the release was cut off",
            where=str(site.release),
            why=f"revision {last.number} is {last.status}, and there is no earlier revision to go back to",
            next_step="run with --replace-cut-off-install, which removes the release and everything that it created",
        )


def _end_removal(site: Site, last: Revision, *, uninstall: bool) -> None:
    release = site.release
    if not uninstall:
        raise ReleaseFailed(
            "the release is being removed, or its removal was cut off",
            where=str(release),
            why=f"revision {last.number} is {last.status}: Helm can neither upgrade it nor install it anew",
            next_step="if somebody removes it at this moment, wait and run again; otherwise end the removal with "
            f"helm uninstall {release.name} --namespace {release.namespace}, or run with --replace-cut-off-install, "
            "which does that and installs it anew",
        )
    site.say(f"revision {last.number} is {last.status}: ending the removal")
    site.clients.effects.uninstall_release(release)


@stage("reads only: cluster")
def let_it_settle(site: Site) -> None:
    """Wait until a rollout that a killed run left behind has ended. The next plan handles pods that stay unhealthy."""
    names = [service.name for service in site.project.services]
    try:
        if site.clients.cluster.workloads(site.release):
            chart = site.project.chart
            wait_for_rollout(site, Deadline(site.clients.clock, chart.timeout), names, stable=chart.stable)
    except ReleaseFailed as error:
        site.say(f"left by the previous run: {error.what}")


@stage("reads only: cluster, Helm")
def watch_again(site: Site, lock: Lock) -> None:
    """Watch what an unproven deployment left behind for as long as that deployment had to; raises `ReleaseFailed`.

    The digests that run say nothing about a process that will end in half a minute.
    """
    history = site.clients.helm.history(site.release)
    if not history:
        return
    before = revision_of(lock.entries[-1].before, history)
    former = site.clients.helm.manifest(site.release, before.number) if before else ()
    also = changed_workloads(former, site.clients.helm.manifest(site.release), site.release.namespace)
    names = services_of_release(site)
    try:
        wait_for_rollout(site, Deadline(site.clients.clock, site.project.chart.timeout), names, also)
    except ReleaseFailed as error:
        explain(
            error,
            "it was left by a deployment that was never proven, and this run has changed nothing",
            next_step="erp-build rollback goes back to what was proven last; or fix the cause and run again",
        )
        raise

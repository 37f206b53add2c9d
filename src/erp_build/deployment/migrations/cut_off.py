"""How an upgrade that was cut off is ended: by going back, or as it is, where a migration has run since.

Helm refuses every further upgrade until the pending revision is ended by a rollback. A rollback to the pending revision
itself makes its objects once more: the release goes on from there, and nothing older comes back.
"""

from erp_build.clients.site import Site
from erp_build.deployment.going_back.proven import Entries
from erp_build.deployment.ledger import PreviousState
from erp_build.deployment.migrations.passed import passed_by
from erp_build.deployment.rollout.changed import other_images, workloads_in
from erp_build.formats.kubernetes.pod_template import containers_of
from erp_build.model.releases.release import Revision

LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet")


def may_end_by_going_back(site: Site, entries: Entries, good: Revision) -> bool:
    """Whether a pending revision may be ended by a rollback to a good one.

    It may where no migration has run since, and where the good revision's images run anyway, as while a hook before the
    upgrade runs: no older code comes back then.
    """
    policy = site.project.deploy.on_failure
    if policy == "rollback-over-migrations":
        return True
    passed = passed_by(site, entries, PreviousState(revision=good.number, updated=good.updated))
    for line in passed.lines:
        site.say(f"a migration has run, or was cut off: {line}")
    return not (passed or policy == "forward") or _runs(site, good)


def _runs(site: Site, revision: Revision) -> bool:
    """Whether everything that a revision keeps running has that revision's images."""
    wanted = workloads_in(
        site.clients.helm.manifest(site.release, revision.number), site.release.namespace, LONG_RUNNING
    )
    live = {one.object_name: one for one in site.clients.cluster.workloads(site.release, tuple(wanted))}
    return all(
        name in live and not any(other_images(containers_of(name.kind, item), live[name].containers))
        for name, item in wanted.items()
    )

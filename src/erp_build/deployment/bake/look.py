"""One look of a bake at everything that it watches."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from erp_build.clients.site import Site
from erp_build.deployment.bake.targets import asked, find_bindings, read_groups
from erp_build.deployment.rollout.changed import workloads_in
from erp_build.errors import ErpBuildError, told
from erp_build.model.releases.bake import TargetGroup
from erp_build.model.releases.deployment import Alarm
from erp_build.model.releases.kubernetes import Workload

LASTING_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds whose pods are to stay; those of a Job end."""

HTTP, COMMAND = "bake_http", "bake_command"


class Seen(NamedTuple):
    """What a look has found.

    Attributes:
        workloads: of the release, with their pods; None: the cluster did not answer.
        alarms, groups: as far as they can be read.
        checks: of the user: name -> what is wrong; empty: nothing.
        unseen: what could not be looked at, a line each.
    """

    workloads: tuple[Workload, ...] | None
    alarms: tuple[Alarm, ...]
    groups: tuple[TargetGroup, ...]
    checks: dict[str, str]
    unseen: tuple[str, ...]


class Lookout:
    """Looks again and again; what stays the same is read once.

    Args:
        site: what is watched.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        lasting: dict[str, None] = {}
        manifest = site.clients.helm.manifest(site.release) if site.project.has_release else ()
        kinds = workloads_in(manifest, site.release.namespace)
        self._also = tuple(name for name in kinds if name.kind in LASTING_KINDS)
        self._bindings = find_bindings(site, manifest, lasting.setdefault)
        self._lasting = tuple(lasting)

    def look(self, *, patiently: bool) -> Seen:
        """Look at everything.

        Args:
            patiently: whether a question is asked again while its answer passes. Pods must be seen then: an error of
                the cluster is raised.
        """
        site, unseen = self._site, dict.fromkeys(self._lasting)
        found = asked(site, partial(site.clients.cluster.workloads, site.release, self._also), patiently)
        workloads = None if isinstance(found, ErpBuildError) else found
        if isinstance(found, ErpBuildError):
            if patiently:
                raise found
            unseen[f"pods: {told(found)}"] = None
        groups = read_groups(site, self._bindings, unseen.setdefault, patiently=patiently)
        alarms = self._alarms(unseen.setdefault, patiently=patiently)
        return Seen(workloads, alarms, groups, self._checks(), tuple(unseen))

    def _alarms(self, note: Callable[[str], object], *, patiently: bool) -> tuple[Alarm, ...]:
        names = self._site.project.deploy.bake_alarms
        alarms, prefix = self._site.clients.alarms, self._site.alarm_prefix
        read = partial(alarms.named, names) if names else partial(alarms.states, prefix)
        found = asked(self._site, read, patiently)
        if isinstance(found, ErpBuildError):
            note(f"alarms: {told(found)}")
            return ()
        for missing in sorted(set(names) - {one.name for one in found}):
            note(f"alarm {missing}: there is none of this name")
        if not names and not found:
            note(f"alarms {prefix}*: there is none")
        return found

    def _checks(self) -> dict[str, str]:
        policy, health = self._site.project.deploy, self._site.clients.health
        found = {}
        if policy.bake_http:
            found[HTTP] = health.http(policy.bake_http)
        if policy.bake_command:
            found[COMMAND] = health.command(policy.bake_command)
        return found

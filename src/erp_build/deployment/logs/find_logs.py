"""Which logs a release has: the containers of its pods as they come and go, its functions, the groups of Fluent Bit."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from erp_build.clients.site import Site
from erp_build.deployment.logs.container_log import ContainerLog
from erp_build.deployment.logs.group_log import EVERY_S, GroupLog, of_function, of_pods, own_group
from erp_build.deployment.logs.log import Log
from erp_build.deployment.rollout.changed import workloads_in
from erp_build.errors import ConfigurationError, ErpBuildError, did_you_mean, explain
from erp_build.formats.kubernetes.settings import settings_in
from erp_build.formats.logs.fluent_bit import log_groups
from erp_build.formats.logs.moments import read_moment
from erp_build.model.project import Function
from erp_build.model.releases.kubernetes import ObjectName, Pod, Workload
from erp_build.model.releases.logs import LogSource
from erp_build.model.releases.release import Release

ContainerKey = tuple[str, LogSource]
"""The namespace of a container's pod, and which it is."""

MAX_GROUPS_A_SECOND = 2
"""Log groups that are asked for again in a second. An account may ask five times a second in all, others with us."""

RANDOM_PARTS = 2
"""Parts of a pod's name behind that of its Deployment: that of the ReplicaSet and its own."""


class Wanted(NamedTuple):
    """Whose logs are looked at.

    Attributes:
        names: services, functions and other objects of the release; empty: all of them.
        since: nanoseconds since 1970.
        from_cloudwatch: whether the lines of pods are read where Fluent Bit sends them.
        group: the log group of pods; empty: what the Fluent Bit of the release says.
    """

    names: Collection[str]
    since: int
    from_cloudwatch: bool = False
    group: str = ""

    def takes(self, name: str) -> bool:
        """Whether a target is looked at."""
        return not self.names or name in self.names


class LogFinder:
    """Finds the logs of a release, and the new ones at every further look.

    Args:
        site: where they are.
        wanted: which of them.
        note: told of what cannot be read.
    """

    def __init__(self, site: Site, wanted: Wanted, note: Callable[[ErpBuildError], object]) -> None:
        # A function that is deployed by itself has no pods.
        self._wanted = wanted if site.project.has_release else wanted._replace(from_cloudwatch=False, group="")
        self._site, self._note = site, note
        self._containers: dict[ContainerKey, ContainerLog] = {}
        self._of_pods: GroupLog | None = None
        self._of_functions: dict[str, GroupLog] = {}
        self._targets: dict[str, str] = {}
        self._new: set[str] = set()
        self._others: Collection[ObjectName] | None = None
        self._known: set[str] = {one.name for one in site.project.image_targets}
        self._saw_objects = False

    def find(self) -> list[Log]:
        """Every log that is known by now; a part that cannot be read is noted."""
        if (workloads := self._workloads()) is not None:
            seen: set[ContainerKey] = set()
            for name, workload in workloads:
                place = replace(self._site.release, namespace=workload.namespace or self._site.release.namespace)
                for pod in workload.pods:
                    seen.update(self._add_pod(place, name, pod))
            # The log of a pod is gone with it.
            self._containers = {key: log for key, log in self._containers.items() if key in seen}
        if self._wanted.from_cloudwatch:
            self._add_groups_of_pods()
        self._add_functions()
        groups = [*filter(None, [self._of_pods]), *self._of_functions.values()]
        for group in groups:
            group.every = max(EVERY_S, len(groups) / MAX_GROUPS_A_SECOND)
        return [*self._containers.values(), *groups]

    def require_known(self) -> None:
        """Raise `ConfigurationError` if a name is that of no target and no object, where all of them could be read."""
        for name in self._wanted.names if self._saw_objects else ():
            if name not in self._known:
                raise ConfigurationError(
                    f"{name} is no target and no object of the release",
                    where="the command line",
                    next_step=did_you_mean(name, self._known, f"one of: {', '.join(sorted(self._known))}"),
                )

    def _workloads(self) -> list[tuple[str, Workload]] | None:
        """The objects that make pods and are looked at, each with the name of its target; None: not known now."""
        site = self._site
        if not site.project.has_release:
            self._saw_objects = True
            return []
        functions = {one.name for one in site.project.functions}
        if self._wanted.names and functions.issuperset(self._wanted.names):
            return []
        if (found := self._read(self._other_objects())) is None:
            return None
        services = {site.repository(one): one.name for one in site.project.services}
        named = [(_target_of(one, services), one) for one in found]
        self._known.update(name for name, _ in named)
        self._saw_objects = True
        return [(name, one) for name, one in named if self._wanted.takes(name)]

    def _read(self, others: Collection[ObjectName]) -> Sequence[Workload] | None:
        """The Deployments and other objects; where these may not be listed, the Deployments alone."""
        try:
            return self._site.clients.cluster.workloads(self._site.release, others)
        except ErpBuildError as error:
            self._note(error)
            return self._read(()) if others else None

    def _other_objects(self) -> Collection[ObjectName]:
        """What else of the release makes pods, beside its Deployments. Secrets among their settings are masked then."""
        if self._others is None:
            try:
                manifest = self._site.clients.helm.manifest(self._site.release)
            except ErpBuildError as error:
                self._note(error)
                manifest = ()
            for name, value in settings_in(manifest):
                self._site.clients.secrets.add_named(name, value)
            found = workloads_in(manifest, self._site.release.namespace)
            self._others = [one for one in found if one.kind not in ("Deployment", "CronJob")]
            if self._wanted.from_cloudwatch and not self._wanted.group:
                self._wanted = self._wanted._replace(group=self._group_of(log_groups(manifest)))
        return self._others

    def _group_of(self, groups: Collection[str]) -> str:
        if len(groups) == 1:
            return next(iter(groups))
        found = f"it names {', '.join(groups)}" if groups else "no object of it configures an output to CloudWatch"
        raise ConfigurationError(
            "the log group of the pods is not known",
            where=str(self._site.release),
            why=f"the Fluent Bit of the release is looked at: {found}",
            next_step="name it: --group /aws/eks/erp-dev/application",
        )

    def _add_pod(self, place: Release, name: str, pod: Pod) -> Iterator[ContainerKey]:
        """Add the containers of a pod; gives the key of each."""
        self._targets[pod.name] = name
        created = read_moment(pod.created)
        if is_new := created is not None and created[0] >= self._wanted.since:
            self._new.add(pod.name)
        if self._wanted.from_cloudwatch:
            return
        for container in pod.containers:
            source = LogSource(name, pod.name, container.name, is_new)
            key = (place.namespace, source)
            if key not in self._containers:
                cluster = self._site.clients.cluster
                self._containers[key] = ContainerLog(cluster, place, source, self._wanted.since)
            self._containers[key].saw(container.restarts)
            yield key

    def _add_groups_of_pods(self) -> None:
        group = self._wanted.group
        if group and not self._of_pods:
            source_of = of_pods(self._site.release.namespace, self._target_of_pod, self._new)
            self._of_pods = GroupLog(self._site.clients.log_groups, group, self._wanted.since, source_of)

    def _target_of_pod(self, pod: str) -> str:
        """The target of a pod that runs, or by its name of one that is gone; empty: none that is looked at."""
        if pod in self._targets:
            return self._targets[pod]
        name = pod.rsplit("-", RANDOM_PARTS)[0]
        names = {target for known, target in self._targets.items() if known.rsplit("-", RANDOM_PARTS)[0] == name}
        return names.pop() if names else name if self._wanted.takes(name) else ""

    def _add_functions(self) -> None:
        for function in self._site.project.functions:
            if self._wanted.takes(function.name) and function.name not in self._of_functions:
                log = function_log(self._site, function, self._wanted.since, self._note)
                self._of_functions[function.name] = log


def function_log(site: Site, function: Function, since: int, note: Callable[[ErpBuildError], object]) -> GroupLog:
    """The log of a function. The secrets of its environment are masked from now on; it is noted if they cannot be."""
    try:
        state = site.clients.functions.state(function.function)
    except ErpBuildError as error:
        explain(error, f"so the secrets among the variables of {function.function} are not masked in its log")
        note(error)
        state = None
    group = (state.log_group if state else "") or own_group(function.function)
    source_of = of_function(function.name, function.function, group)
    return GroupLog(site.clients.log_groups, group, since, source_of)


def _target_of(workload: Workload, services: Mapping[str, str]) -> str:
    """The service whose image an object runs; another object has its own name."""
    return next((services[one] for one in sorted(workload.repositories) if one in services), workload.name)

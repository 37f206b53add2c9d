"""A Helm release and what of it runs in the cluster."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from erp_build.model.images.image import ImageReference


class ObjectName(NamedTuple):
    """Which object of the cluster it is; an empty namespace is that of the release."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def is_own_deployment(self) -> bool:
        """Whether it is a Deployment in the release's own namespace."""
        return self.kind == "Deployment" and not self.namespace

    def __str__(self) -> str:
        """For the reader."""
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")


class ContainerTemplate(NamedTuple):
    """A container as a workload's template has it; `probed` tells whether it has a readiness probe."""

    name: str
    image: str
    probed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A container of a pod as the kubelet sees it.

    Attributes:
        image: as the pod names it.
        image_id: as the runtime pulled it, with its digest; empty before.
        ready: whether it passes its probe; of an init container, whether it has succeeded.
        restarts: how often it was started again.
        waiting: the reason of that state, such as CrashLoopBackOff; empty while it runs.
        message: what the kubelet says to it.
        name: within its pod.
        is_init: whether it is an init container, which must end before the others start.
        ended: how it ended the last time, such as `OOMKilled, exit code 137`; empty: it has not ended.
    """

    image: str
    image_id: str = ""
    ready: bool = False
    restarts: int = 0
    waiting: str = ""
    message: str = ""
    name: str = ""
    is_init: bool = False
    ended: str = ""

    @property
    def digest(self) -> str:
        """The digest that the runtime pulled, or empty before the pull.

        A runtime that does not tell it runs the digest that the pod names, if it names one.
        """
        has_begun = self.image_id or self.ready
        return ImageReference.parse(self.image_id).digest or (
            ImageReference.parse(self.image).digest if has_begun else ""
        )

    @property
    def blocks_readiness(self) -> bool:
        """Whether the pod is not ready because of this container."""
        return not self.ready and not (self.waiting == "PodInitializing" and not self.is_init)

    @property
    def state(self) -> str:
        """Its state in a few words."""
        state = f"{self.waiting} {self.message}".strip() or ("is running" if self.is_init else "runs, not ready")
        who = f"init container {self.name}: " if self.is_init else ""
        return who + state + (f" (ended: {self.ended})" if self.ended else "")

    @property
    def past(self) -> str:
        """What has become of it before it ran again, in a few words."""
        return f"was started again {self.restarts} times" + (f" (ended: {self.ended})" if self.ended else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """A pod of a workload.

    Attributes:
        current: whether it was made of the workload's newest template.
        created: when it was made, as the cluster writes it: ISO 8601; empty: not known.
    """

    name: str
    current: bool
    containers: tuple[Container, ...]
    unschedulable: str = ""
    created: str = ""

    @property
    def restarts(self) -> int:
        """How often its containers were started again."""
        return sum(one.restarts for one in self.containers)

    @property
    def is_ready(self) -> bool:
        """Whether each of its containers is ready."""
        return bool(self.containers) and all(one.ready for one in self.containers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A Deployment or another object that makes pods, its counters and its pods.

    The counters are those of a Deployment (apps/v1 DeploymentStatus; a missing counter is 0); those of the other kinds
    are put into its words where they are read.

    Attributes:
        name, namespace, kind: which object it is; an empty namespace is that of the release.
        containers: those of its template, without init containers.
        desired, replicas, updated, available: how many pods it should have, has, has of the newest template, and of
            those that are ready.
        generation, observed_generation: the newest state, and the one that its controller has seen.
        failure: what it says itself about why it does not go on.
        is_over: whether that failure is final, as that of a Job is.
        paused: whether its pods stay those of the template before, until somebody resumes it.
        idle: why it runs nothing by choice; empty: it should run something.
        pods: the pods that it made.
        labels: those of its pods' template, by which Services find them.
    """

    name: str
    containers: tuple[ContainerTemplate, ...]
    desired: int
    generation: int
    observed_generation: int
    replicas: int = 0
    updated: int = 0
    available: int = 0
    failure: str = ""
    is_over: bool = False
    paused: bool = False
    idle: str = ""
    pods: tuple[Pod, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    kind: str = "Deployment"
    namespace: str = ""

    @property
    def object_name(self) -> ObjectName:
        """Which object it is."""
        return ObjectName(self.kind, self.name, self.namespace)

    @property
    def images(self) -> tuple[str, ...]:
        """The images of its template, as it names them."""
        return tuple(one.image for one in self.containers)

    @property
    def repositories(self) -> frozenset[str]:
        """The repositories of those images."""
        return frozenset(ImageReference.parse(one.image).repository for one in self.containers)

    @property
    def current_pods(self) -> tuple[Pod, ...]:
        """The pods of the newest template."""
        return tuple(pod for pod in self.pods if pod.current)

    def image_of(self, repository: str) -> ImageReference | None:
        """The reference of the first container that runs an image of the repository."""
        return next((ImageReference.parse(one.image) for one in self.running(repository)), None)

    def running(self, repository: str) -> tuple[ContainerTemplate, ...]:
        """The containers of its template that run an image of the repository."""
        return tuple(one for one in self.containers if ImageReference.parse(one.image).repository == repository)

    def is_probed(self, repositories: Iterable[str] = ()) -> bool:
        """Whether a readiness probe tells when its pods are ready: each main container must have one.

        The main containers are those with an image of the repositories; where there is none, one probe of any container
        is enough. A Job and a CronJob have no use for a probe.
        """
        if self.kind in ("Job", "CronJob"):
            return True
        main = [one for repository in repositories for one in self.running(repository)]
        return all(one.probed for one in main) if main else any(one.probed for one in self.containers)

    @property
    def rolled_out(self) -> bool:
        """Whether the rollout is complete, by the rule of `kubectl rollout status`."""
        return (
            self.generation <= self.observed_generation
            and self.updated >= self.desired
            and self.replicas == self.updated
            and self.available >= self.updated
        )

    @property
    def is_held_back(self) -> bool:
        """Whether it is paused and its pods, if any, do not run the images of its template."""
        if not self.paused or self.rolled_out or not self.desired:
            return False
        wanted = {one.name: one.image for one in self.containers}
        pods = [pod for pod in self.current_pods if pod.containers]
        return not pods or any(one.image != wanted.get(one.name, one.image) for pod in pods for one in pod.containers)

    @property
    def progress(self) -> str:
        """The rollout in a few words."""
        if self.generation > self.observed_generation:
            return "not yet seen by the controller"
        if self.idle:
            return f"runs nothing by choice: {self.idle}"
        if self.kind == "Job":
            return "has ended well" if self.rolled_out else "has not ended well yet"
        counts = f"{self.updated} of {self.desired} updated, {self.available} ready, {self.replicas} in all"
        return f"paused: {counts}" if self.paused else counts


def deployments_by_repository(workloads: Iterable[Workload]) -> Mapping[str, tuple[Workload, ...]]:
    """Repository -> the Deployments that run an image of it, which tells them, whatever they are called; else none.

    Every Deployment is looked at once, however many repositories are asked for.
    """
    found: defaultdict[str, tuple[Workload, ...]] = defaultdict(tuple)
    for one in workloads:
        if one.kind == "Deployment":
            for repository in {ImageReference.parse(container.image).repository for container in one.containers}:
                found[repository] += (one,)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """A Kubernetes Service of the release: the labels that it selects, and how many addresses behind it are ready."""

    name: str
    selector: tuple[tuple[str, str], ...]
    ready: int = 0
    not_ready: int = 0

    def leads_to(self, workload: Workload) -> bool:
        """Whether the Service selects the workload's pods."""
        return bool(self.selector) and set(self.selector) <= set(workload.labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnedDeployment:
    """A Deployment of a namespace: the release that made it (empty: no release), and its images."""

    name: str
    owner: str
    images: tuple[str, ...] = ()

"""A Helm release and what of it runs in the cluster."""

from dataclasses import dataclass

from erp_build.model.images.image import ImageReference


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
        """The digest that the runtime pulled, or empty before the pull."""
        return ImageReference.parse(self.image_id).digest

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """A pod of a workload; `current` tells that it belongs to the newest ReplicaSet."""

    name: str
    current: bool
    containers: tuple[Container, ...]
    unschedulable: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A Deployment, its counters and its pods (apps/v1 DeploymentStatus; a missing counter is 0).

    `labels` are those of its pods' template, by which Services find them.
    """

    name: str
    images: tuple[str, ...]
    desired: int
    generation: int
    observed_generation: int
    replicas: int = 0
    updated: int = 0
    available: int = 0
    failure: str = ""
    pods: tuple[Pod, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def image_of(self, repository: str) -> ImageReference | None:
        """The reference of the container that runs an image of the repository."""
        references = (ImageReference.parse(image) for image in self.images)
        return next((reference for reference in references if reference.repository == repository), None)

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
    def progress(self) -> str:
        """The rollout in a few words."""
        if self.generation > self.observed_generation:
            return "not yet seen by the controller"
        return f"{self.updated} of {self.desired} updated, {self.available} ready, {self.replicas} in all"


def workload_of(workloads: tuple[Workload, ...], repository: str) -> Workload | None:
    """The Deployment that runs an image of the repository: the image tells it, whatever the Deployment is called."""
    return next((workload for workload in workloads if workload.image_of(repository)), None)


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

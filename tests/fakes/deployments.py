"""The Deployments of one release in memory: Helm changes them, and the cluster shows them."""

from dataclasses import dataclass, field
from typing import Any

from erp_build.clients.clock import Clock
from erp_build.errors import OutOfReach
from erp_build.model.images.image import ImageReference

FOR_EVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with the pods of a service. Without a word of it, the containers run and their probes fail.

    Attributes:
        waiting: why the containers wait, such as ImagePullBackOff.
        restarts: how often they were started again.
        ready: whether their probes pass all the same.
        digest: of the image that they run instead of the one that the tag names.
        init_container: waits in their place; they wait for it.
        unschedulable: why the pods find no node, and so have no containers yet.
        no_pods: whether not one pod may be made.
        failure: the condition by which the Deployment says why it does not go on.
        since, until: moments of the clock between which all this holds.
    """

    waiting: str = ""
    restarts: int = 0
    ready: bool = False
    digest: str = ""
    init_container: str = ""
    unschedulable: str = ""
    no_pods: bool = False
    failure: str = ""
    since: float = 0.0
    until: float = FOR_EVER


NEVER_READY = Trouble()


@dataclass(frozen=True, kw_only=True)
class Outage:
    """The API server does not answer for some seconds, from a moment of the clock or from the next upgrade (None)."""

    seconds: float
    since: float | None


@dataclass
class Deployed:
    """A Deployment: its image, the one before, and how often it was read since the last upgrade.

    `edits` are the fields of its container that somebody changed by hand.
    """

    name: str
    image: str
    before: str
    replicas: int
    generation: int
    reads: int = 0
    edits: dict[str, Any] = field(default_factory=dict)


class Deployments:
    """What the fakes of the cluster and of Helm share: Deployments, their troubles and the API server's outage."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.by_name: dict[str, Deployed] = {}
        self.troubles: dict[str, Trouble] = {}
        self.outage: Outage | None = None

    def deploy(self, image: str, replicas: int) -> None:
        """Roll out an image: a first time, or in place of the one that runs."""
        name = service_of(image)
        before = self.by_name.get(name)
        self.by_name[name] = Deployed(
            name=name,
            image=image,
            before=before.image if before else "",
            replicas=replicas,
            generation=before.generation + 1 if before else 1,
            edits=before.edits if before else {},
        )

    def trouble_of(self, name: str) -> Trouble | None:
        """What is wrong with a service now."""
        trouble = self.troubles.get(name)
        return trouble if trouble and trouble.since <= self.clock.monotonic() < trouble.until else None

    def must_answer(self, what: str) -> None:
        """Raise `OutOfReach` with `what` while the API server is away."""
        if self.outage is None or self.outage.since is None:
            return
        if self.outage.since <= self.clock.monotonic() < self.outage.since + self.outage.seconds:
            raise OutOfReach(what, where="erp-dev", why="connection refused")


def service_of(image: str) -> str:
    """The service that an image belongs to: the last part of its repository."""
    return ImageReference.parse(image).repository.rpartition("/")[2]


def manifest_of(image: str, replicas: int) -> dict[str, Any]:
    """The Deployment of an image as an object of a manifest."""
    name = service_of(image)
    containers = [{"name": name, "image": image}]
    spec = {"replicas": replicas, "template": {"spec": {"containers": containers}}}
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": spec}

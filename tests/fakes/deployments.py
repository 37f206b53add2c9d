"""The Deployments of one release in memory: Helm changes them, and the cluster shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from erp_build.clients.clock import Clock
from erp_build.errors import OutOfReach
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.kubernetes import ObjectName

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
        failure: the condition by which the Deployment says why it does not go on; a Job has failed for good by it.
        older: whether they are still pods of an older revision, which a StatefulSet's controller does not replace.
        gone: how many of the pods are not there any more; others have come in their place.
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
    older: bool = False
    gone: int = 0
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

    `edits` are the fields of its container that somebody changed by hand; `paused` is by hand as well. `probed` tells
    whether its container has a readiness probe.
    """

    name: str
    image: str
    before: str
    replicas: int
    generation: int
    reads: int = 0
    edits: dict[str, Any] = field(default_factory=dict)
    paused: bool = False
    probed: bool = True


@dataclass
class Other:
    """Another object that makes pods, as its manifest wants it, and how often it was read since it was changed."""

    manifest: Mapping[str, Any]
    generation: int = 1
    reads: int = 0


class Deployments:
    """What the fakes of the cluster and of Helm share: Deployments, other objects, troubles, the API server's outage.

    `unprobed` are the services whose Deployments get no readiness probe.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.by_name: dict[str, Deployed] = {}
        self.others: dict[ObjectName, Other] = {}
        self.unprobed: set[str] = set()
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
            paused=before is not None and before.paused,
            probed=name not in self.unprobed,
        )

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Make another object as it is in a manifest, or change it."""
        about = manifest["metadata"]
        namespace = about.get("namespace", "")
        name = ObjectName(manifest["kind"], about["name"], "" if namespace == "erp-dev" else namespace)
        before = self.others.get(name)
        if before is None or before.manifest["spec"] != manifest["spec"]:
            self.others[name] = Other(manifest, before.generation + 1 if before else 1)

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


def manifest_of(image: str, replicas: int, *, probed: bool = True) -> dict[str, Any]:
    """The Deployment of an image as an object of a manifest."""
    return object_of("Deployment", service_of(image), image, probed=probed, replicas=replicas)


def object_of(kind: str, name: str, image: str, *, probed: bool = False, **spec: Any) -> dict[str, Any]:
    """An object that makes pods of an image, as a manifest has it."""
    probe = {"readinessProbe": {"tcpSocket": {"port": 8080}}} if probed else {}
    template = {"template": {"spec": {"containers": [{"name": name, "image": image, **probe}]}}}
    pods = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    api = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": {**spec, **pods}}

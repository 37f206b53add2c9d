"""A cluster in memory: reading the Deployments of a release shows their rollout go on."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from erp_build.clients.kubernetes.connection import Refused
from erp_build.deployment.rights.assumed import assumed_resources
from erp_build.formats.kubernetes.pod_template import containers_of
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Container, ContainerTemplate, Endpoints, ObjectName, Pod, Workload
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Resource, Right
from tests.fakes.deployments import Deployed, Deployments, Other, Outage, Trouble, manifest_of
from tests.fakes.health import FakeBindings
from tests.fakes.logs import ClusterLogs
from tests.fakes.registry import FakeRegistry

OLD_PODS_UNTIL = 2
"""How many reads after an upgrade still show the rollout on its way."""


class FakeCluster(ClusterLogs, FakeBindings):
    """What a cluster shows of the Deployments.

    Attributes:
        deployments: service -> its Deployment.
        troubles: service -> what is wrong with its pods; a rollback ends it.
        unreachable: services whose Service leads to no ready pod.
        warnings: the events of the namespace.
        not_allowed: what the caller may not do, such as `create secrets`, or `create secrets in logs` in one namespace.
        unserved: kinds that the cluster does not serve; it serves every other one, custom ones as their names say.
        versions: API group -> the versions that it serves.
        roles: name -> a role that may be read.
        reviews: the rights that were asked for last.
        others: further objects that make pods; their troubles are found by kind and name, as `StatefulSet kafka`.
        closed: namespaces in which nothing may be listed.
        autoscalers: what scales Deployments, of the release or of anybody else.
        objects: kind and name -> an object as it is; None: somebody removed it; empty: it may not be read.
        webhooks: what they make of an object that is applied; None: the cluster refuses a dry run.
    """

    def __init__(self, deployments: Deployments, registry: FakeRegistry) -> None:
        super().__init__()
        self.release = "erp-microservices"
        self.deployments = deployments.by_name
        self.troubles = deployments.troubles
        self.unreachable: set[str] = set()
        self.warnings: tuple[ClusterEvent, ...] = ()
        self.not_allowed: tuple[str, ...] = ()
        self.unserved: set[Kind] = set()
        self.versions: dict[str, tuple[str, ...]] = {}
        self.roles: dict[str, Mapping[str, Any]] = {}
        self.reviews: frozenset[Right] = frozenset()
        self.others = deployments.others
        self.unprobed = deployments.unprobed
        self.closed: set[str] = set()
        self.autoscalers: list[dict[str, Any]] = []
        self._plans: list[tuple[float, Callable[[], object]]] = []
        self.objects: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self.webhooks: Callable[[Mapping[str, Any]], Mapping[str, Any] | None] = lambda wanted: wanted
        self._shared = deployments
        self._registry = registry

    def workloads(
        self, release: Release, also: Collection[ObjectName] = (), only: Collection[str] | None = None
    ) -> tuple[Workload, ...]:
        """The Deployments and further objects; each read brings a rollout nearer to its end."""
        for moment, action in [one for one in self._plans if one[0] <= self._shared.clock.monotonic()]:
            self._plans.remove((moment, action))
            action()
        self._shared.must_answer("the cluster cannot be reached")
        assert release == Release("erp-dev", "erp-dev", self.release)
        if refused := [str(one) for one in also if one.namespace in self.closed]:
            raise Refused("the cluster answered 403 Forbidden", why=f"cannot list {', '.join(refused)}")
        wanted = {name: one for name, one in self.others.items()
                  if name in also or (name.kind == "Deployment" and not name.namespace)}  # fmt: skip
        shown: list[Deployed | Other] = [*self.deployments.values(), *wanted.values()]
        for one in shown:
            one.reads += 1
        found = (*map(self._workload, self.deployments.values()), *(self._other(*one) for one in wanted.items()))
        return tuple(one for one in found if only is None or one.name in only or one.object_name in also)

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:  # noqa: ARG002 - the protocol's
        """A Service per Deployment, which leads to its ready pods."""
        return tuple(
            Endpoints(
                name=name,
                selector=(("app", name),),
                ready=0 if name in self.unreachable else deployed.replicas,
                not_ready=deployed.replicas if name in self.unreachable else 0,
            )
            for name, deployed in self.deployments.items()
        )

    def events(self, release: Release) -> tuple[ClusterEvent, ...]:  # noqa: ARG002 - the protocol's
        if error := self.failures.get("events"):
            raise error
        return self.warnings

    def served(self, release: Release, kinds: Collection[Kind]) -> Mapping[Kind, Resource]:
        assert release.cluster == "erp-dev"
        self._shared.must_answer("the cluster cannot be reached")
        return assumed_resources(kind for kind in kinds if kind not in self.unserved)

    def served_versions(self, release: Release, group: str) -> tuple[str, ...]:
        assert release.cluster == "erp-dev"
        return self.versions.get(group, ())

    def role(self, release: Release, named: Right) -> Mapping[str, Any] | None:
        assert release.cluster == "erp-dev"
        return self.roles.get(named.name)

    def missing_rights(self, release: Release, asked: Collection[Right]) -> frozenset[Right]:
        assert release.cluster == "erp-dev"
        self._shared.must_answer("the cluster cannot be reached")
        self.reviews = frozenset(asked)
        return frozenset(one for one in asked if {str(one), f"{one} in {one.namespace}"} & set(self.not_allowed))

    def must_answer(self) -> None:
        """Raise where the cluster is away."""
        self._shared.must_answer("the cluster cannot be reached")

    def architectures(self, cluster: str) -> frozenset[str]:
        assert cluster == "erp-dev"
        return frozenset({"amd64"})

    def live_objects(
        self, release: Release, wanted: Sequence[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any] | None, ...]:
        """Deployments as they are now, with every edit by hand; other objects as `objects` has them, or as wanted."""
        assert release.name == self.release
        return tuple(map(self._live_object, wanted))

    def _live_object(self, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        identity = (wanted["kind"], wanted["metadata"]["name"])
        if wanted["kind"] != "Deployment" or identity in self.objects:
            return self.objects.get(identity, wanted)
        deployed = self.deployments.get(identity[1])
        if deployed is None:
            return wanted if any(one.name == identity[1] for one in self.others) else None
        item = manifest_of(deployed.image, deployed.replicas, probed=deployed.probed)
        item["spec"]["template"]["spec"]["containers"][0] |= deployed.edits
        return item

    def scalers(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        assert release.name == self.release
        return tuple(one for one in self.autoscalers if one["kind"] == "HorizontalPodAutoscaler")

    def tried(self, release: Release, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the webhooks of the cluster make of an object that is applied."""
        assert release.name == self.release
        return self.webhooks(wanted)

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Something happens in the cluster at a moment of the clock."""
        self._plans.append((moment, action))

    def running(self) -> dict[str, str]:
        """Service -> the tag that its Deployment names."""
        return {name: ImageReference.parse(deployed.image).tag for name, deployed in self.deployments.items()}

    def digest(self, name: str) -> str:
        """The digest that a service's pods run."""
        return self._digest(name, self.deployments[name].image)

    def is_away(self, seconds: float) -> None:
        """The API server does not answer for so long."""
        self._shared.outage = Outage(seconds=seconds, since=self._shared.clock.monotonic())

    def is_away_after_the_upgrade(self, seconds: float) -> None:
        """The API server goes away right after the next upgrade, for so long."""
        self._shared.outage = Outage(seconds=seconds, since=None)

    def is_set_by_hand(self, name: str) -> None:
        """Somebody pointed a Deployment at its image by digest, without a tag."""
        deployed = self.deployments[name]
        deployed.image = f"{deployed.image.partition('@')[0].rpartition(':')[0]}@{self.digest(name)}"

    def pauses(self, name: str) -> None:
        """Somebody paused a Deployment, and its pods have no newer image than before."""
        deployed = self.deployments[name]
        deployed.paused, deployed.before = True, deployed.before or f"{deployed.image.partition(':')[0]}:older"

    def rolls_out_again(self, name: str) -> None:
        """The rollout of a service is on its way, without trouble; the next reads show its end."""
        self.troubles.pop(name, None)
        self.deployments[name].reads = 0

    def _workload(self, deployed: Deployed) -> Workload:
        new = list(self._pods(deployed))
        on_its_way = deployed.reads <= OLD_PODS_UNTIL
        is_held = deployed.paused and bool(deployed.before)
        pods = [*new[:1], *self._old_pods(deployed)] if on_its_way else new
        ready = sum(any(container.ready for container in pod.containers) for pod in pods if pod.current)
        trouble = self._shared.trouble_of(deployed.name)
        return Workload(
            name=deployed.name,
            containers=(
                ContainerTemplate("sidecar", "sidecar:1"),
                ContainerTemplate(deployed.name, deployed.image, deployed.probed),
            ),
            desired=deployed.replicas,
            generation=deployed.generation,
            observed_generation=deployed.generation - (deployed.reads <= 1),
            replicas=len(pods),
            updated=0 if is_held else 1 if on_its_way else deployed.replicas,
            available=ready,
            failure=trouble.failure if trouble else "",
            paused=deployed.paused,
            idle="" if deployed.replicas else "0 replicas",
            pods=tuple(pods),
            labels=(("app", deployed.name),),
        )

    def _other(self, name: ObjectName, other: Other) -> Workload:
        """Two pods of another object, or one of a Job."""
        kind, spec, trouble = name.kind, other.manifest["spec"], self._shared.trouble_of(str(name))
        templates = containers_of(kind, other.manifest)
        desired = {"Job": 1, "CronJob": 0}.get(kind, spec.get("replicas", 2))
        digest = trouble.digest if trouble and trouble.digest else "sha256:" + "9" * 64
        container = Container(name=templates[0].name, image=templates[0].image, image_id=f"x@{digest}", ready=True)
        if trouble:
            container = replace(container, ready=trouble.ready, waiting=trouble.waiting, restarts=trouble.restarts)
        ready = desired if container.ready and other.reads > OLD_PODS_UNTIL else 0
        skipped, current = trouble.gone if trouble else 0, not (trouble and trouble.older)
        names = [f"{name.name}-{other.generation}-{number}" for number in range(skipped, desired + skipped)]
        return Workload(
            name=name.name,
            kind=kind,
            namespace=name.namespace,
            containers=templates,
            desired=desired,
            generation=other.generation,
            observed_generation=other.generation - (other.reads <= 1),
            replicas=desired,
            updated=desired,
            available=ready,
            failure=trouble.failure if trouble else "",
            is_over=kind == "Job" and bool(trouble and trouble.failure),
            paused=bool(spec.get("paused")),
            idle="" if desired else "0 replicas",
            pods=tuple(Pod(name=pod, current=current, containers=(container,)) for pod in names),
            labels=(("app", name.name),),
        )

    def _pods(self, deployed: Deployed) -> Iterator[Pod]:
        trouble = self._shared.trouble_of(deployed.name)
        if trouble and trouble.no_pods:
            return
        containers = self._containers(deployed, trouble)
        lost = trouble.unschedulable if trouble else ""
        skipped = trouble.gone if trouble else 0
        for number in range(skipped, deployed.replicas + skipped):
            name = f"{deployed.name}-{deployed.generation}-{number}"
            made = self.created.get(name, "")
            yield Pod(name=name, current=True, containers=() if lost else containers, unschedulable=lost, created=made)

    def _containers(self, deployed: Deployed, trouble: Trouble | None) -> tuple[Container, ...]:
        # A Deployment that is paused keeps the pods that it has.
        image = deployed.before if deployed.paused and deployed.before else deployed.image
        digest = self._digest(deployed.name, image)
        container = _container(deployed.name, image, digest)
        if not digest:
            return (replace(container, waiting="ImagePullBackOff"),)
        if trouble is None:
            return (container,)
        container = replace(container, ready=trouble.ready, waiting=trouble.waiting, restarts=trouble.restarts)
        if not trouble.init_container:
            return (container,)
        first = Container(image="init:1", name=trouble.init_container, is_init=True, waiting=trouble.waiting)
        return first, replace(container, waiting="PodInitializing")

    def _old_pods(self, deployed: Deployed) -> Iterator[Pod]:
        if deployed.before:
            container = _container(deployed.name, deployed.before, self._digest(deployed.name, deployed.before))
            if not container.ready:
                container = replace(container, waiting="CrashLoopBackOff", restarts=9)
            yield Pod(name=f"{deployed.name}-old", current=False, containers=(container,))

    def _digest(self, name: str, image: str) -> str:
        """What the kubelet pulls: the digest that the tag has in the registry; empty when there is none."""
        trouble = self._shared.trouble_of(name)
        if trouble and trouble.digest:
            return trouble.digest
        reference = ImageReference.parse(image)
        stored = self._registry.stored(reference.repository, reference.digest or reference.tag)
        return stored.digest if stored else ""


def _container(name: str, image: str, digest: str) -> Container:
    plain = image.partition("@")[0]
    repository = plain.rpartition(":")[0] if ":" in plain.rpartition("/")[2] else plain
    return Container(name=name, image=image, image_id=f"{repository}@{digest}" if digest else "", ready=bool(digest))

"""A cluster in memory: reading the Deployments of a release shows their rollout go on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from erp_build.model.images.image import ImageReference
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Container, Endpoints, Pod, Workload
from erp_build.model.releases.release import Release
from tests.fakes.deployments import Deployed, Deployments, Outage, Trouble, manifest_of
from tests.fakes.registry import FakeRegistry

OLD_PODS_UNTIL = 2
"""How many reads after an upgrade still show the rollout on its way."""


class FakeCluster:
    """What a cluster shows of the Deployments.

    Attributes:
        deployments: service -> its Deployment.
        troubles: service -> what is wrong with its pods; a rollback ends it.
        unreachable: services whose Service leads to no ready pod.
        warnings: the events of the namespace.
        logs: pod -> the last lines of its log.
        not_allowed: what the caller may not do.
        failures: call (`events`, `log`) -> the error that it ends with.
    """

    def __init__(self, deployments: Deployments, registry: FakeRegistry) -> None:
        self.deployments = deployments.by_name
        self.troubles = deployments.troubles
        self.unreachable: set[str] = set()
        self.warnings: tuple[ClusterEvent, ...] = ()
        self.logs: dict[str, tuple[str, ...]] = {}
        self.not_allowed: tuple[str, ...] = ()
        self.failures: dict[str, BaseException] = {}
        self._shared = deployments
        self._registry = registry

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments; each read brings a rollout nearer to its end."""
        self._shared.must_answer("the cluster cannot be reached")
        assert release == Release("erp-dev", "erp-dev", "erp-microservices")
        for deployed in self.deployments.values():
            deployed.reads += 1
        return tuple(self._workload(deployed) for deployed in self.deployments.values())

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

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        if error := self.failures.get("log"):
            raise error
        return self.logs.get(pod, ())

    def missing_permissions(self, release: Release) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        self._shared.must_answer("the cluster cannot be reached")
        return self.not_allowed

    def architectures(self, cluster: str) -> frozenset[str]:
        assert cluster == "erp-dev"
        return frozenset({"amd64"})

    def live_objects(self, release: Release) -> tuple[dict[str, Any], ...]:
        """The Deployments as they are now, with every edit by hand."""
        assert release.name == "erp-microservices"
        found = []
        for deployed in self.deployments.values():
            item = manifest_of(deployed.image, deployed.replicas)
            item["spec"]["template"]["spec"]["containers"][0] |= deployed.edits
            found.append(item)
        return tuple(found)

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

    def rolls_out_again(self, name: str) -> None:
        """The rollout of a service is on its way, without trouble; the next reads show its end."""
        self.troubles.pop(name, None)
        self.deployments[name].reads = 0

    def _workload(self, deployed: Deployed) -> Workload:
        new = list(self._pods(deployed))
        on_its_way = deployed.reads <= OLD_PODS_UNTIL
        pods = [*new[:1], *self._old_pods(deployed)] if on_its_way else new
        ready = sum(any(container.ready for container in pod.containers) for pod in pods if pod.current)
        trouble = self._shared.trouble_of(deployed.name)
        return Workload(
            name=deployed.name,
            images=("sidecar:1", deployed.image),
            desired=deployed.replicas,
            generation=deployed.generation,
            observed_generation=deployed.generation - (deployed.reads <= 1),
            replicas=len(pods),
            updated=1 if on_its_way else deployed.replicas,
            available=ready,
            failure=trouble.failure if trouble else "",
            pods=tuple(pods),
            labels=(("app", deployed.name),),
        )

    def _pods(self, deployed: Deployed) -> Iterator[Pod]:
        trouble = self._shared.trouble_of(deployed.name)
        if trouble and trouble.no_pods:
            return
        containers = self._containers(deployed, trouble)
        lost = trouble.unschedulable if trouble else ""
        for number in range(deployed.replicas):
            name = f"{deployed.name}-{deployed.generation}-{number}"
            yield Pod(name=name, current=True, containers=() if lost else containers, unschedulable=lost)

    def _containers(self, deployed: Deployed, trouble: Trouble | None) -> tuple[Container, ...]:
        digest = self._digest(deployed.name, deployed.image)
        container = _container(deployed.image, digest)
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
            container = _container(deployed.before, self._digest(deployed.name, deployed.before))
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


def _container(image: str, digest: str) -> Container:
    name = image.partition("@")[0]
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return Container(image=image, image_id=f"{repository}@{digest}" if digest else "", ready=bool(digest))

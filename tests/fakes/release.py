"""A cluster with one Helm release in memory: an upgrade reads the values file, and reading shows the rollout go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from erp_build.clients.clock import Clock
from erp_build.clients.effects import UpgradeRequest
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.evidence import Event
from erp_build.model.releases.kubernetes import Container, Endpoints, Pod, Workload
from erp_build.model.releases.release import Release, Revision
from tests.fakes.registry import FakeRegistry

OLD_PODS_UNTIL = 2
"""How many reads after an upgrade still show the rollout on its way."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What keeps a service's containers from being ready, until a moment of the clock."""

    waiting: str = ""
    restarts: int = 0
    until: float = float("inf")
    unschedulable: str = ""
    prepares: str = ""


@dataclass
class Deployed:
    """A Deployment: its image, the one before, and how often it was read since the last upgrade."""

    name: str
    image: str
    before: str
    replicas: int
    generation: int
    reads: int = 0


class FakeRelease:
    """Cluster and Helm at once, because the one shows what the other did."""

    def __init__(self, registry: FakeRegistry, clock: Clock) -> None:
        self.revisions: list[Revision] = []
        self.deployments: dict[str, Deployed] = {}
        self.refusals: dict[str, str] = {}
        self.checked: list[str] = []
        self.not_allowed: tuple[str, ...] = ()
        self.absent: OutOfReach | None = None
        self.unreachable: set[str] = set()
        self.warnings: tuple[Event, ...] = ()
        self.logs: dict[str, tuple[str, ...]] = {}
        self.edits: dict[str, dict[str, Any]] = {}
        self._values: dict[int, Any] = {}
        self._away_until = 0.0
        self._away_after = 0.0
        self._without_pods: set[str] = set()
        self.interrupts: dict[str, BaseException] = {}
        self._ends_at = float("inf")
        self._restarts_at: dict[str, float] = {}
        self._registry = registry
        self._clock = clock
        self._troubles: dict[str, Trouble] = {}
        self._other_digests: dict[str, str] = {}
        self._failures: dict[str, str] = {}

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments; each read brings a rollout nearer to its end."""
        if self._clock.monotonic() < self._away_until:
            raise OutOfReach("the cluster cannot be reached", where="erp-dev", why="connection refused")
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

    def events(self, release: Release) -> tuple[Event, ...]:  # noqa: ARG002 - the protocol's
        self._refuse("events", "erp-dev")
        return self.warnings

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        return self.logs.get(pod, ())

    def missing_permissions(self, release: Release) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        if self.absent:
            raise self.absent
        return self.not_allowed

    def architectures(self, cluster: str) -> frozenset[str]:
        assert cluster == "erp-dev"
        return frozenset({"amd64"})

    def history(self, release: Release) -> tuple[Revision, ...]:
        assert release.name == "erp-microservices"
        if self._clock.monotonic() < self._away_until:
            raise OutOfReach("the history cannot be read", where="erp-dev", why="connection refused")
        if self._clock.monotonic() >= self._ends_at:
            self._ends_at = float("inf")
            last = self.revisions.pop()
            self._add_revision("deployed", last.description, last.updated)
        return tuple(self.revisions)

    def check_chart(self, release: Release, chart: Path, values: bytes) -> tuple[dict[str, Any], ...]:  # noqa: ARG002
        wanted = yaml.safe_load(values)
        self.checked.append(values.decode())
        self._refuse("check_chart", str(chart))
        return tuple(_object(image, wanted["replicaCount"]) for image in _images(wanted))

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """The values that a revision was made of."""
        assert release.name == "erp-microservices"
        found = self._values[revision or max(self._values)]
        leaves = {key: _leaf(found, key) for key in keys}
        return {key: str(leaf) for key, leaf in leaves.items() if leaf is not None}

    def objects(self, release: Release) -> tuple[dict[str, Any], ...]:
        """The Deployments that the newest revision's values make."""
        return self.manifest(release)

    def manifest(self, release: Release) -> tuple[dict[str, Any], ...]:
        """The same: the fake chart makes nothing else."""
        assert release.name == "erp-microservices"
        if not self._values:
            return ()
        values = self._values[max(self._values)]
        return tuple(_object(image, values["replicaCount"]) for image in _images(values))

    def live_objects(self, release: Release) -> tuple[dict[str, Any], ...]:
        """The Deployments as they are now, with every edit by hand."""
        assert release.name == "erp-microservices"
        found = []
        for deployed in self.deployments.values():
            item = _object(deployed.image, deployed.replicas)
            item["spec"]["template"]["spec"]["containers"][0] |= self.edits.get(deployed.name, {})
            found.append(item)
        return tuple(found)

    def upgrade(self, request: UpgradeRequest) -> None:
        """Roll out what the values file names, as a new revision; Helm refuses beside another operation."""
        if self.revisions and self.revisions[-1].status.startswith("pending"):
            raise ReleaseFailed(
                "another operation (install/upgrade/rollback) is in progress", where=request.release.name
            )
        self._add_revision("failed" if "upgrade" in self.refusals else "deployed", request.description)
        self._refuse("upgrade", request.release.name)
        self._roll_out(request.values.read_text(encoding="utf-8"))
        if self._away_after:
            self.is_away(until=self._clock.monotonic() + self._away_after)
            self._away_after = 0.0

    def was_deployed(self, values: str, description: str = "") -> None:
        """Somebody deployed these values, with or without this program."""
        self._add_revision("deployed", description)
        self._roll_out(values)

    def rollback(self, revision: int) -> None:
        """Roll out what an old revision named, as a new revision; also from a pending one."""
        self._refuse("rollback", "erp-microservices")
        if self.revisions[-1].status.startswith("pending"):
            self.revisions[-1] = replace(self.revisions[-1], status="failed")
        self._add_revision("deployed", f"Rollback to {revision}")
        values = self._values[len(self.revisions)] = self._values[revision]
        self.edits.clear()
        for image in _images(values):
            self.is_mended(ImageReference.parse(image).repository.rpartition("/")[2])
            self._deploy(image, values["replicaCount"])

    def uninstall(self) -> None:
        """Remove everything."""
        self.revisions, self.deployments, self._values = [], {}, {}

    def running(self) -> dict[str, str]:
        """Service -> the tag that its Deployment names."""
        return {name: ImageReference.parse(deployed.image).tag for name, deployed in self.deployments.items()}

    def digest(self, name: str) -> str:
        """The digest that a service's pods run."""
        return self._digest(name, self.deployments[name].image)

    def never_gets_ready(self, name: str) -> None:
        """The containers run, and their probes fail."""
        self._troubles[name] = Trouble()

    def waits_with(self, name: str, reason: str, *, restarts: int = 0, until: float = float("inf")) -> None:
        """The containers wait with a reason such as ImagePullBackOff, for ever or until a moment."""
        self._troubles[name] = Trouble(waiting=reason, restarts=restarts, until=until)

    def finds_no_node(self, name: str, message: str) -> None:
        """The pods wait for a node, and so have no containers yet."""
        self._troubles[name] = Trouble(unschedulable=message)

    def reports_failure(self, name: str, failure: str) -> None:
        """The Deployment has a condition that says why it does not go on."""
        self.never_gets_ready(name)
        self._failures[name] = failure

    def ends_by_itself(self, until: float) -> None:
        """The operation that is pending ends well at a moment of the clock."""
        self._ends_at = until

    def is_away(self, until: float) -> None:
        """The API server does not answer until a moment of the clock."""
        self._away_until = until

    def restarts_at(self, name: str, seconds: float) -> None:
        """The containers of a service are started again once, so many seconds from now."""
        self._restarts_at[name] = self._clock.monotonic() + seconds

    def cannot_prepare(self, name: str, container: str, reason: str) -> None:
        """An init container waits with a reason, and the others for it."""
        self._troubles[name] = Trouble(waiting=reason, prepares=container)

    def runs_instead(self, name: str, digest: str) -> None:
        """The pods of a service run another image than its tag names."""
        self._other_digests[name] = digest

    def is_set_by_hand(self, name: str) -> None:
        """Somebody pointed a Deployment at its image by digest, without a tag."""
        deployed = self.deployments[name]
        deployed.image = f"{deployed.image.rpartition(':')[0]}@{self.digest(name)}"

    def rolls_out_again(self, name: str) -> None:
        """The rollout of a service is on its way; the next reads show its end."""
        self.is_mended(name)
        self.deployments[name].reads = 0

    def is_mended(self, name: str) -> None:
        """Everything that was wrong with a service is over."""
        for wrong in (self._troubles, self._failures, self._other_digests):
            wrong.pop(name, None)
        self._without_pods.discard(name)

    def is_pending(self, updated: str = "2026-01-01T00:00:00Z") -> None:
        """A run was cut off in an upgrade, or in the first installation."""
        self._add_revision("pending-upgrade" if self.revisions else "pending-install", "", updated)
        self._values[len(self.revisions)] = self._values.get(len(self.revisions) - 1)

    def _roll_out(self, text: str) -> None:
        values = self._values[len(self.revisions)] = yaml.safe_load(text)
        for image in _images(values):
            self._deploy(image, values["replicaCount"])

    def has_no_pods(self, name: str) -> None:
        """Not one pod of a service may be made."""
        self._without_pods.add(name)

    def is_away_after_the_upgrade(self, seconds: float) -> None:
        """The API server goes away right after the next upgrade, for so long."""
        self._away_after = seconds

    def _refuse(self, call: str, where: str) -> None:
        if call in self.interrupts:
            raise self.interrupts[call]
        if call in self.refusals:
            raise ReleaseFailed(self.refusals[call], where=where)

    def _add_revision(self, status: str, description: str, updated: str = "2026-01-01T00:00:00Z") -> None:
        if status == "deployed":
            self.revisions = [replace(one, status="superseded") for one in self.revisions]
        self.revisions.append(
            Revision(number=len(self.revisions) + 1, status=status, description=description, updated=updated)
        )

    def _deploy(self, image: str, replicas: int) -> None:
        name = ImageReference.parse(image).repository.rpartition("/")[2]
        before = self.deployments.get(name)
        self.deployments[name] = Deployed(
            name=name,
            image=image,
            before=before.image if before else "",
            replicas=replicas,
            generation=before.generation + 1 if before else 1,
        )

    def _workload(self, deployed: Deployed) -> Workload:
        new = list(self._pods(deployed))
        on_its_way = deployed.reads <= OLD_PODS_UNTIL
        pods = [*new[:1], *self._old_pods(deployed)] if on_its_way else new
        ready = sum(any(container.ready for container in pod.containers) for pod in pods if pod.current)
        return Workload(
            name=deployed.name,
            images=("sidecar:1", deployed.image),
            desired=deployed.replicas,
            generation=deployed.generation,
            observed_generation=deployed.generation - (deployed.reads <= 1),
            replicas=len(pods),
            updated=1 if on_its_way else deployed.replicas,
            available=ready,
            failure=self._failures.get(deployed.name, ""),
            pods=tuple(pods),
            labels=(("app", deployed.name),),
        )

    def _pods(self, deployed: Deployed) -> Iterator[Pod]:
        digest = self._digest(deployed.name, deployed.image)
        trouble = self._troubles.get(deployed.name)
        if trouble and self._clock.monotonic() >= trouble.until:
            trouble = None
        if not digest:
            trouble = Trouble(waiting="ImagePullBackOff")
        container = _container(deployed.image, digest)
        if trouble:
            container = replace(container, ready=False, waiting=trouble.waiting, restarts=trouble.restarts)
        lost = trouble.unschedulable if trouble else ""
        if self._clock.monotonic() >= self._restarts_at.get(deployed.name, float("inf")):
            container = replace(container, restarts=1)
        containers: tuple[Container, ...] = () if lost else (container,)
        if trouble and trouble.prepares:
            first = Container(image="init:1", name=trouble.prepares, prepares=True, waiting=trouble.waiting)
            containers = (first, replace(container, waiting="PodInitializing"))
        for number in range(0 if deployed.name in self._without_pods else deployed.replicas):
            name = f"{deployed.name}-{deployed.generation}-{number}"
            yield Pod(name=name, current=True, containers=containers, unschedulable=lost)

    def _old_pods(self, deployed: Deployed) -> Iterator[Pod]:
        if deployed.before:
            container = _container(deployed.before, self._digest(deployed.name, deployed.before))
            if not container.ready:
                container = replace(container, waiting="CrashLoopBackOff", restarts=9)
            yield Pod(name=f"{deployed.name}-old", current=False, containers=(container,))

    def _digest(self, name: str, image: str) -> str:
        """What the kubelet pulls: the digest that the tag has in the registry; empty when there is none."""
        reference = ImageReference.parse(image)
        stored = self._registry.stored(reference.repository, reference.digest or reference.tag)
        return self._other_digests.get(name) or (stored.digest if stored else "")


def _images(values: Any) -> list[str]:
    services = [service for service in values["services"].values() if service.get("enabled", True)]
    return [f"{service['image']['repository']}:{service['image']['tag']}" for service in services]


def _object(image: str, replicas: int) -> dict[str, Any]:
    name = ImageReference.parse(image).repository.rpartition("/")[2]
    containers = [{"name": name, "image": image}]
    spec = {"replicas": replicas, "template": {"spec": {"containers": containers}}}
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def _leaf(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _container(image: str, digest: str) -> Container:
    name = image.partition("@")[0]
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return Container(image=image, image_id=f"{repository}@{digest}" if digest else "", ready=bool(digest))


def values_text(services: dict[str, str]) -> str:
    """A values file with two replicas and these services: key -> repository with its host."""
    lines = ["# 개발 환경", "replicaCount: 2", "services:"]
    for key, repository in services.items():
        lines += [f"  {key}:", "    image:", f"      repository: {repository}", '      tag: "latest"  # 배포할 태그']
    return "\n".join([*lines, "  employee:", "    enabled: false", ""])

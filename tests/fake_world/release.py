"""A cluster with one Helm release in memory: an upgrade reads the values file and rolls out what it names."""

from pathlib import Path
from typing import Any

import yaml

from erp_build.domain.release import Container, Pod, Release, Revision, Workload
from erp_build.errors import ReleaseFailed
from tests.fake_world.registry import FakeRegistry


class FakeRelease:
    """Cluster and Helm at once, because the one shows what the other did."""

    def __init__(self, registry: FakeRegistry) -> None:
        self._registry = registry
        self.revisions: list[Revision] = []
        self.deployed: dict[str, Workload] = {}
        self.renders = True
        self._never_ready: set[str] = set()
        self._waiting: dict[str, tuple[str, int]] = {}
        self._other_image: dict[str, str] = {}

    def never_gets_ready(self, name: str) -> None:
        """Let the pods of a service start and never be ready."""
        self._never_ready.add(name)

    def waits_with(self, name: str, reason: str, restarts: int = 0) -> None:
        """Let the containers of a service wait with a reason, such as ImagePullBackOff."""
        self._waiting[name] = (reason, restarts)

    def runs_another_image(self, name: str, digest: str) -> None:
        """Let the pods of a service run something that nobody asked for."""
        self._other_image[name] = digest

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments."""
        return tuple(self.deployed.values()) if release.namespace == "erp-dev" else ()

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions, oldest first."""
        return tuple(self.revisions) if release.namespace == "erp-dev" else ()

    def check_chart(self, release: Release, chart: Path, values: Path) -> None:  # noqa: ARG002 - the protocol's
        """Refuse a chart that a test has broken."""
        if not self.renders:
            raise ReleaseFailed("the chart does not render", where=str(chart), why="nil pointer")

    def upgrade(self, values: Path, description: str) -> None:
        """Make a new revision with the images that the values file names."""
        content = yaml.safe_load(values.read_text(encoding="utf-8"))
        for service in content["services"].values():
            if service.get("enabled", True):
                workload = self._workload(service["image"], content["replicaCount"])
                self.deployed[workload.name] = workload
        self.revisions = [*self.revisions, Revision(number=len(self.revisions) + 1, status="deployed",
                                                    description=description)]  # fmt: skip

    def _workload(self, image: dict[str, Any], replicas: int) -> Workload:
        host, _, repository = image["repository"].partition("/")
        name = repository.rpartition("/")[2]
        stored = self._registry.stored(repository, image["tag"])
        digest = self._other_image.get(name) or (stored.digest if stored else "")
        reason, restarts = self._waiting.get(name, ("", 0))
        ready = not reason and name not in self._never_ready and bool(digest)
        container = Container(
            image=f"{host}/{repository}:{image['tag']}",
            image_id=f"{host}/{repository}@{digest}",
            ready=ready,
            restarts=restarts,
            waiting=reason,
        )
        return Workload(
            name=name,
            images=(container.image,),
            desired=replicas,
            generation=1,
            observed_generation=1,
            replicas=replicas,
            updated=replicas,
            available=replicas if ready else 0,
            pods=tuple(
                Pod(name=f"{name}-{number}", current=True, containers=(container,)) for number in range(replicas)
            ),
        )

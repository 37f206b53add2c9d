"""A Helm release in memory: an upgrade reads the values file and rolls out what it names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from erp_build.clients.effects import UpgradeRequest
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.release import Release, Revision
from tests.fakes.deployments import FOR_EVER, Deployments, manifest_of, service_of

LONG_AGO = "2026-01-01T00:00:00"


class FakeHelm:
    """One release, its revisions and the values of each.

    `failures` is call (`render`, `check_chart`, `upgrade`, `rollback`) -> the error that it ends with; `checked` are
    the values that a chart was checked with.
    """

    def __init__(self, deployments: Deployments) -> None:
        self.revisions: list[Revision] = []
        self.checked: list[str] = []
        self.refuses_digests = False
        self.failures: dict[str, BaseException] = {}
        self._deployments = deployments
        self._values: dict[int, Any] = {}
        self._pending_until = FOR_EVER
        self._made = 0
        """Revisions that were ever made: no two of them have the same time."""

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions; the reading at the moment when a pending operation ends shows its end."""
        assert release.name == "erp-microservices"
        self._deployments.must_answer("the history cannot be read")
        if self._deployments.clock.monotonic() >= self._pending_until:
            self._pending_until = FOR_EVER
            last = self.revisions.pop()
            self._add_revision("deployed", last.description, last.updated)
        return tuple(self.revisions)

    def check_chart(self, release: Release, chart: Path, values: bytes) -> tuple[dict[str, Any], ...]:  # noqa: ARG002 - the protocol's
        wanted = yaml.safe_load(values)
        self.checked.append(values.decode())
        self._fail("check_chart")
        return _rendered(wanted)

    def render(self, release: Release, chart: Path, values: bytes) -> tuple[dict[str, Any], ...]:  # noqa: ARG002 - the protocol's
        """What the values make, without the cluster; `refuses_digests` stands for a chart that does not take them."""
        if self.refuses_digests and b"@sha256:" in values:
            raise ReleaseFailed("the chart does not render", where=str(chart), why="image.tag: does not match pattern")
        self._fail("render")
        return _rendered(yaml.safe_load(values))

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
        return _rendered(self._values[max(self._values)]) if self._values else ()

    def upgrade(self, request: UpgradeRequest) -> None:
        """Roll out what the values file names, as a new revision; Helm refuses beside another operation."""
        if self.revisions and self.revisions[-1].status.startswith("pending"):
            raise ReleaseFailed(
                "another operation (install/upgrade/rollback) is in progress", where=request.release.name
            )
        refused = isinstance(self.failures.get("upgrade"), ReleaseFailed)
        self._add_revision("failed" if refused else "deployed", request.description)
        self._fail("upgrade")
        self._roll_out(request.values.read_text(encoding="utf-8"))
        outage = self._deployments.outage
        if outage and outage.since is None:
            self._deployments.outage = replace(outage, since=self._deployments.clock.monotonic())

    def rollback(self, revision: int) -> None:
        """Roll out what an old revision named, as a new revision; also from a pending one."""
        self._fail("rollback")
        if self.revisions[-1].status.startswith("pending"):
            self.revisions[-1] = replace(self.revisions[-1], status="failed")
        self._add_revision("deployed", f"Rollback to {revision}")
        values = self._values[len(self.revisions)] = self._values[revision]
        for deployed in self._deployments.by_name.values():
            deployed.edits = {}
        for image in _images(values):
            self._deployments.troubles.pop(service_of(image), None)
            self._deployments.deploy(image, values["replicaCount"])

    def uninstall(self, *, keep_history: bool = False) -> None:
        """Remove everything; with its history kept, the newest revision says so."""
        self._deployments.by_name.clear()
        if not keep_history:
            self.revisions, self._values = [], {}
            return
        self._supersede_deployed()
        self.revisions[-1] = replace(self.revisions[-1], status="uninstalled", description="Uninstallation complete")

    def was_deployed(self, values: str, description: str = "") -> None:
        """Somebody deployed these values, with or without this program."""
        self._add_revision("deployed", description)
        self._roll_out(values)

    def is_pending(self, updated: str = "", *, until: float = FOR_EVER) -> None:
        """An upgrade or a first installation is on its way or was cut off; it ends well at a moment of the clock."""
        self._add_revision("pending-upgrade" if self.revisions else "pending-install", "", updated)
        self._values[len(self.revisions)] = self._values.get(len(self.revisions) - 1)
        self._pending_until = until

    def _roll_out(self, text: str) -> None:
        values = self._values[len(self.revisions)] = yaml.safe_load(text)
        for image in _images(values):
            self._deployments.deploy(image, values["replicaCount"])

    def _fail(self, call: str) -> None:
        if error := self.failures.get(call):
            raise error

    def _add_revision(self, status: str, description: str, updated: str = "") -> None:
        if status == "deployed" and not self._supersede_deployed() and not description.startswith("Rollback"):
            self._supersede_newest()
        self._made += 1
        number, made = len(self.revisions) + 1, updated or f"{LONG_AGO}.{self._made:06}Z"
        self.revisions.append(Revision(number=number, status=status, description=description, updated=made))

    def _supersede_deployed(self) -> bool:
        """What was deployed is superseded; returns whether there was something."""
        found = [place for place, one in enumerate(self.revisions) if one.status == "deployed"]
        for place in found:
            self.revisions[place] = replace(self.revisions[place], status="superseded")
        return bool(found)

    def _supersede_newest(self) -> None:
        """Where nothing is deployed, an upgrade supersedes the newest one, even if it failed or was uninstalled."""
        for last in self.revisions[-1:]:
            words = "superseded by new release" if last.status == "uninstalled" else last.description
            self.revisions[-1] = replace(last, status="superseded", description=words)


def values_text(services: dict[str, str]) -> str:
    """A values file with two replicas and these services: key -> repository with its host."""
    lines = ["# 개발 환경", "replicaCount: 2", "services:"]
    for key, repository in services.items():
        lines += [f"  {key}:", "    image:", f"      repository: {repository}", '      tag: "latest"  # 배포할 태그']
    return "\n".join([*lines, "  employee:", "    enabled: false", ""])


def _rendered(values: Any) -> tuple[dict[str, Any], ...]:
    return tuple(manifest_of(image, values["replicaCount"]) for image in _images(values))


def _images(values: Any) -> list[str]:
    # A first installation that was cut off has no values here.
    services = [service for service in values["services"].values() if service.get("enabled", True)] if values else []
    return [f"{service['image']['repository']}:{service['image']['tag']}" for service in services]


def _leaf(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values

"""A Helm release in memory: an upgrade reads the values file and rolls out what it names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from erp_build.clients.effects import UpgradeRequest
from erp_build.deployment.rollout.changed import WATCHED_KINDS
from erp_build.errors import ReleaseFailed
from erp_build.formats.kubernetes.hooks import is_hook
from erp_build.model.releases.release import HookRun, Release, Revision
from tests.fakes.deployments import FOR_EVER, Deployments, manifest_of, service_of
from tests.fakes.hooks import FakeHooks

Objects = tuple[dict[str, Any], ...]
LONG_AGO = "2026-01-01T00:00:00"


class FakeHelm:
    """One release, its revisions and the values of each.

    `failures` is call (`render`, `check_chart`, `upgrade`, `rollback`) -> the error that it ends with; `checked` are
    the values that a chart was checked with. `makes` is what else the chart makes of its values;
    `gives` are values that somebody gave the running release besides. Hooks among what it makes run with an upgrade.
    `of_upgrades` are what the chart makes of a release that is there, and not of a first installation.
    `around` are objects of the newest manifest besides; `charted` are the files of the chart of the last upgrade.
    """

    def __init__(self, deployments: Deployments) -> None:
        self.release = "erp-microservices"
        self.revisions: list[Revision] = []
        self.checked: list[str] = []
        self.refuses_digests = False
        self.makes: Callable[[Any], list[dict[str, Any]]] = lambda _: []
        self.of_upgrades: list[dict[str, Any]] = []
        self.around: tuple[dict[str, Any], ...] = ()
        self.charted: dict[str, str] = {}
        self.failures: dict[str, BaseException] = {}
        self.gives: dict[str, Any] = {}
        self.hooks = FakeHooks()
        self.leaves_out = ""
        """The service of whose values the chart makes nothing."""
        self._deployments = deployments
        self._values: dict[int, Any] = {}
        self._objects: dict[int, tuple[dict[str, Any], ...]] = {}
        self._pending_until = FOR_EVER
        self._made = 0
        """Revisions that were ever made: no two of them have the same time."""

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions; the reading at the moment when a pending operation ends shows its end."""
        assert release.name == self.release
        self._deployments.must_answer("the history cannot be read")
        if self._deployments.clock.monotonic() >= self._pending_until:
            self._pending_until = FOR_EVER
            last = self.revisions.pop()
            self._add_revision("deployed", last.description, last.updated)
        return tuple(self.revisions)

    def check_chart(self, release: Release, chart: Path, values: bytes, below: Sequence[Path] = ()) -> Objects:  # noqa: ARG002 - the protocol's
        wanted = _merged(values, below)
        self.checked.append(values.decode())
        self._fail("check_chart")
        return self._rendered(wanted)

    def render(
        self,
        release: Release,  # noqa: ARG002 - the protocol's
        chart: Path,
        values: bytes,
        below: Sequence[Path] = (),
        *,
        is_upgrade: bool = False,
    ) -> Objects:
        """What the values make, without the cluster; `refuses_digests` stands for a chart that does not take them."""
        if self.refuses_digests and b"@sha256:" in values:
            raise ReleaseFailed("the chart does not render", where=str(chart), why="image.tag: does not match pattern")
        self._fail("render")
        return self._rendered(_merged(values, below), is_upgrade=is_upgrade)

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """The values that a revision was made of."""
        assert release.name == self.release
        found = self._values[revision or max(self._values)]
        leaves = {key: _leaf(found, key) for key in keys}
        return {key: str(leaf) for key, leaf in leaves.items() if leaf is not None}

    def given_values(self, release: Release) -> Mapping[str, Any]:
        """What the newest revision was given: its values file, and what `gives` says."""
        assert release.name == self.release
        return {**self._values[max(self._values)], **self.gives}

    def objects(self, release: Release) -> tuple[dict[str, Any], ...]:
        """The Deployments and what scales them, of the newest revision."""
        wanted = ("Deployment", "HorizontalPodAutoscaler", "ScaledObject")
        return tuple(item for item in self.manifest(release) if item["kind"] in wanted)

    def manifest(self, release: Release, revision: int | None = None) -> tuple[dict[str, Any], ...]:
        """Everything that a revision has, by default the newest one."""
        assert release.name == self.release
        # What an upgrade that was refused would have made is not played.
        return (*self._objects.get(revision or max(self._objects), ()), *self.around) if self._objects else ()

    def hook_runs(self, release: Release, revision: int) -> tuple[HookRun, ...]:
        """The hooks that ran with a revision."""
        assert release.name == self.release
        self._fail("hook_runs")
        return self.hooks.of(revision)

    def upgrade(self, request: UpgradeRequest) -> None:
        """Roll out what the values file names, as a new revision; Helm refuses beside another operation."""
        if self.revisions and self.revisions[-1].status.startswith("pending"):
            raise ReleaseFailed(
                "another operation (install/upgrade/rollback) is in progress", where=request.release.name
            )
        if self.revisions and self.revisions[-1].status == "uninstalling":
            raise ReleaseFailed(f'"{request.release.name}" has no deployed releases', where=request.release.name)
        before, kind = tuple(self.revisions), "upgrade" if self.revisions else "install"
        refused = isinstance(self.failures.get("upgrade"), ReleaseFailed)
        self._add_revision("failed" if refused else "deployed", request.description)
        self._fail("upgrade")
        self.charted = {
            path.relative_to(request.chart).as_posix(): path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(request.chart.rglob("*"))
            if path.is_file()
        }
        wanted = _merged(request.values.read_bytes(), request.below)
        self._run_hooks(wanted, f"pre-{kind}", before)
        self._roll_out(wanted)
        self._run_hooks(wanted, f"post-{kind}", before)
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
        objects = self._objects[len(self.revisions)] = self._objects[revision]
        for deployed in self._deployments.by_name.values():
            deployed.edits = {}
        for image in _images(values):
            self._deployments.troubles.pop(service_of(image), None)
            self._deployments.deploy(image, values["replicaCount"])
        for item in objects:
            self._deployments.troubles.pop(f"{item['kind']} {item['metadata']['name']}", None)
        self._apply(objects)

    def uninstall(self, *, keep_history: bool = False) -> None:
        """Remove everything; with its history kept, the newest revision says so."""
        self._deployments.by_name.clear()
        self._deployments.others.clear()
        if not keep_history:
            self.revisions, self._values, self._objects = [], {}, {}
            return
        self._supersede_deployed()
        self.revisions[-1] = replace(self.revisions[-1], status="uninstalled", description="Uninstallation complete")

    def is_being_removed(self) -> None:
        """Somebody began to remove the release: what it made is gone in part, and its record is still there."""
        self._deployments.by_name.popitem()
        self.revisions[-1] = replace(self.revisions[-1], status="uninstalling", description="Deletion in progress")

    def was_deployed(self, values: str, description: str = "") -> None:
        """Somebody deployed these values, with or without this program."""
        self._add_revision("deployed", description)
        self._roll_out(_read(values))

    def made(self, item: dict[str, Any]) -> None:
        """An upgrade has made an object or changed it."""
        self._deployments.apply(item)

    def is_pending(self, updated: str = "", *, until: float = FOR_EVER) -> None:
        """An upgrade or a first installation is on its way or was cut off; it ends well at a moment of the clock."""
        self._add_revision("pending-upgrade" if self.revisions else "pending-install", "", updated)
        self._values[len(self.revisions)] = self._values.get(len(self.revisions) - 1)
        self._objects[len(self.revisions)] = self._objects.get(len(self.revisions) - 1, ())
        self._pending_until = until

    def _run_hooks(self, values: Any, event: str, before: Sequence[Revision]) -> None:
        """Run the hooks of an event; what ends one leaves the revision failed or pending."""
        number = len(self.revisions)
        try:
            self.hooks.run(number, self._rendered(values), event)
        except BaseException as error:
            status = "failed" if isinstance(error, ReleaseFailed) else "pending-upgrade"
            self.revisions = [*before, replace(self.revisions[-1], status=status)]
            self._values[number], self._objects[number] = values, self._made_of(values)
            raise

    def _made_of(self, values: Any) -> tuple[dict[str, Any], ...]:
        """The objects that an upgrade makes: Helm keeps hooks apart."""
        return tuple(item for item in self._rendered(values) if not is_hook(item))

    def _roll_out(self, values: Any) -> None:
        self._values[len(self.revisions)] = values
        objects = self._objects[len(self.revisions)] = self._made_of(values)
        for image in _images(values):
            self._deployments.deploy(image, values["replicaCount"])
        self._apply(objects)

    def _rendered(self, values: Any, *, is_upgrade: bool = True) -> tuple[dict[str, Any], ...]:
        unprobed = self._deployments.unprobed
        services = (
            manifest_of(image, values["replicaCount"], probed=service_of(image) not in unprobed)
            for image in _images(values)
            if service_of(image) != self.leaves_out
        )
        return (*services, *self.makes(values), *(self.of_upgrades if is_upgrade else ()))

    def _apply(self, objects: tuple[dict[str, Any], ...]) -> None:
        """Make what is none of the services' own Deployments."""
        for item in objects:
            if item["kind"] in WATCHED_KINDS and item["metadata"]["name"] not in self._deployments.by_name:
                self._deployments.apply(item)

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


def _read(text: str | bytes) -> Any:
    """A YAML document. Helm reads it in no time; Python's own reader takes seconds for a thousand services."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one


def _merged(values: bytes, below: Sequence[Path]) -> Any:
    """The values of several files; the fake merges mappings, as Helm does."""
    texts = [*(path.read_bytes() for path in below), values]
    found = _read(texts[0])
    for text in texts[1:]:
        found = _over(found, _read(text))
    return found


def _over(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {key: _over(below.get(key), value) for key, value in above.items()}


def _images(values: Any) -> list[str]:
    # A first installation that was cut off has no values here.
    # A chart about one service has its image at the top.
    named = values.get("services", {"": values}) if values else {}
    services = [service for service in named.values() if service.get("enabled", True)]
    return [f"{service['image']['repository']}:{service['image']['tag']}" for service in services]


def _leaf(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values

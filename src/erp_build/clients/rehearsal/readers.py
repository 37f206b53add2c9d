"""Readers of a rehearsal: they show the real world with the assumed writes laid over it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from erp_build.clients.helm.protocol import Helm
from erp_build.clients.protocols import (
    Cluster,
    EvidenceReader,
    Fleet,
    Functions,
    Leases,
    Registry,
)
from erp_build.clients.rehearsal.effects import RehearsedEffects, assumed_image
from erp_build.clients.watching.protocols import Health, LogGroups, Traces
from erp_build.model.images.evidence import StoredEvidence
from erp_build.model.images.fleet import WorkerLook
from erp_build.model.images.image import ImageReference, StoredImage
from erp_build.model.releases.bake import TargetHealth
from erp_build.model.releases.kubernetes import Container, ContainerTemplate, Endpoints, ObjectName, Pod, Workload
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.logs import LogPart, RecordPage
from erp_build.model.releases.release import Release, Revision
from erp_build.model.releases.traces import TracePage

NO_PUSH_IS_LATER = datetime.max.replace(tzinfo=UTC)
"""When an assumed scan was completed: it is always newer than the push."""

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
"""When an assumed image was pushed."""

CLEAN_SCAN: Mapping[str, Any] = {
    "imageScanStatus": {"status": "COMPLETE", "description": "assumed"},
    "imageScanFindings": {
        "imageScanCompletedAt": NO_PUSH_IS_LATER,
        "findingSeverityCounts": {},
        "findings": [],
    },
}

Client = TypeVar("Client")


class _Reader(Generic[Client]):
    """A client of the real world; what a subclass does not lay assumptions over is read from there."""

    def __init__(self, real: Client, assumed: RehearsedEffects) -> None:
        self._real = real
        self._assumed = assumed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class RehearsedRegistry(_Reader[Registry]):
    """The real registry with the assumed pushes; each assumed image has an assumed, clean scan."""

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        """The image with a tag or digest, or None."""
        return self.stored_each(repository, (reference,))[0]

    def stored_each(self, repository: str, references: Sequence[str]) -> tuple[StoredImage | None, ...]:
        """The images with these tags and digests; those that nothing is assumed of are asked for."""
        found = {one: self._assumed_image(repository, one) for one in references}
        real = [one for one, image in found.items() if image is None]
        if real:
            found |= zip(real, self._real.stored_each(repository, real), strict=True)
        return tuple(found[one] for one in references)

    def _assumed_image(self, repository: str, reference: str) -> StoredImage | None:
        if reference in self._assumed.pushed:
            return assumed_image(repository, reference)
        return self._assumed.tags.get((repository, reference))

    def key(self, image: StoredImage) -> str | None:
        """The content key of the image's label; that of an image of an assumed worker is what it was asked for."""
        made = self._assumed.labelled.get(image.digest)
        return made.key if made else self._real.key(image)

    def revision(self, image: StoredImage) -> str | None:
        """The commit of the image's label."""
        made = self._assumed.labelled.get(image.digest)
        return made.commit if made else self._real.revision(image)

    def base(self, image: StoredImage) -> tuple[str, str]:
        """The base of the image's labels; none of an assumed image."""
        return ("", "") if image.digest in self._assumed.labelled else self._real.base(image)

    def platform(self, image: StoredImage) -> str:
        """The platform; empty where it is not known, as of an assumed image."""
        return "" if image.digest in self._assumed.labelled else self._real.platform(image)

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """A page of the scan's findings."""
        if digest in self._assumed.pushed:
            return CLEAN_SCAN
        page = self._real.scan_page(repository, digest, token)
        if digest not in self._assumed.scans:
            return page
        if "Error" in page:
            return CLEAN_SCAN
        # An assumed scan finds what the last real one found.
        findings = {**page.get("imageScanFindings", {}), "imageScanCompletedAt": NO_PUSH_IS_LATER}
        return {**page, "imageScanFindings": findings}

    def pushed_at(self, repository: str, digest: str) -> datetime:
        """When the image was pushed last; an assumed push is older than its assumed scan."""
        return BEFORE_ALL if digest in self._assumed.pushed else self._real.pushed_at(repository, digest)


class RehearsedLogGroups(_Reader[LogGroups]):
    """CloudWatch Logs: a function that is assumed logs nothing."""

    def records(self, group: str, since: int, token: str = "") -> RecordPage:
        """Nothing."""
        return RecordPage(())


class RehearsedHealth(_Reader[Health]):
    """Nothing is watched and no program of the user runs: what is only assumed does not change."""

    def watched(self, seconds: float) -> float:
        """Nothing of it."""
        return 0.0

    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        """None: those that are registered now are of what runs before."""
        return ()

    def http(self, address: str) -> str:
        """Well."""
        return ""

    def command(self, argv: Sequence[str]) -> str:
        """Well."""
        return ""


class RehearsedTraces(_Reader[Traces]):
    """X-Ray: there is nothing to compare where nothing was deployed."""

    def page(self, service: str, begin: datetime, end: datetime, token: str = "") -> TracePage:
        """Nothing."""
        return TracePage(())


class RehearsedFleet(_Reader[Fleet]):
    """The real workers, and the assumed ones, which have succeeded."""

    def look(self, builds: Sequence[str]) -> Mapping[str, WorkerLook]:
        """How builds stand."""
        assumed = {build: WorkerLook(state="succeeded") for build in builds if build in self._assumed.workers}
        real = [build for build in builds if build not in assumed]
        return {**assumed, **(self._real.look(real) if real else {})}

    def unfinished(self, project: str, fleet: str) -> tuple[str, ...]:
        """Builds of a release; those that a run has left are assumed to be stopped."""
        return ()


class RehearsedEvidence(_Reader[EvidenceReader]):
    """The real evidence, and what is assumed to be attached to assumed images."""

    def read(self, repository: str, digest: str) -> tuple[StoredEvidence, ...]:
        """What of ours is attached to an image."""
        return self._assumed.evidence.get(digest) or self._real.read(repository, digest)


class RehearsedFunctions(_Reader[Functions]):
    """The real functions with the assumed images."""

    def state(self, name: str) -> FunctionState | None:
        """The function, or None where there is none with this name."""
        state, image = self._real.state(name), self._assumed.functions.get(name)
        if state is None or image is None:
            return state
        return replace(state, image=image, resolved=image, last_update="Successful", reason="")

    def alias_digest(self, name: str, alias: str) -> str:
        """The digest that an alias leads to."""
        return self._assumed.aliases.get(f"{name}:{alias}") or self._real.alias_digest(name, alias)


class RehearsedLeases(_Reader[Leases]):
    """The server's real time and the real ledger, with the assumed lock."""

    def read(self, release: Release) -> LeaseReading:
        """The lock of a release and the server's time."""
        found = self._real.read(release)
        return LeaseReading(self._assumed.leases.get(release) or (found.lease and found.lease.freed()), found.now)


class RehearsedHelm(_Reader[Helm]):
    """The real release, with the assumed revisions behind its history."""

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first."""
        found = () if release in self._assumed.removed else self._real.history(release)
        last = found[-1].number if found else 0
        assumed = enumerate(self._assumed.upgrades.get(release, ()), last + 1)
        return (*found, *(Revision(number=number, status="deployed", description=text) for number, text in assumed))


class RehearsedCluster(_Reader[Cluster]):
    """The real cluster; after an assumed upgrade its workloads run the assumed images."""

    def workloads(
        self,
        release: Release,
        also: Collection[ObjectName] = (),
        only: Collection[str] | None = None,
    ) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods, and further objects."""
        if release in self._assumed.upgrades:
            # What is missing would be taken for new.
            only = None
        found = self._real.workloads(release, also, only)
        if release not in self._assumed.upgrades:
            return found
        new = (
            _first_rollout(image)
            for name, image in self._assumed.images.items()
            if not any(workload.image_of(name) for workload in found)
        )
        return tuple(self._after(workload) for workload in (*found, *new))

    def log_since(self, release: Release, pod: str, container: str, since: int, *, previous: bool = False) -> LogPart:
        """Nothing: a pod that is assumed prints nothing."""
        return LogPart(())

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release; after an assumed upgrade every one is assumed to lead to ready pods."""
        found = self._real.endpoints(release)
        return (
            tuple(replace(one, ready=max(one.ready, 1)) for one in found)
            if release in self._assumed.upgrades
            else found
        )

    def _after(self, workload: Workload) -> Workload:
        # The upgrade is assumed to complete every rollout, also one that was incomplete before, and to need no watch.
        probed = tuple(one._replace(probed=True) for one in workload.containers)
        settled = replace(
            workload,
            containers=probed,
            observed_generation=workload.generation,
            replicas=workload.desired,
            updated=workload.desired,
            available=workload.desired,
            failure="",
        )
        own = {one.name: image for name, image in self._assumed.images.items() for one in workload.running(name)}
        if not own:
            return settled
        containers = tuple(one._replace(image=_name(own[one.name])) if one.name in own else one for one in probed)
        return replace(settled, containers=containers, pods=_assumed_pods(own, workload.desired))


def _first_rollout(image: ImageReference) -> Workload:
    name = image.repository.rpartition("/")[2]
    return Workload(
        name=name,
        containers=(ContainerTemplate(name, _name(image), probed=True),),
        desired=1,
        generation=1,
        observed_generation=0,
    )


def _assumed_pods(images: Mapping[str, ImageReference], number: int) -> tuple[Pod, ...]:
    """Pods whose containers run these images: name of the container -> image."""
    containers = tuple(
        Container(name=name, image=_name(image), image_id=f"{image.repository}@{image.digest}", ready=True)
        for name, image in images.items()
    )
    return tuple(Pod(name=f"assumed-{place}", current=True, containers=containers) for place in range(number))


def _name(image: ImageReference) -> str:
    return f"{image.repository}:{image.tag}"

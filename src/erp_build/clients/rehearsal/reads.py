"""Readers that show the real world with the assumed effects of a rehearsal laid over it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from erp_build.clients.protocols import Cluster, Functions, Leases, Registry
from erp_build.clients.rehearsal.effects import RehearsedEffects
from erp_build.model.images.image import ImageReference, StoredImage
from erp_build.model.releases.kubernetes import Container, Endpoints, Pod, Workload
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.release import Release

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
        if reference in self._assumed.pushed:
            return StoredImage(repository=repository, digest=reference, media_type="", manifest='{"layers": []}')
        return self._real.stored(repository, reference)

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
        return LeaseReading(self._assumed.lease or (found.lease and found.lease.freed()), found.now)


class RehearsedCluster(_Reader[Cluster]):
    """The real cluster; after an assumed upgrade its workloads run the assumed images."""

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods."""
        found = self._real.workloads(release)
        if not self._assumed.upgraded:
            return found
        new = (
            _first_rollout(image)
            for name, image in self._assumed.images.items()
            if not any(workload.image_of(name) for workload in found)
        )
        return tuple(self._after(workload) for workload in (*found, *new))

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release; after an assumed upgrade every one is assumed to lead to ready pods."""
        found = self._real.endpoints(release)
        return tuple(replace(one, ready=max(one.ready, 1)) for one in found) if self._assumed.upgraded else found

    def _after(self, workload: Workload) -> Workload:
        assumed = [image for name, image in self._assumed.images.items() if workload.image_of(name)]
        # The upgrade is assumed to complete every rollout, also one that was incomplete before.
        settled = replace(
            workload,
            observed_generation=workload.generation,
            replicas=workload.desired,
            updated=workload.desired,
            available=workload.desired,
            failure="",
        )
        if not assumed:
            return settled
        return replace(settled, images=(_name(assumed[0]),), pods=_assumed_pods(assumed[0], workload.desired))


def _first_rollout(image: ImageReference) -> Workload:
    return Workload(
        name=image.repository.rpartition("/")[2],
        images=(_name(image),),
        desired=1,
        generation=1,
        observed_generation=0,
    )


def _assumed_pods(image: ImageReference, number: int) -> tuple[Pod, ...]:
    container = Container(image=_name(image), image_id=f"{image.repository}@{image.digest}", ready=True)
    return tuple(Pod(name=f"assumed-{place}", current=True, containers=(container,)) for place in range(number))


def _name(image: ImageReference) -> str:
    return f"{image.repository}:{image.tag}"

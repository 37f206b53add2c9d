"""Assumed effects: nothing is changed, and what would have happened is kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from erp_build.clients.effects import (
    CheckRequest,
    EditRequest,
    ImageRequest,
    NotifyRequest,
    OnPackaged,
    UpgradeRequest,
    WorkerRequest,
)
from erp_build.formats.evidence.documents import assumed_evidence
from erp_build.model.images.evidence import EvidenceRequest, StoredEvidence
from erp_build.model.images.image import KEY_TAG, ImageReference, LocalImage, PushedEvidence, PushedImage, StoredImage
from erp_build.model.project import Function, Service
from erp_build.model.quality_checks.check_run import CheckRun
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release


@dataclass
class RehearsedEffects:
    """Changes nothing, and keeps what a rehearsal assumes to have happened.

    Attributes:
        images: repository -> the image that is to be deployed from it.
        pushed: digests that exist by assumption only.
        tags: repository and tag -> the image that got it.
        evidence: digest of an image -> what is attached to it by assumption only.
        scans: digests whose scan was asked for by assumption only.
        functions: name -> image.
        aliases: `function:alias` -> digest.
        upgrades: release -> the description of each revision that it got.
        removed: the releases that were removed before.
        leases: the assumed locks; a rehearsal takes no real one and waits for none.
        workers: id of a build -> what it is assumed to have made.
        labelled: digest of an image of a worker -> what it was made of.
    """

    images: dict[str, ImageReference] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    tags: dict[tuple[str, str], StoredImage] = field(default_factory=dict)
    evidence: dict[str, tuple[StoredEvidence, StoredEvidence]] = field(default_factory=dict)
    scans: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    upgrades: dict[Release, list[str]] = field(default_factory=dict)
    removed: set[Release] = field(default_factory=set)
    leases: dict[Release, Lease] = field(default_factory=dict)
    workers: dict[str, WorkerRequest] = field(default_factory=dict)
    labelled: dict[str, ImageRequest] = field(default_factory=dict)

    def check(self, request: CheckRequest) -> CheckRun:
        """Assume that the check passes."""
        return CheckRun(outcome="passed", why="assumed")

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Assume the jars."""
        for target in targets:
            on_packaged(target.name, 0.0)

    def prepare_images(self, requests: Sequence[ImageRequest]) -> None:
        """Nothing is fetched for assumed images."""

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Assume the image."""
        return LocalImage(identifier="assumed", size=0, platform="")

    def push(self, request: ImageRequest) -> PushedImage:
        """Assume the push; the digest is derived from the name, because no real one can be known."""
        text = f"assumed {request.repository}:{request.tag} of {request.commit}"
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self.pushed.add(digest)
        self.images[request.repository] = ImageReference(request.repository, request.tag, digest)
        return PushedImage(digest)

    def attest(self, request: EvidenceRequest) -> PushedEvidence:
        """Assume SBOM and provenance, of which only the libraries cannot be known."""
        sbom, provenance = self.evidence[request.image.digest] = assumed_evidence(request)
        return PushedEvidence(sbom.digest, provenance.digest)

    def start_worker(self, request: WorkerRequest) -> str:
        """Assume that the worker makes all of its images."""
        build = f"assumed:{len(self.workers) + 1}"
        self.workers[build] = request
        for image in request.images:
            digest = self.push(image).digest
            self.labelled[digest] = image
            self.tag(assumed_image(image.repository, digest), f"{KEY_TAG}{image.key}")
        return build

    def stop_worker(self, build: str) -> None:
        """Assume the stop."""

    def start_scan(self, repository: str, digest: str) -> bool:
        """Assume the scan; it finds what the last one found."""
        self.scans.add(digest)
        return True

    def update_function(self, state: FunctionState, image: str) -> None:
        """Assume the function's new image."""
        self.functions[state.name] = image

    def publish(self, state: FunctionState, alias: str) -> str:
        """Assume the version."""
        self.aliases[f"{state.name}:{alias}"] = state.digest
        return "assumed"

    def write_file(self, path: Path, content: bytes) -> None:
        """Assume the file."""

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Assume the release's new revision."""
        self.upgrades.setdefault(request.release, []).append(request.description)

    def tag(self, image: StoredImage, tag: str) -> None:
        """Assume the tag; an image that is not pushed is deployed with the first tag that it gets."""
        self.tags[image.repository, tag] = image
        self.images.setdefault(image.repository, ImageReference(image.repository, tag, image.digest))

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Assume the rollback."""
        self.upgrades.setdefault(release, []).append(f"Rollback to {revision}")

    def uninstall_release(self, release: Release) -> None:
        """Assume the removal."""
        self.removed.add(release)

    def edit_branch(self, request: EditRequest) -> str | None:
        """Assume the commit; its id cannot be known."""
        return "0" * 40

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Assume the lock."""
        self.leases[release] = replace(lease, version="assumed")
        return self.leases[release]

    def notify(self, request: NotifyRequest) -> None:
        """Assume the message."""


def assumed_image(repository: str, digest: str) -> StoredImage:
    """An image that exists by assumption only."""
    return StoredImage(repository=repository, digest=digest, media_type="", manifest='{"layers": []}')

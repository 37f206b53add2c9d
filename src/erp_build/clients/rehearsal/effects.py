"""`RehearsedEffects`: assumes the effects. The readers of `reads` show the world as if they had happened."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from erp_build.clients.effects import CheckRequest, EditRequest, ImageRequest, NotifyRequest, OnPackaged, UpgradeRequest
from erp_build.model.check_run import CheckRun
from erp_build.model.images.image import ImageReference, LocalImage, PushedImage, StoredImage
from erp_build.model.project import Function, Service
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release


@dataclass
class RehearsedEffects:
    """Changes nothing, and keeps what a rehearsal assumes to have happened.

    Attributes:
        images: repository -> the image that is to be deployed from it.
        pushed: digests that exist by assumption only.
        scans: digests whose scan was asked for by assumption only.
        functions: name -> image.
        aliases: `function:alias` -> digest.
        upgraded: whether the release moved.
        lease: the assumed lock; a rehearsal takes no real one and waits for none.
    """

    images: dict[str, ImageReference] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    scans: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    upgraded: bool = False
    lease: Lease | None = None

    def check(self, request: CheckRequest) -> CheckRun:
        """Assume that the check passes."""
        return CheckRun(outcome="passed", why="assumed")

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Assume the jars."""
        for target in targets:
            on_packaged(target.name, 0.0)

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
        self.upgraded = True

    def tag(self, image: StoredImage, tag: str) -> None:
        """Assume the tag; an image that is not pushed is deployed with the first tag that it gets."""
        self.images.setdefault(image.repository, ImageReference(image.repository, tag, image.digest))

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Assume the rollback."""

    def uninstall_release(self, release: Release) -> None:
        """Assume the removal."""

    def edit_branch(self, request: EditRequest) -> str | None:
        """Assume the commit; its id cannot be known."""
        return "0" * 40

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Assume the lock."""
        self.lease = replace(lease, version="assumed")
        return self.lease

    def notify(self, request: NotifyRequest) -> None:
        """Assume the message."""

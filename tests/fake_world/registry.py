"""A registry in memory: repositories, images by digest and tag, and a scan for each."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from erp_build.domain.image import StoredImage
from erp_build.errors import GateInconclusive

MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
HOST = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"


def scan(status: str = "COMPLETE", **counts: int) -> dict[str, Any]:
    """An answer of DescribeImageScanFindings with a finding for each count."""
    if status != "COMPLETE":
        return {"imageScanStatus": {"status": status}}
    names = [(severity, number) for severity, total in counts.items() for number in range(total)]
    findings = [{"name": f"CVE-{severity}-{number}", "severity": severity} for severity, number in names]
    return {
        "imageScanStatus": {"status": status},
        "imageScanFindings": {"imageScanCompletedAt": 1, "findingSeverityCounts": counts, "findings": findings},
    }


def failure(code: str) -> dict[str, Any]:
    """An error as a scan's answer."""
    return {"Error": {"Code": code, "Message": f"{code} said the registry"}}


class FakeRegistry:
    """What is pushed stays; a tag names one image; an image that nobody scripted has a clean scan."""

    def __init__(self, *repositories: str) -> None:
        self.tags: dict[str, dict[str, str]] = {name: {} for name in repositories}
        self.images: dict[str, tuple[StoredImage, str | None]] = {}
        self.started: list[str] = []
        self._scans: dict[str, list[Mapping[str, Any]]] = {}

    def put(self, repository: str, content: str, commit: str | None) -> str:
        """Store an image of some content, and return its digest."""
        manifest = json.dumps({"mediaType": MEDIA_TYPE, "content": content, "commit": commit})
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        image = StoredImage(repository=repository, digest=digest, media_type=MEDIA_TYPE, manifest=manifest)
        self.images[digest] = (image, commit)
        return digest

    def scans(self, repository: str, answers: Sequence[Mapping[str, Any]]) -> None:
        """Answer the polls of a repository with these; the last one repeats."""
        self._scans[repository] = list(answers)

    def host(self) -> str:
        """The host."""
        return HOST

    def missing_repositories(self, repositories: Iterable[str]) -> tuple[str, ...]:
        """Those that were never created."""
        return tuple(name for name in repositories if name not in self.tags)

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        """The image with a tag or digest of this repository."""
        digest = self.tags.get(repository, {}).get(reference, reference)
        image = self.images.get(digest)
        return image[0] if image and image[0].repository == repository else None

    def revision(self, image: StoredImage) -> str | None:
        """The commit it was put with."""
        return self.images[image.digest][1]

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """The next scripted answer, or a clean one."""
        if digest not in self.images or token is not None:
            return failure("ImageNotFoundException")
        answers = self._scans.get(repository)
        if not answers:
            return scan(LOW=1)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def put_tag(self, image: StoredImage, tag: str) -> None:
        """Let a tag name an image."""
        self.tags[image.repository][tag] = image.digest

    def start_scan(self, repository: str, digest: str) -> None:
        """Note that a scan was asked for."""
        if digest not in self.images:
            raise GateInconclusive("ecr:StartImageScan failed", where=repository)
        self.started.append(digest)

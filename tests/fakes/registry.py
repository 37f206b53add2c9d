"""A registry in memory: repositories, images by digest and tag, and scans as a test scripts them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from erp_build.errors import ErpBuildError, PushFailed, TagTaken
from erp_build.formats.lifecycle.policy import read_policy
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import StoredImage
from erp_build.model.images.lifecycle import Lifecycle, ListedImage
from erp_build.model.images.scan import Scanning
from tests.fakes.artifacts import FakeArtifacts

HOST = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"

PUSHED = datetime(2025, 12, 31, tzinfo=UTC)
"""When every image was pushed, unless a test says otherwise: a day before its scan."""

SCANNED = datetime(2026, 1, 1, tzinfo=UTC)
"""When every scan was complete that nobody asked for."""

Answer = Mapping[str, Any]


class FakeRegistry:
    """What ECR holds; every answer of a scan is clean and complete unless a test says otherwise.

    `expired` are repositories whose lifecycle policy has removed every image, `immutable` those whose tags stay.
    """

    def __init__(self, repositories: Iterable[str]) -> None:
        self.repositories = set(repositories)
        self.images: dict[str, StoredImage] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.revisions: dict[str, str] = {}
        self.platforms: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.bases: dict[str, tuple[str, str]] = {}
        self.immutable: set[str] = set()
        self.scans: dict[str, list[Answer]] = {}
        self.unscanned: set[str] = set()
        self.started: list[str] = []
        self.expired: set[str] = set()
        self.manifest = '{"of": "OF", "layers": []}'
        self.refuses_scans: ErpBuildError | None = None
        self.scanned_today: set[str] = set()
        self.pushed: dict[str, datetime] = {}
        self.how = Scanning("SCAN_ON_PUSH", enhanced=False)
        self.now: Callable[[], datetime] = lambda: SCANNED
        self.rescanned: dict[str, datetime] = {}
        self.artifacts = FakeArtifacts()
        self.policies: dict[str, str] = {}
        self.no_policies: ErpBuildError | None = None

    def host(self) -> str:
        return HOST

    def missing_repositories(self, repositories: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in repositories if name not in self.repositories)

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        digest = reference if reference.startswith("sha256:") else self.tags.get((repository, reference), "")
        image = self.images.get(digest)
        return image if image and image.repository == repository and repository not in self.expired else None

    def stored_each(self, repository: str, references: Sequence[str]) -> tuple[StoredImage | None, ...]:
        return tuple(self.stored(repository, one) for one in references)

    def revision(self, image: StoredImage) -> str | None:
        return self.revisions.get(image.digest)

    def platform(self, image: StoredImage) -> str:
        return self.platforms.get(image.digest, "linux/amd64")

    def key(self, image: StoredImage) -> str | None:
        return self.keys.get(image.digest)

    def base(self, image: StoredImage) -> tuple[str, str]:
        return self.bases.get(image.digest, ("", ""))

    def pushed_at(self, repository: str, digest: str) -> datetime:
        assert self.images[digest].repository == repository
        return self.pushed.get(digest, PUSHED)

    def scanning(self, repository: str) -> Scanning:
        return self.how._replace(frequency="MANUAL") if repository in self.unscanned else self.how

    def lifecycle(self, repository: str) -> Lifecycle:
        """The policy of a repository and its images, of those that were pushed at the same time the later ones younger.

        With `no_policies` nobody may read them.
        """
        if self.no_policies:
            raise self.no_policies
        if repository not in self.policies:
            return Lifecycle()
        listed = [
            ListedImage(
                one.digest,
                tuple(sorted(self.tags_of(one.digest))),
                self.pushed.get(one.digest, PUSHED) + timedelta(microseconds=number),
                is_index=not one.is_single,
            )
            for number, one in enumerate(self.images.values())
            if one.repository == repository
        ]
        return Lifecycle(read_policy(self.policies[repository]), tuple(listed))

    def scan_page(self, repository: str, digest: str, token: str | None) -> Answer:
        """The next answer of the image's or the repository's script, whose last one repeats."""
        assert token or digest in self.images, f"{digest} was never pushed"
        if repository in self.unscanned:
            return error("ScanNotFoundException")
        by_itself = completed_at(self.rescanned.get(digest, SCANNED), scan())
        script = self.scans.get(digest) or self.scans.get(repository) or [by_itself]
        answer = script.pop(0) if len(script) > 1 else script[0]
        return answer if "Error" in answer else {"imageId": {"imageDigest": digest}, **answer}

    def push(self, repository: str, tag: str, commit: str | None, key: str = "") -> str:
        """Store an image; its digest depends on its repository, and of a build on its tag and its commit too.

        Only a full commit becomes a label.
        """
        if repository not in self.repositories:
            raise PushFailed("there is no such repository", where=repository)
        if repository in self.immutable and (repository, tag) in self.tags:
            raise TagTaken("the registry refused the image", where=f"{repository}:{tag}")
        digest = "sha256:" + hashlib.sha256(f"{repository} {tag if commit else None} {commit}".encode()).hexdigest()
        self.images[digest] = StoredImage(
            repository=repository, digest=digest, media_type=MEDIA_TYPE, manifest=self.manifest.replace("OF", digest)
        )
        if commit and is_full_commit(commit):
            self.revisions[digest] = commit
        self.keys[digest] = key
        self.tags[repository, tag] = digest
        return digest

    def put_tag(self, image: StoredImage, tag: str) -> None:
        assert self.images[image.digest] == image, "another manifest would be another image"
        if image.repository in self.immutable and self.tags.get((image.repository, tag), image.digest) != image.digest:
            raise TagTaken("the tag is taken", where=f"{image.repository}:{tag}", why="tags are immutable")
        self.tags[image.repository, tag] = image.digest

    def start_scan(self, repository: str, digest: str) -> bool:
        assert digest in self.images
        if self.refuses_scans:
            raise self.refuses_scans
        self.started.append(repository)
        self.unscanned.discard(repository)
        if digest in self.scanned_today:
            return False
        self.rescanned[digest] = self.now()
        return True

    def tags_of(self, digest: str) -> set[str]:
        """The tags that name an image."""
        return {tag for (_, tag), named in self.tags.items() if named == digest}

    def answers(self, name: str, *answers: Answer) -> None:
        """Script the polls of one image's scan (its digest) or of all scans of a repository."""
        self.scans[name] = list(answers)

    def scans_nothing_by_itself(self, repository: str) -> None:
        """No scan on push: there is one only after it was asked for."""
        self.unscanned.add(repository)


def scan(status: str = "COMPLETE", token: str = "", **counts: int) -> Answer:
    """A page of findings; a finding stands for each that is counted."""
    findings = [
        {"name": f"CVE-{severity}-{number}", "severity": severity}
        for severity, count in counts.items()
        for number in range(count)
    ]
    page: dict[str, Any] = {"imageScanStatus": {"status": status}}
    if status not in ("IN_PROGRESS", "PENDING"):
        page["imageScanFindings"] = {
            "imageScanCompletedAt": SCANNED,
            "findingSeverityCounts": counts,
            "findings": findings,
        }
    return {**page, "nextToken": token} if token else page


def completed_at(time: datetime, answer: Answer) -> Answer:
    """The same answer, completed at another time."""
    return {**answer, "imageScanFindings": {**answer["imageScanFindings"], "imageScanCompletedAt": time}}


def pages(*parts: Mapping[str, int]) -> list[Answer]:
    """The pages of one answer: each lists its own findings, and all of them state the counts of the whole image."""
    total: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    for part in parts:
        names = [(severity, total[severity] + number) for severity, count in part.items() for number in range(count)]
        listed = [{"name": f"CVE-{severity}-{number}", "severity": severity} for severity, number in names]
        total.update(part)
        found.append({**scan(), "imageScanFindings": {**scan()["imageScanFindings"], "findings": listed}})
    for number, page in enumerate(found, 2):
        page["imageScanFindings"]["findingSeverityCounts"] = dict(total)
        if number <= len(found):
            page["nextToken"] = str(number)
    return [*found]


def error(code: str, message: str = "as scripted", status: int = 400) -> Answer:
    """An answer that is an error."""
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}

"""The artifacts of a registry in memory: manifests, blobs, and what names an image as its subject."""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from erp_build.errors import PushFailed
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import ImageManifest, read_manifest
from erp_build.formats.oci.media_types import OCI_MANIFEST
from erp_build.model.images.oci import Descriptor, Manifest


@dataclass
class FakeArtifacts:
    """What `clients.registries` finds in a registry; a test may change every byte of it.

    Attributes:
        manifests, blobs: digest -> what lies there.
        listed: digest of an image -> the entries of its list.
        checks: whether the client looks at the digests of what it reads, as the real one does.
        refuses: the error of every push.
    """

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    listed: dict[str, list[Descriptor]] = field(default_factory=lambda: defaultdict(list))
    checks: bool = True
    refuses: PushFailed | None = None
    asked: int = 0

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        content = self.manifests.get(reference)
        if content is None:
            return None
        self.check(repository, reference, content)
        return Manifest(OCI_MANIFEST, reference, content)

    @contextmanager
    def blob(self, repository: str, descriptor: Descriptor) -> Iterator[IO[bytes]]:
        if descriptor.digest not in self.blobs:
            raise PushFailed("the registry refuses a call", where=repository, why="404 Not Found: BLOB_UNKNOWN")
        yield _Checked(self, repository, descriptor.digest)

    def referrers(self, repository: str, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:  # noqa: ARG002
        self.asked += 1
        return tuple(one for one in self.listed[digest] if artifact_type in ("", one.artifact_type))

    def push_blob(self, repository: str, descriptor: Descriptor, open_: Callable[[], IO[bytes]]) -> bool:  # noqa: ARG002
        if self.refuses:
            raise self.refuses
        with open_() as file:
            content = file.read()
        assert (digest_of(content), len(content)) == (descriptor.digest, descriptor.size)
        is_new = descriptor.digest not in self.blobs
        self.blobs[descriptor.digest] = content
        return is_new

    def push_referrers(self, repository: str, subject: Descriptor, *manifests: Manifest) -> None:  # noqa: ARG002
        for manifest in manifests:
            found = read_manifest(manifest)
            assert isinstance(found, ImageManifest)
            assert {found.config.digest, *(one.digest for one in found.layers)} <= set(self.blobs)
            assert found.subject
            self.manifests[manifest.digest] = manifest.content
            self.list(subject.digest, manifest)

    def list(self, image: str, manifest: Manifest) -> None:
        """List a manifest at an image, as a registry does that reads its type and its annotations."""
        found = read_manifest(manifest)
        assert isinstance(found, ImageManifest)
        entry = manifest.descriptor._replace(artifact_type=found.artifact_type, annotations=found.annotations)
        if entry not in self.listed[image]:
            self.listed[image].append(entry)

    def check(self, repository: str, digest: str, content: bytes) -> None:
        """What the real client does with bytes that it has read."""
        if self.checks and digest_of(content) != digest:
            raise PushFailed("the registry gives other bytes than were asked for", where=f"{repository}@{digest}")


class _Checked(io.BytesIO):
    """A blob whose last byte comes only if all of them are right."""

    def __init__(self, artifacts: FakeArtifacts, repository: str, digest: str) -> None:
        super().__init__(artifacts.blobs[digest])
        self._check = partial(artifacts.check, repository, digest)

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self._check(content)
        return content

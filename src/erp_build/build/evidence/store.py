"""Evidence in the registry: documents that are attached to an image as artifacts of OCI 1.1, and read back.

An artifact is a manifest with an empty configuration, the document as its only layer, and the image as its `subject`.
So the image itself stays what it is: Lambda, the scan and every pull see one plain image.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from io import BytesIO
from typing import IO, Protocol, TypeVar

from erp_build.clients.machine.parallel import map_in_threads
from erp_build.errors import ErpBuildError, PushFailed, attempt, explain, told
from erp_build.formats.evidence.documents import documents_of
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import ImageManifest, manifest_of, read_manifest
from erp_build.formats.oci.media_types import EMPTY_CONTENT, OCI_EMPTY, OCI_MANIFEST
from erp_build.model.images.evidence import (
    EVIDENCE_TYPES,
    MADE_BY,
    PROVENANCE_TYPE,
    SBOM_TYPE,
    Application,
    EvidenceRequest,
    StoredEvidence,
)
from erp_build.model.images.image import PushedEvidence
from erp_build.model.images.oci import Descriptor, Manifest

T = TypeVar("T")

LARGEST_DOCUMENT = 32 << 20
"""Bytes of a document that are read; ours have some hundred kilobytes."""


HOW_WITHOUT = "its evidence was to be attached to the image, as artifacts of OCI 1.1 with a subject"
WITHOUT = "for a registry that takes no such artifacts: evidence = false in [build]"


class ArtifactRegistry(Protocol):
    """What evidence asks of a registry (`clients.registries.registry.Registry`)."""

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """A manifest by its tag or digest."""

    def blob(self, repository: str, descriptor: Descriptor) -> AbstractContextManager[IO[bytes]]:
        """The bytes of a digest."""

    def referrers(self, repository: str, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What names an image as its subject."""

    def push_blob(self, repository: str, descriptor: Descriptor, open_: Callable[[], IO[bytes]]) -> bool:
        """Send a blob; False where it is there."""

    def push_referrers(self, repository: str, subject: Descriptor, *manifests: Manifest) -> None:
        """Put manifests that name an image as their subject."""


class EvidenceStore:
    """The evidence of one registry.

    Args:
        registry: opens it; called when evidence is first needed.
    """

    def __init__(self, registry: Callable[[], ArtifactRegistry]) -> None:
        self._registry = registry

    def attach(self, request: EvidenceRequest, application: Application) -> PushedEvidence:
        """Attach both documents to an image that was pushed; raises `PushFailed`."""
        registry, image, documents = self._registry(), request.image, documents_of(request, application)
        subject = Descriptor(image.media_type, image.digest, len(image.manifest.encode()))
        artifacts = {kind: _artifact(kind, content, subject, request) for kind, content in documents.items()}

        def send(content: bytes) -> None:
            descriptor = Descriptor("", digest_of(content), len(content))
            registry.push_blob(image.repository, descriptor, partial(BytesIO, content))

        try:
            contents = [EMPTY_CONTENT, *documents.values()]
            ends = map_in_threads(lambda content: attempt(partial(send, content)), contents, len(contents))
            # A registry that takes none of them has one reason.
            if error := next(filter(None, ends), None):
                raise error
            # Both at once: where the registry keeps no list, a tag holds it, which may be immutable.
            registry.push_referrers(image.repository, subject, *artifacts.values())
        except PushFailed as error:
            if not error.passes:
                explain(error, HOW_WITHOUT, next_step=f"{error.next_step}; {WITHOUT}" if error.next_step else WITHOUT)
            raise
        return PushedEvidence(artifacts[SBOM_TYPE].digest, artifacts[PROVENANCE_TYPE].digest)

    def read(self, repository: str, digest: str) -> tuple[StoredEvidence, ...]:
        """Everything of ours that is attached to an image; what others attached is left out."""
        listed = {one.digest: one for one in self._registry().referrers(repository, digest)}
        # A list without types is the fallback tag of an older program.
        possible = [one for one in listed.values() if one.artifact_type in ("", *EVIDENCE_TYPES)]
        return tuple(found for one in possible if (found := self._found(repository, one)))

    def _found(self, repository: str, listed: Descriptor) -> StoredEvidence | None:
        """The evidence that an entry of the list is; None for what is none, or is not ours.

        What counts is the artifact itself: anybody who writes the fallback tag may write anything about it.
        """
        manifest, broken = _as_far_as_readable(lambda: self._registry().manifest(repository, listed.digest))
        if manifest and (digest := digest_of(manifest.content)) != listed.digest:
            manifest, broken = None, f"its manifest has the digest {digest}"
        found = _artifact_in(manifest) if manifest else None
        if found is None:
            # What cannot be read may be ours, unless the list says that it is another's; some lists say nothing.
            is_ours = listed.artifact_type and (_is_ours(listed.annotations) or not listed.annotations)
            broken = broken or ("its manifest cannot be read" if manifest else "it is not there")
            return StoredEvidence(listed.artifact_type, listed.digest, "", broken=broken) if is_ours else None
        if found.artifact_type not in EVIDENCE_TYPES or not _is_ours(found.annotations):
            return None
        content, broken = self._document(repository, found.layers)
        subject = found.subject.digest if found.subject else ""
        return StoredEvidence(found.artifact_type, listed.digest, subject, content, broken)

    def _document(self, repository: str, layers: Sequence[Descriptor]) -> tuple[bytes, str]:
        """The document, or why it cannot be read as it was written."""
        if len(layers) != 1:
            return b"", f"it has {len(layers)} documents instead of one"
        layer = layers[0]
        if layer.size > LARGEST_DOCUMENT:
            return b"", f"its document has {layer.size} bytes"
        content, broken = _as_far_as_readable(lambda: self._blob(repository, layer))
        if not broken and digest_of(content or b"") != layer.digest:
            broken = f"its document has the digest {digest_of(content or b'')}, and not {layer.digest}"
        return content or b"", broken

    def _blob(self, repository: str, layer: Descriptor) -> bytes:
        with self._registry().blob(repository, layer) as stream:
            return stream.read(LARGEST_DOCUMENT + 1)


def _artifact(kind: str, content: bytes, subject: Descriptor, request: EvidenceRequest) -> Manifest:
    config = Descriptor(OCI_EMPTY, digest_of(EMPTY_CONTENT), len(EMPTY_CONTENT))
    layer = Descriptor(kind, digest_of(content), len(content))
    made_by = ((MADE_BY, request.making.version),)
    return manifest_of(config, [layer], OCI_MANIFEST, artifact_type=kind, subject=subject, annotations=made_by)


def _artifact_in(manifest: Manifest) -> ImageManifest | None:
    try:
        found = read_manifest(manifest)
    except ValueError:
        return None
    return found if isinstance(found, ImageManifest) else None


def _as_far_as_readable(ask: Callable[[], T | None]) -> tuple[T | None, str]:
    """What is asked for, or why it cannot be had: bytes of another digest are an error that does not pass."""
    try:
        return ask(), ""
    except ErpBuildError as error:
        if error.passes:
            raise
        return None, told(error)


def _is_ours(annotations: Iterable[tuple[str, str]]) -> bool:
    return MADE_BY in dict(annotations)

"""Images: their references and labels, in the engine and in the registry."""

import json
from dataclasses import dataclass
from typing import Literal, NamedTuple

REVISION_LABEL = "org.opencontainers.image.revision"
"""The label that holds the full commit (OCI image specification, annotations)."""

SOURCE_LABEL = "org.opencontainers.image.source"
BASE_NAME_LABEL = "org.opencontainers.image.base.name"
BASE_DIGEST_LABEL = "org.opencontainers.image.base.digest"
"""The digest of the base image in its registry; a base image that was built locally has none."""

BASE_IMAGE_LABEL = "erp-build.base.image"
"""The engine's id of the base image, which every image has."""

LATEST = "latest"
"""The tag that moves from one image to another; every other tag stays with its image."""

KEY_LABEL = "erp-build.key"
VERSION_LABEL = "erp-build.version"

KEY_TAG = "key-"
"""Prefix of the tag with an image's key, by which later commits with the same content find the image."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`host/repository:tag`, `host/repository@digest` or both, as a Deployment or Lambda names an image."""

    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "ImageReference":
        """Split a reference; the repository is without its host, because hosts differ between accounts."""
        name, _, digest = text.partition("@")
        name, tag = _split_tag(name)
        first, slash, rest = name.partition("/")
        # Docker's rule for the first part of a name.
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return cls(repository=rest if is_host else name, tag=tag, digest=digest)


def _split_tag(name: str) -> tuple[str, str]:
    head, colon, tail = name.rpartition(":")
    # A colon before the last slash is a port, not a tag.
    return (head, tail) if colon and "/" not in tail else (name, "")


def manifest_checked(manifest: str) -> str:
    """Return the text of a manifest; raises `ValueError` unless it has the form of an image or of an index."""
    document = json.loads(manifest)
    if not isinstance(document, dict):
        raise ValueError("the manifest is no JSON object")  # noqa: TRY004 - a mistake in a text
    parts = [document.get("config") or {}]
    for key in ("layers", "manifests"):
        listed = document.get(key) or []
        parts += listed if isinstance(listed, list) else [listed]
    for part in parts:
        if not (
            isinstance(part, dict)
            and isinstance(part.get("size", 0), int)
            and isinstance(part.get("digest", ""), str)
            and all(isinstance(part.get(key) or {}, dict) for key in ("annotations", "platform"))
        ):
            raise ValueError(f"the manifest names no part of an image: {part!r:.80}")
    return manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredImage:
    """An image in the registry; `manifest` is its exact text, because the digest covers these bytes."""

    repository: str
    digest: str
    media_type: str
    manifest: str

    @property
    def size(self) -> int:
        """Compressed bytes of the configuration and all layers; 0 for an index."""
        document = json.loads(self.manifest)
        parts = [document.get("config") or {}, *(document.get("layers") or ())]
        return sum(int(part.get("size", 0)) for part in parts)

    @property
    def is_single(self) -> bool:
        """Whether it is one image and not an index of several, which Lambda and the scan refuse."""
        return "layers" in json.loads(self.manifest)


MadeBy = Literal["direct", "classic", "buildkit", ""]
"""What makes an image: none of an engine, or one of its two builders; empty: nobody says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalImage:
    """An image that was made and is not pushed yet.

    Attributes:
        identifier: its id, the digest of its configuration.
        size: bytes in the engine; without an engine the compressed ones.
        platform: such as `linux/amd64`.
        builder: what has made it.
        because: why an engine has; one reason a line.
        base: name and digest of what it is built on, as far as its labels say.
    """

    identifier: str
    size: int
    platform: str
    builder: MadeBy = ""
    because: str = ""
    base: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class PushedImage:
    """What a push did: the digest that the registry gave, and the bytes that it sent.

    An engine says how many they are before compression, a push of ours how many it has really sent.
    """

    digest: str
    bytes_pushed: int = 0


class PushedEvidence(NamedTuple):
    """The digests under which SBOM and provenance of an image lie in the registry."""

    sbom: str
    provenance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildTimings:
    """How long an image took to build and push, and how large it is.

    Attributes:
        maven, image, push: seconds.
        ready, began, ended: when the jar was complete, the image build began and the push ended, in seconds since the
            build stage began. Gaps between the parts are time queued for a worker slot.
        bytes_pushed: bytes that the push moved: an engine counts them before compression.
        size, stored: bytes of the image where it was made (`LocalImage`), and compressed in the registry.
        layered: whether the jar's dependencies are a layer of their own.
        builder, because: what has made it, and why an engine has, one reason a line.
    """

    maven: float = 0.0
    image: float = 0.0
    push: float = 0.0
    ready: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    bytes_pushed: int = 0
    size: int = 0
    stored: int = 0
    layered: bool = False
    builder: MadeBy = ""
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """An image in the registry that a deployment wants to run.

    Attributes:
        target: name of the target.
        repository: full repository without host, such as `erp/notification-service`.
        tag: the tag that the values file names.
        digest: `sha256:...` as the registry says, never as we guess.
        commit: the commit it was built from; None where a running image does not say.
        origin: built in this run, reused from the registry, or running before (a redeployment).
        timings: what it took; None for an image that was there already.
        saved: compressed bytes of a reused image, which was neither built nor sent.
        evidence: what was attached to it in this run; None: nothing.
    """

    target: str
    repository: str
    tag: str
    digest: str
    commit: str | None
    origin: Literal["built", "reused", "running"] = "built"
    timings: BuildTimings | None = None
    saved: int = 0
    evidence: PushedEvidence | None = None

    @property
    def seconds(self) -> float:
        """What Maven, engine and push took together."""
        return self.timings.maven + self.timings.image + self.timings.push if self.timings else 0.0

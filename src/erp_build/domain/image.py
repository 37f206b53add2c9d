"""Images: how they are named, and what a build leaves behind."""

from dataclasses import dataclass
from typing import Literal

REVISION_LABEL = "org.opencontainers.image.revision"
"""The label that holds the full commit (OCI image specification, annotations)."""

SOURCE_LABEL = "org.opencontainers.image.source"


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
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return cls(repository=rest if is_host else name, tag=tag, digest=digest)


def _split_tag(name: str) -> tuple[str, str]:
    head, colon, tail = name.rpartition(":")
    # A colon before the last slash is a port, not a tag.
    return (head, tail) if colon and "/" not in tail else (name, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredImage:
    """An image as the registry has it; `manifest` is its exact text, because its digest is over these bytes."""

    repository: str
    digest: str
    media_type: str
    manifest: str


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
        seconds: what Maven, engine and push took.
    """

    target: str
    repository: str
    tag: str
    digest: str
    commit: str | None
    origin: Literal["built", "reused", "running"] = "built"
    seconds: float = 0.0

"""An image as registries keep it: a manifest, a configuration and layers, each known by its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Descriptor(NamedTuple):
    """What names some bytes of a registry, and says how many they are.

    Attributes:
        digest: `sha256:` and 64 small hexadecimal digits.
        platform: `linux/amd64` or `linux/arm64/v8`, of a manifest in an index; empty where none is given.
        artifact_type: what a manifest in an index is, if it is no image.
        annotations: pairs of name and value, in the order of the document.
    """

    media_type: str
    digest: str
    size: int
    platform: str = ""
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()


class Manifest(NamedTuple):
    """A manifest or an index as the registry has it: the digest covers exactly these bytes, and is checked."""

    media_type: str
    digest: str
    content: bytes

    @property
    def descriptor(self) -> Descriptor:
        """What names it."""
        return Descriptor(self.media_type, self.digest, len(self.content))


class BaseImage(NamedTuple):
    """The image that another one begins with, of one platform.

    Attributes:
        host: of the registry that it comes from.
        config: the whole document: `config`, `rootfs`, `history`, `architecture`, `os`.
        layers: compressed, the lowest first.
        diff_ids: the digests of the same layers before compression.
    """

    host: str
    repository: str
    manifest: Manifest
    config: Mapping[str, Any]
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]


class MadeLayer(NamedTuple):
    """A layer of our own.

    Attributes:
        path: the compressed file; None where the registry is known to have it.
        diff_id: the digest before compression.
    """

    path: Path | None
    descriptor: Descriptor
    diff_id: str


class MadeImage(NamedTuple):
    """An image that was made here and is complete but for the push.

    Attributes:
        config: the exact bytes that the manifest names.
        layers: the lowest first; those of the base are descriptors alone.
        base: None: from nothing (`scratch`).
    """

    manifest: Manifest
    config: bytes
    layers: tuple[MadeLayer | Descriptor, ...]
    base: BaseImage | None

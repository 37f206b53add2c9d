"""Reads manifests and indexes, finds the image of a platform, and writes manifests.

Every function raises `ValueError`, with a text for the reader, for a document that is none of these.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from erp_build.formats.json_text import parsed_json
from erp_build.formats.oci.digest import digest_of, is_digest
from erp_build.formats.oci.media_types import (
    CONFIGS,
    FOREIGN_MARKS,
    INDEXES,
    LAYERS,
    MANIFESTS,
    OCI_INDEX,
    SCHEMA_1,
    fitted_to,
)
from erp_build.model.images.oci import Descriptor, Manifest

UNKNOWN_PLATFORM = "unknown/unknown"
"""What BuildKit gives to a statement about an image, which it keeps beside the image in the index."""

VERSIONS_OF_ARM = ("8", "7", "6", "5")
"""A machine runs the programs of its own version and of those behind it."""

LARGEST_MANIFEST = 4 << 20
"""Bytes that every registry takes (OCI distribution specification); ECR's own limit is the same."""


class ImageManifest(NamedTuple):
    """One image, or an artifact: what is kept as an image and is none.

    Attributes:
        artifact_type: what it is; empty for an image.
        subject: the image that it says something about.
    """

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether it can be run."""
        return self.config.media_type in CONFIGS


class Index(NamedTuple):
    """Several manifests, mostly the same image for several platforms."""

    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()


def read_manifest(manifest: Manifest) -> ImageManifest | Index:
    """What a manifest or an index names. The layers of an image are such as may be copied and unpacked."""
    if manifest.media_type in SCHEMA_1:
        raise ValueError("it is a manifest of schema 1, which Docker gave up: push the image again with a newer Docker")
    if manifest.media_type not in MANIFESTS | INDEXES:
        raise ValueError(f"it is no image: {manifest.media_type or 'it has no media type'}")
    document = _object(parsed_json(manifest.content), "the manifest")
    if document.get("mediaType", manifest.media_type) != manifest.media_type:
        raise ValueError(f"it says that it is {document['mediaType']}, and the registry says {manifest.media_type}")
    if "manifests" in document and ("layers" in document or "config" in document):
        # One reader would take it for an image and another one for an index, each by the same digest.
        raise ValueError("it is an image and an index at once")
    annotations = _annotations(document)
    if manifest.media_type in INDEXES:
        return Index(manifest.media_type, _descriptors(document, "manifests"), annotations)
    found = ImageManifest(
        manifest.media_type,
        _descriptor(document.get("config")),
        _descriptors(document, "layers"),
        _text(document, "artifactType"),
        _descriptor(document["subject"]) if document.get("subject") else None,
        annotations,
    )
    if found.is_image:
        _require_layers(found.layers)
    return found


def image_of(manifest: Manifest) -> ImageManifest:
    """The image of a manifest; an index and what is no image are refused."""
    found = read_manifest(manifest)
    if isinstance(found, Index):
        raise ValueError(f"it is an index of {len(found.manifests)} manifests, not one image")  # noqa: TRY004
    if not found.is_image:
        raise ValueError(f"it is no image: {found.artifact_type or found.config.media_type}")
    return found


def platform_of(index: Index, platform: str) -> Descriptor:
    """The manifest of a platform such as `linux/amd64`: the first one that fits best, as the engine takes it."""
    for wanted in _that_fit(platform):
        for one in index.manifests:
            if one.platform and _plain(one.platform) == wanted:
                return one
    there = sorted({one.platform for one in index.manifests} - {"", UNKNOWN_PLATFORM})
    raise ValueError(f"it is not there for {platform}, only for {', '.join(there) or 'no platform at all'}")


def manifest_of(
    config: Descriptor,
    layers: Iterable[Descriptor],
    media_type: str,
    *,
    artifact_type: str = "",
    subject: Descriptor | None = None,
    annotations: Iterable[tuple[str, str]] = (),
) -> Manifest:
    """The manifest of an image or an artifact. Same parts, same bytes; each part is named as this kind names it."""
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": media_type}
    if artifact_type:
        document["artifactType"] = artifact_type
    document["config"] = _written(config._replace(media_type=fitted_to(media_type, config.media_type)))
    document["layers"] = [_written(one._replace(media_type=fitted_to(media_type, one.media_type))) for one in layers]
    if subject:
        document["subject"] = _written(subject._replace(platform="", artifact_type="", annotations=()))
    return _manifest(document, media_type, annotations)


def index_of(manifests: Iterable[Descriptor], annotations: Iterable[tuple[str, str]] = ()) -> Manifest:
    """An index of OCI's kind."""
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [_written(one) for one in manifests]}
    return _manifest(document, OCI_INDEX, annotations)


def _manifest(document: dict[str, Any], media_type: str, annotations: Iterable[tuple[str, str]]) -> Manifest:
    if pairs := dict(annotations):
        document["annotations"] = pairs
    content = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Manifest(media_type, digest_of(content), content)


def _written(one: Descriptor) -> dict[str, Any]:
    document: dict[str, Any] = {"mediaType": one.media_type, "digest": one.digest, "size": one.size}
    if one.platform:
        system, _, machine = one.platform.partition("/")
        architecture, _, variant = machine.partition("/")
        document["platform"] = {"architecture": architecture, "os": system} | ({"variant": variant} if variant else {})
    if one.artifact_type:
        document["artifactType"] = one.artifact_type
    if one.annotations:
        document["annotations"] = dict(one.annotations)
    return document


def _descriptors(document: Mapping[str, Any], key: str) -> tuple[Descriptor, ...]:
    listed = document.get(key)
    if not isinstance(listed, list):
        raise ValueError(f"it has no list of {key}")  # noqa: TRY004 - a mistake in a text
    return tuple(_descriptor(one) for one in listed)


def _descriptor(part: object) -> Descriptor:
    named = _object(part, "a part of the manifest")
    digest, size = _text(named, "digest"), named.get("size")
    if not is_digest(digest):
        raise ValueError(f"a part has no digest that can be checked: {digest!r:.80}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError(f"a part has no size: {size!r:.40}")
    platform = _object(named.get("platform") or {}, "a platform")
    words = (_text(platform, "os"), _text(platform, "architecture"), _text(platform, "variant"))
    return Descriptor(
        _text(named, "mediaType"),
        digest,
        size,
        "/".join(filter(None, words)),
        _text(named, "artifactType"),
        _annotations(named),
    )


def _require_layers(layers: Sequence[Descriptor]) -> None:
    for layer in layers:
        if any(mark in layer.media_type for mark in FOREIGN_MARKS):
            raise ValueError(f"it has a layer that no other registry may keep: {layer.media_type}")
        if layer.media_type not in LAYERS:
            raise ValueError(f"it has a layer of an unknown kind: {layer.media_type or 'without a media type'}")


def _plain(platform: str) -> str:
    """A platform without a variant that every machine of this kind has."""
    system, _, machine = platform.partition("/")
    usual = {"arm64/v8": "arm64", "amd64/v1": "amd64", "arm": "arm/v7"}
    return f"{system}/{usual.get(machine, machine)}"


def _that_fit(platform: str) -> tuple[str, ...]:
    """The platforms whose programs a machine can run, the best first."""
    plain = _plain(platform)
    system, is_arm, older = plain.partition("/arm/v")
    if is_arm and older in VERSIONS_OF_ARM:
        return tuple(f"{system}/arm/v{one}" for one in VERSIONS_OF_ARM[VERSIONS_OF_ARM.index(older) :])
    return (plain,)


def _annotations(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = _object(document.get("annotations") or {}, "the annotations")
    return tuple((name, _text(found, name)) for name in found)


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")  # noqa: TRY004 - a mistake in a text
    return value


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key) or ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text: {value!r:.40}")  # noqa: TRY004 - a mistake in a text
    return value

"""Reads the image that another one begins with: its manifest for a platform, and its configuration."""

from typing import Any

from erp_build.clients.registries.registry import Registry
from erp_build.errors import BaseUnreadable
from erp_build.formats.json_text import parsed_json
from erp_build.formats.oci.digest import is_digest
from erp_build.formats.oci.manifest import Index, image_of, platform_of, read_manifest
from erp_build.formats.pull_refusal import pull_hint
from erp_build.model.images.oci import BaseImage, Descriptor, Manifest

MOST_INDEXES = 3
"""An index may name another one."""

LARGEST_CONFIGURATION = 8 << 20
"""Bytes; a configuration of a few kilobytes is usual."""


def base_image(registry: Registry, repository: str, reference: str, platform: str) -> BaseImage:
    """The image with a tag or digest, of a platform such as `linux/amd64`; raises `BaseUnreadable`.

    Without an index the image is taken as it is; its configuration says of which platform it is.
    """
    where = f"{registry.host}/{repository}{'@' if is_digest(reference) else ':'}{reference}"
    try:
        return _read(registry, repository, reference, platform, where)
    except ValueError as error:
        raise BaseUnreadable(
            "the base image cannot be built on",
            where=where,
            why=str(error),
            next_step=pull_hint(str(error), where) or "name another image after FROM, or push this one again",
        ) from error


def _read(registry: Registry, repository: str, reference: str, platform: str, where: str) -> BaseImage:
    manifest = _manifest(registry, repository, reference, where)
    for _ in range(MOST_INDEXES):
        found = read_manifest(manifest)
        if not isinstance(found, Index):
            break
        manifest = _manifest(registry, repository, platform_of(found, platform).digest, where)
    image = image_of(manifest)
    config = _configuration(registry, repository, image.config)
    diff_ids = _diff_ids(config)
    if len(diff_ids) != len(image.layers):
        raise ValueError(f"it has {len(image.layers)} layers, and its configuration {len(diff_ids)}")
    return BaseImage(registry.host, repository, manifest, config, image.layers, diff_ids)


def _manifest(registry: Registry, repository: str, reference: str, where: str) -> Manifest:
    found = registry.manifest(repository, reference)
    if found is None:
        why = f"manifest unknown: {reference}"
        raise BaseUnreadable(
            "the base image is not there", where=where, why=why, next_step=pull_hint(why, where) or "check FROM"
        )
    return found


def _configuration(registry: Registry, repository: str, descriptor: Descriptor) -> dict[str, Any]:
    if descriptor.size > LARGEST_CONFIGURATION:
        raise ValueError(f"its configuration has {descriptor.size} bytes")
    with registry.blob(repository, descriptor) as blob:
        found = parsed_json(blob.read())
    if not isinstance(found, dict) or not isinstance(found.get("config") or {}, dict):
        raise ValueError("its configuration is no JSON object")  # noqa: TRY004 - a mistake in a text
    return found


def _diff_ids(config: dict[str, Any]) -> tuple[str, ...]:
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, str) and is_digest(one) for one in found):
        raise ValueError("its configuration does not name its layers")
    return tuple(found)

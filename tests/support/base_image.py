"""A base image with files in it, as a registry has it."""

import gzip
import json
from typing import Any

from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST
from erp_build.model.images.oci import Descriptor
from tests.fakes.oci_registry import FakeRegistry, digest_of
from tests.support.direct_images import PLACES, root_archive

NAME = "java/runtime"


def store_runtime(fake: FakeRegistry, tag: str = "17", *, repository: str = NAME, **settings: Any) -> str:
    """Put it into a registry; returns the digest of its manifest. `settings` are those of its configuration."""
    archive = root_archive(PLACES)
    layer = gzip.compress(archive, mtime=0)
    config = json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Env": ["PATH=/usr/bin"], **settings},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(archive)]},
        }
    ).encode()
    for blob in (layer, config):
        fake.store(repository, blob)
    described = Descriptor(DOCKER_CONFIG, digest_of(config), len(config))
    layers = [Descriptor(DOCKER_LAYER_GZIP, digest_of(layer), len(layer))]
    manifest = manifest_of(described, layers, DOCKER_MANIFEST)
    return fake.put(repository, tag, manifest.media_type, manifest.content)

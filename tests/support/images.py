"""Images for tests of registries: some bytes as layers, in files, and a registry to push them to."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience
from erp_build.clients.registries.connection import Connection
from erp_build.clients.registries.kept_blobs import KeptBlobs
from erp_build.clients.registries.push import ImagePush
from erp_build.clients.registries.registry import Registry
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST
from erp_build.model.images.oci import BaseImage, Descriptor, MadeImage, MadeLayer
from tests.fakes.oci_registry import PASSWORD, USER, FakeRegistry

SMALL, LARGE = 2_000, 400_000
"""Bytes of a layer that is sent whole, and of one that is sent as a stream where `WHOLE` is the most."""
WHOLE = 50_000

BASE = "bases/jre"


def random_bytes(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - what a compressed layer looks like


def descriptor_of(content: bytes, media_type: str = DOCKER_LAYER_GZIP) -> Descriptor:
    return Descriptor(media_type, digest_of(content), len(content))


def store_base(fake: FakeRegistry, repository: str = BASE, tag: str = "1", size: int = SMALL) -> BaseImage:
    """An image of one layer, in a registry."""
    content = random_bytes(size, 7)
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [digest_of(b"7")]}}
    layer, written = descriptor_of(content), json.dumps(config).encode()
    manifest = manifest_of(descriptor_of(written, DOCKER_CONFIG), [layer], DOCKER_MANIFEST)
    for blob in (content, written):
        fake.store(repository, blob)
    fake.put(repository, tag, manifest.media_type, manifest.content)
    return BaseImage("", repository, manifest, config, (layer,), (digest_of(b"7"),))


def made_image(
    folder: Path, base: BaseImage | None = None, seed: int = 0, config: dict[str, Any] | None = None
) -> MadeImage:
    """An image with two layers of its own."""
    layers = []
    for number, size in enumerate((SMALL, LARGE)):
        content = random_bytes(size, 100 * seed + number)
        path = folder / f"layer-{seed}-{number}"
        path.write_bytes(content)
        layers.append(MadeLayer(path, descriptor_of(content), digest_of(b"%d" % number)))
    written = json.dumps(config or {"os": "linux", "seed": seed}).encode()
    named = [*(base.layers if base else ()), *(one.descriptor for one in layers)]
    manifest = manifest_of(descriptor_of(written, DOCKER_CONFIG), named, DOCKER_MANIFEST)
    return MadeImage(manifest, written, (*(base.layers if base else ()), *layers), base)


def user() -> SignIn:
    return SignIn("http://fake", USER, PASSWORD)


def registry_at(fake: FakeRegistry, *, sign_in: Callable[[], SignIn | None] = user, **named: Any) -> Registry:
    """The client of a fake registry."""
    host = fake.address.partition("://")[2]
    renew, ask = named.pop("renew", None), named.pop("ask", None)
    return Registry(Connection(host, sign_in, renew, SimulatedClock(), scheme="http", **named), ask)


def patient_at(fake: FakeRegistry, **named: Any) -> Registry:
    """The same, which asks again as a run does; its waits take no time."""
    return registry_at(fake, ask=Patience(SimulatedClock()).ask, **named)


def push_to(registry: Registry, folder: Path, base: Registry | None = None) -> ImagePush:
    """What pushes images there, and fetches layers of base images from a registry."""
    return ImagePush(registry, lambda _: base or registry, KeptBlobs(folder))

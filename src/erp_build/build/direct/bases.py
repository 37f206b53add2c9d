"""The images that others are made of without an engine: each is asked for once a run, by the name in the Dockerfile."""

import platform
import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import IO, TypeVar

from erp_build.clients.registries.base import base_image
from erp_build.clients.registries.opened import Registries
from erp_build.errors import BaseUnreadable, BuildFailed
from erp_build.formats.image_name import mirrored, named
from erp_build.formats.oci.digest import is_digest
from erp_build.formats.oci.manifest import image_of
from erp_build.formats.pull_refusal import pull_hint
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_IMAGE_LABEL, BASE_NAME_LABEL
from erp_build.model.images.oci import BaseImage, Descriptor

T = TypeVar("T")

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Linux calls a machine -> what images call it."""


class Bases:
    """Reads base images. Threads may call.

    Args:
        registries: that they lie in.
        mirrors: host -> host and prefix of the mirror that its images are fetched from.

    Attributes:
        platform: for which they are read: that of this machine, as for an engine on it.
    """

    def __init__(self, registries: Registries, mirrors: Mapping[str, str]) -> None:
        self.registries, self._mirrors = registries, mirrors
        self.platform = f"linux/{ARCHITECTURES.get(platform.machine(), platform.machine())}"
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._digests: dict[str, str | BuildFailed] = {}
        self._images: dict[str, BaseImage | BuildFailed] = {}

    def digest(self, image: str) -> str:
        """Ask the registry of an image for the digest of its name; raises `BaseUnreadable` if it does not say."""
        with self._turns[image]:
            if image not in self._digests:
                try:
                    self._digests[image] = self._asked(mirrored(image, self._mirrors))
                except BuildFailed as error:
                    # A registry that does not answer would cost each service its time.
                    self._digests[image] = error
        return _got(self._digests[image])

    def image(self, image: str, known: Mapping[str, str]) -> BaseImage:
        """Read an image; raises `BaseUnreadable`.

        Args:
            image: its name.
            known: name -> digest of those whose digest was asked for before, and counts.
        """
        digest = known.get(image) or self.digest(image)
        name = named(mirrored(image, self._mirrors))
        place = f"{name.host}/{name.repository}@{digest}"
        with self._turns[place]:
            if place not in self._images:
                registry = self.registries.of(name.host)
                try:
                    self._images[place] = base_image(registry, name.repository, digest, self.platform)
                except BuildFailed as error:
                    self._images[place] = error
        return _got(self._images[place])

    def labels(self, image: str, known: Mapping[str, str]) -> dict[str, str]:
        """The labels that name an image to what is built on it."""
        return {
            BASE_NAME_LABEL: image,
            BASE_IMAGE_LABEL: image_of(self.image(image, known).manifest).config.digest,
            BASE_DIGEST_LABEL: known.get(image) or self.digest(image),
        }

    def blob(self, image: BaseImage, layer: Descriptor) -> AbstractContextManager[IO[bytes]]:
        """A layer of an image, as a stream for a block."""
        return self.registries.of(image.host).blob(image.repository, layer)

    def _asked(self, image: str) -> str:
        name = named(image)
        if is_digest(name.reference):
            return name.reference
        if found := self.registries.of(name.host).digest(name.repository, name.reference):
            return found
        why = f"manifest unknown: {name.reference}"
        raise BaseUnreadable(
            "the base image is not there", where=image, why=why, next_step=pull_hint(why, image) or "correct FROM"
        )


def _got(found: T | BuildFailed) -> T:
    if isinstance(found, BuildFailed):
        raise found
    return found

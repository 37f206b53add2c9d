"""Pushes images: what the registry has is not sent, blobs go at once, and the manifest goes last."""

import io
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from typing import IO

from erp_build.clients.machine.parallel import raise_together, work_as_produced
from erp_build.clients.registries.connection import PartsMissing
from erp_build.clients.registries.kept_blobs import KeptBlobs
from erp_build.clients.registries.registry import Registry
from erp_build.errors import ErpBuildError
from erp_build.formats.oci.manifest import image_of
from erp_build.model.images.image import PushedImage
from erp_build.model.images.oci import BaseImage, Descriptor, MadeImage, MadeLayer

BLOBS_AT_ONCE = 4
"""Of one image; an image without an engine has few of its own."""

ROUNDS = 2
"""A registry that lost a part between its upload and the manifest gets it once more."""


class ImagePush:
    """Pushes the images of a run to one registry. Threads may call.

    Args:
        registry: where to.
        bases: the registry of a host, from which a base image's layers are copied.
        kept: the layers that were fetched.
    """

    def __init__(self, registry: Registry, bases: Callable[[str], Registry], kept: KeptBlobs) -> None:
        self._registry, self._bases, self._kept = registry, bases, kept
        self._holders: dict[str, str] = {}
        """Digest -> a repository of the registry that has it, from which it may be mounted into another one."""
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._never_mounts = False
        self._there: set[tuple[str, str]] = set()
        """(repository, digest) of layers that were looked for and found; a push does not ask for them again."""
        self._begun: set[str] = set()
        """The repositories of which a push asks by itself."""

    def look_for(self, repository: str, base: BaseImage) -> None:
        """Find out which layers of a base image a repository has, ahead of the push of an image on it."""
        if repository in self._begun:
            return

        def look(digest: str) -> None:
            if self._registry.has_blob(repository, digest):
                self._there.add((repository, digest))

        _at_once(look, dict.fromkeys(layer.digest for layer in base.layers))

    def push_image(
        self, repository: str, tag: str, image: MadeImage, on_bytes: Callable[[int], object] = lambda _: None
    ) -> PushedImage:
        """Push an image under its tag; return the digest that was read back, and the compressed bytes that were sent.

        Nothing is sent if the tag names it already. Raises `PushFailed`, and `TagTaken` where an immutable tag names
        another image.
        """
        self._begun.add(repository)
        there = self._registry.manifest(repository, tag)
        if there is not None and there.digest == image.manifest.digest:
            return PushedImage(there.digest)
        sent = _Sent(on_bytes)
        for round_ in range(ROUNDS):
            self._push_blobs(repository, image, sent)
            try:
                digest = self._registry.push_manifest(repository, tag, image.manifest)
            except PartsMissing:
                if round_ == ROUNDS - 1:
                    raise
                self._there -= {(repository, _descriptor(layer).digest) for layer in image.layers}
            else:
                return PushedImage(digest, sent.total)
        raise AssertionError  # the last round returns or raises

    def _push_blobs(self, repository: str, image: MadeImage, sent: "_Sent") -> None:
        blobs: dict[str, MadeLayer | Descriptor | bytes] = {}
        for layer in image.layers:
            blobs[_descriptor(layer).digest] = layer
        config = image_of(image.manifest).config
        blobs[config.digest] = image.config
        named = {config.digest: config} | {(one := _descriptor(layer)).digest: one for layer in image.layers}

        def push(digest: str) -> None:
            # A registry that mounts needs it once: another image of this run waits for it.
            with nullcontext() if self._never_mounts else self._turns[digest]:
                self._push_blob(repository, named[digest], blobs[digest], image, sent)

        _at_once(push, blobs)

    def _push_blob(
        self,
        repository: str,
        descriptor: Descriptor,
        content: MadeLayer | Descriptor | bytes,
        image: MadeImage,
        sent: "_Sent",
    ) -> None:
        digest = descriptor.digest
        if (repository, digest) in self._there:
            self._holders.setdefault(digest, repository)
            return
        mount_from = self._holders.get(digest, "")
        base = image.base
        if not mount_from and isinstance(content, Descriptor) and base and base.host == self._registry.host:
            mount_from = base.repository
        was_sent = self._registry.push_blob(
            repository,
            descriptor,
            partial(self._open, content, image, f"{repository}@{digest}"),
            mount_from=mount_from,
            on_bytes=partial(sent.count, digest),
        )
        self._never_mounts |= was_sent and bool(mount_from)
        self._holders.setdefault(digest, repository)

    def _open(self, content: MadeLayer | Descriptor | bytes, image: MadeImage, where: str) -> IO[bytes]:
        if isinstance(content, bytes):
            return io.BytesIO(content)
        if isinstance(content, MadeLayer):
            if content.path is None:
                raise PartsMissing(
                    "the registry has lost a layer",
                    where=where,
                    why="it had it when the image was made",
                    next_step="run again: the layer is made anew",
                )
            return content.path.open("rb")
        assert image.base is not None
        return self._kept.path(self._bases(image.base.host), image.base.repository, content).open("rb")


class _Sent:
    """The bytes that were sent of the blobs of one image."""

    def __init__(self, on_bytes: Callable[[int], object]) -> None:
        self._on_bytes = on_bytes
        self._by_blob: dict[str, int] = {}
        self._one_at_a_time = threading.Lock()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self._by_blob.values())

    def count(self, digest: str, sent: int) -> None:
        """Of one blob so many were sent so far."""
        with self._one_at_a_time:
            self._by_blob[digest] = max(sent, self._by_blob.get(digest, 0))
            self._on_bytes(self.total)


def _descriptor(layer: MadeLayer | Descriptor) -> Descriptor:
    return layer.descriptor if isinstance(layer, MadeLayer) else layer


def _at_once(work: Callable[[str], None], digests: Iterable[str]) -> None:
    """Do it for all of them, and raise the error that decides: one that does not pass."""
    listed = list(digests)

    def produce(hand_over: Callable[[int, str], None]) -> None:
        for number, digest in enumerate(listed):
            hand_over(number, digest)

    failed = work_as_produced(produce, work, min(BLOBS_AT_ONCE, len(listed))).failed
    if failed and all(isinstance(error, ErpBuildError) for error in failed):
        # They are of one image, so one of them says it. Joined they would be said to be of several targets.
        raise min(failed, key=lambda error: isinstance(error, ErpBuildError) and error.passes)
    raise_together(failed)

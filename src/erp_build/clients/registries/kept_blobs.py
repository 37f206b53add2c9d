"""Blobs that a run has fetched: each is fetched once, into a file that nobody else reads."""

import os
import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

from erp_build.clients.files.atomic import full_disk_fails
from erp_build.model.images.oci import Descriptor

COPY_BYTES = 1 << 20


class ReadsBlobs(Protocol):
    """A registry."""

    def blob(self, repository: str, descriptor: Descriptor) -> AbstractContextManager[IO[bytes]]:
        """A blob as a stream, for a block; it is checked at its end."""


class KeptBlobs:
    """The fetched blobs. Threads may call.

    Args:
        folder: for their files, of this run alone; whoever made it removes it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def path(self, registry: ReadsBlobs, repository: str, descriptor: Descriptor) -> Path:
        """The file of a blob, compressed as the registry has it; raises `BuildFailed` where the disk is full."""
        kept = self._folder / descriptor.digest.replace(":", "-")
        with self._one_at_a_time[descriptor.digest]:
            if not kept.exists():
                self._fetch(kept, registry, repository, descriptor)
        return kept

    def _fetch(self, kept: Path, registry: ReadsBlobs, repository: str, descriptor: Descriptor) -> None:
        partly = kept.with_suffix(".part")
        with full_disk_fails(str(self._folder)):
            handle = os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file, registry.blob(repository, descriptor) as blob:
                while part := blob.read(COPY_BYTES):
                    file.write(part)
            partly.replace(kept)

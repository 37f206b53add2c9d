"""Blobs that a run has fetched: each is fetched once, into a file that nobody else reads."""

import io
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, cast

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
        kept = self._place(descriptor)
        if not kept.exists():
            with self.read(registry, repository, descriptor) as blob:
                while blob.read(COPY_BYTES):
                    pass
        return kept

    @contextmanager
    def read(self, registry: ReadsBlobs, repository: str, descriptor: Descriptor) -> Iterator[IO[bytes]]:
        """A blob as a stream for a block; it is kept where the block has read it to its end."""
        kept = self._place(descriptor)
        with self._one_at_a_time[descriptor.digest]:
            if not kept.exists():
                with self._fetched(kept, registry, repository, descriptor) as blob:
                    yield blob
                return
        with kept.open("rb") as file:
            yield file

    def _place(self, descriptor: Descriptor) -> Path:
        return self._folder / descriptor.digest.replace(":", "-")

    @contextmanager
    def _fetched(
        self, kept: Path, registry: ReadsBlobs, repository: str, descriptor: Descriptor
    ) -> Iterator[IO[bytes]]:
        partly = kept.with_suffix(".part")
        with full_disk_fails(str(self._folder)):
            handle = os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file, registry.blob(repository, descriptor) as blob:
                yield cast("IO[bytes]", io.BufferedReader(_Kept(blob, file), COPY_BYTES))
                is_complete = file.tell() == descriptor.size
            if is_complete:
                # The registry's stream gives its last byte only where the digest is right.
                partly.replace(kept)


class _Kept(io.RawIOBase):
    """A stream of which a file gets all that is read."""

    def __init__(self, stream: IO[bytes], file: IO[bytes]) -> None:
        self._stream, self._file = stream, file

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes, and write them into the file."""
        part = self._stream.read(len(buffer))
        self._file.write(part)
        buffer[: len(part)] = part
        return len(part)

"""Writes layers: a tar of the same bytes on every machine, compressed on its way to a private file.

Every stream goes through in pieces, so that a layer needs no more memory than a piece of it. The tar is the same on
every machine, and so is what every x86-64 machine of the last fifteen years makes of it (docs/decisions/0048).
"""

import hashlib
import os
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Queue
from typing import IO, Protocol, cast
from zipfile import BadZipFile

from isal import isal_zlib

from erp_build.build.direct.file_tree import Kind, Node
from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import BuildFailed
from erp_build.formats.oci.media_types import DOCKER_LAYER_GZIP
from erp_build.model.images.oci import Descriptor, MadeLayer

GZIP_LEVEL = 1
"""The level of isal for layers. It is a part of their digests: another one makes other bytes of the same files."""

GZIP_FORMAT = 31
"""zlib's number for a gzip header, with the time 0, around the largest window."""

FILE_TIME = 1
"""The time of everything in a layer, in seconds. A program may take 0 for a file that is not there."""

PIECE_BYTES = 1 << 20

PIECES_AHEAD = 8
"""Pieces that wait for their digest; more would take memory."""

KNOWN_FROM_BYTES = 1 << 20
"""A smaller layer is compressed in less time than it takes to look whether the registry has it."""

TYPES = {Kind.FILE: tarfile.REGTYPE, Kind.FOLDER: tarfile.DIRTYPE, Kind.LINK: tarfile.SYMTYPE}

Known = Callable[[str], Descriptor | None]
"""Gives the compressed layer in the registry for the digest of an uncompressed one; None: it has none."""


def no_layer_known(_: str) -> Descriptor | None:
    """Know no layer of the registry."""
    return None


class _Taker(Protocol):
    def __call__(self, piece: bytes, /) -> object: ...


class _Sink:
    """What tarfile writes into: a file without an end, of which each piece is taken.

    All pieces but the last are of one size, however tarfile writes: isal may make other bytes of others.
    """

    def __init__(self, take: _Taker) -> None:
        self._take = take
        self._waiting = bytearray()
        self._place = 0

    def tell(self) -> int:
        return self._place

    def write(self, written: bytes) -> int:
        WAY_OUT.require_may_begin()
        self._place += len(written)
        self._waiting += written
        while len(self._waiting) >= PIECE_BYTES:
            self._take(bytes(self._waiting[:PIECE_BYTES]))
            del self._waiting[:PIECE_BYTES]
        return len(written)

    def end(self) -> None:
        """Have the rest taken."""
        self._take(bytes(self._waiting))


def write_layer(
    entries: Iterable[tuple[str, Node]],
    folder: Path,
    known: Known = no_layer_known,
) -> MadeLayer:
    """Write a layer into a file of a private folder, unless the registry has it.

    Raises `BuildFailed` for a file that cannot be read, or that changes while it is read, and `OSError` where the layer
    cannot be written.

    Args:
        entries: paths and what lies there, each folder before what is in it.
        folder: which nobody else can read.
        known: asked for a large layer before it is compressed.
    """
    listed = list(entries)
    if known is not no_layer_known and sum(node.size for _, node in listed) >= KNOWN_FROM_BYTES:
        diff_id = layer_digest(listed)
        if found := known(diff_id):
            return MadeLayer(None, found, diff_id)
    return _compressed(listed, folder)


def layer_digest(entries: Iterable[tuple[str, Node]]) -> str:
    """The digest of a layer before compression: all that is known of it without the work of making it."""
    digest = hashlib.sha256()
    # Reading checks each file's sum in a jar, which takes as long as the digest.
    with _Beside() as beside:
        _write_tar(entries, _Sink(partial(beside.do, digest.update)))
    return f"sha256:{digest.hexdigest()}"


def _compressed(entries: Iterable[tuple[str, Node]], folder: Path) -> MadeLayer:
    before, after = hashlib.sha256(), hashlib.sha256()
    gzip = isal_zlib.compressobj(GZIP_LEVEL, wbits=GZIP_FORMAT)
    # 0600 from the beginning: a layer may hold what only some may read.
    descriptor, name = tempfile.mkstemp(dir=folder, prefix="layer-", suffix=".tar.gz")
    try:
        with os.fdopen(descriptor, "wb", buffering=PIECE_BYTES) as file, _Beside() as beside:

            def take(piece: bytes) -> None:
                beside.do(before.update, piece)
                keep(gzip.compress(piece))

            def keep(piece: bytes) -> None:
                beside.do(after.update, piece)
                file.write(piece)

            _write_tar(entries, _Sink(take))
            keep(gzip.flush())
            size = file.tell()
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    made = Descriptor(DOCKER_LAYER_GZIP, f"sha256:{after.hexdigest()}", size)
    return MadeLayer(Path(name), made, f"sha256:{before.hexdigest()}")


class _Beside(AbstractContextManager["_Beside"]):
    """Does one thing after the other in a thread of its own; the end of the block waits for all of them.

    A digest takes a third of the time of the compression, and is made beside it.
    """

    def __init__(self) -> None:
        self._waiting: Queue[tuple[_Taker, bytes] | None] = Queue(PIECES_AHEAD)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def do(self, take: _Taker, piece: bytes) -> None:
        """Have a piece taken; waits where too many wait already."""
        self._waiting.put((take, piece))

    def _work(self) -> None:
        while one := self._waiting.get():
            take, piece = one
            take(piece)


def _write_tar(entries: Iterable[tuple[str, Node]], sink: _Sink) -> None:
    first_names: dict[object, str] = {}
    stream = cast("IO[bytes]", sink)
    with tarfile.TarFile(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, copybufsize=PIECE_BYTES) as tar:
        for path, node in entries:
            header = _header(path, node)
            first = first_names.setdefault(node.same, path) if node.same is not None else path
            if first != path:
                header.type, header.linkname, header.size = tarfile.LNKTYPE, first, 0
            if header.type == tarfile.REGTYPE and node.size:
                _add_file(tar, header, node)
            else:
                tar.addfile(header)
    sink.end()


def _header(path: str, node: Node) -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type = TYPES[node.kind]
    header.mode = 0o777 if node.kind is Kind.LINK else node.mode
    header.uid, header.gid = node.owner
    header.mtime = FILE_TIME
    header.size = node.size if node.kind is Kind.FILE else 0
    header.linkname = node.link
    header.pax_headers = dict(node.attributes)
    return header


def _add_file(tar: tarfile.TarFile, header: tarfile.TarInfo, node: Node) -> None:
    assert node.content is not None
    with _readable(header.name):
        content = node.content()
    with content:
        reading = _Reading(header, content)
        tar.addfile(header, cast("IO[bytes]", reading))
        reading.require_end()


class _Reading:
    """A file that is read; whatever is wrong with it is an error of this file, and none of the layer."""

    def __init__(self, header: tarfile.TarInfo, content: IO[bytes]) -> None:
        self._name = header.name
        self._left = header.size
        self._content = content

    def read(self, size: int) -> bytes:
        """So many bytes, and not fewer: tarfile asks for no rest."""
        with _readable(self._name):
            piece = self._content.read(size)
            while len(piece) < size and (more := self._content.read(size - len(piece))):
                piece += more
        self._left -= len(piece)
        if len(piece) < size:
            raise _unreadable(self._name, f"it has {self._left} bytes less than before: something writes into it")
        return piece

    def require_end(self) -> None:
        with _readable(self._name):
            is_longer = bool(self._content.read(1))
        if is_longer:
            raise _unreadable(self._name, "it has more bytes than before: something writes into it")


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, BadZipFile, zlib.error) as error:
        raise _unreadable(name, str(error)) from error


def _unreadable(name: str, why: str) -> BuildFailed:
    return BuildFailed(
        "a file of the image cannot be read",
        where=f"/{name} of the image",
        why=why,
        next_step="see that nothing changes the files while the image is made, and that they may be read",
    )

"""Reads the entries of a layer from a stream, and keeps their contents where they are wanted."""

import gzip
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, Self, cast

from isal import igzip, isal_zlib

from erp_build.build.direct.context_tree import open_file
from erp_build.build.direct.file_tree import Kind, Node, clean
from erp_build.clients.way_out import WAY_OUT
from erp_build.formats.dockerfile.direct.recipe import Owner

# The stub of isal takes the class for an instance of it.
ISAL_ERROR = cast("type[Exception]", isal_zlib.error)

DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, ISAL_ERROR, EOFError)
"""What the reading of a layer raises that is none."""

KINDS = {tarfile.DIRTYPE: Kind.FOLDER, tarfile.SYMTYPE: Kind.LINK}
EXTENDED = "SCHILY.xattr."
PIECE_BYTES = 1 << 20
READ_AHEAD_BYTES = 1 << 15
"""What tarfile reads ahead. It moves all of that with each header, so that more takes longer."""


def read_layer(blob: IO[bytes], folder: Path | None, *, gzipped: bool) -> list[tuple[str, Node]]:
    """The entries of a layer by their paths, in their order; of a hard link, `link` is the other name.

    Args:
        blob: is read to its end, because its digest covers all of it.
        folder: in which a file with the contents is made; None: nobody needs them.
        gzipped: whether it is compressed.
    """
    # igzip says nothing of its types.
    stream = cast("IO[bytes]", cast("Any", igzip).open(blob, "rb")) if gzipped else blob
    if folder is None:
        found = list(_entries(stream, None))
        _drain(stream)
    else:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="files-", delete=False) as file:
            copied = cast("IO[bytes]", _Copied(stream, cast("IO[bytes]", file)))
            found = list(_entries(copied, Path(file.name)))
            _drain(copied)
    _drain(blob)
    return found


class _Copied:
    """A stream of which a file gets all that is read."""

    def __init__(self, stream: IO[bytes], file: IO[bytes]) -> None:
        self._stream = stream
        self._file = file

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._file.write(piece)
        return piece


def _entries(stream: IO[bytes], unpacked: Path | None) -> Iterator[tuple[str, Node]]:
    """The entries of a tar by their paths; `unpacked` is the file in which the contents can be found afterwards."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=READ_AHEAD_BYTES) as tar:
        for member in tar:
            WAY_OUT.require_may_begin()
            yield clean(member.name), _node(member, unpacked)


def _node(member: tarfile.TarInfo, unpacked: Path | None) -> Node:
    kind = Kind.FILE if member.isreg() or member.islnk() else KINDS.get(member.type, Kind.OTHER)
    content = None
    if unpacked and member.isreg() and not member.issparse():
        content = partial(_part, unpacked, member.offset_data, member.size)
    return Node(
        kind,
        member.mode & 0o7777,
        Owner(member.uid, member.gid),
        # Of a hard link: the other name of the file, until the layer is complete.
        member.linkname if member.issym() or member.islnk() else "",
        member.size if member.isreg() else 0,
        content,
        attributes=tuple((name, value) for name, value in member.pax_headers.items() if name.startswith(EXTENDED)),
    )


def _part(path: Path, place: int, size: int) -> IO[bytes]:
    return cast("IO[bytes]", _Part(open_file(path), place, size))


class _Part:
    """A part of a file, to be read once from its beginning to its end."""

    def __init__(self, file: IO[bytes], place: int, size: int) -> None:
        file.seek(place)
        self._file = file
        self._left = size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece


def _drain(stream: IO[bytes]) -> None:
    while stream.read(PIECE_BYTES):
        pass

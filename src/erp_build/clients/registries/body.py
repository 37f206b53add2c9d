"""The body of an upload: a part of a file, which is counted while it is sent and never held in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from erp_build.errors import ErpBuildError

Broken = Callable[[str], ErpBuildError]
"""Makes the error of a file that cannot be read to its end."""


BLOCK = 256 << 10
"""Bytes that are given to the connection at once."""


class Rest:
    """A file from a place on, in blocks. Its length is known, so that `requests` says it and sends no chunked body.

    Args:
        file: a place can be sought in it.
        begin, size: the place, and the bytes of the whole file.
        on_bytes: called with the place that was reached.
        broken: makes our error.
    """

    def __init__(
        self, file: IO[bytes], begin: int, size: int, on_bytes: Callable[[int], object], broken: Broken
    ) -> None:
        self._file, self._at, self._size = file, begin, size
        self._on_bytes, self._broken = on_bytes, broken
        self._length = size - begin
        file.seek(begin)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """The blocks; raises our error where the file ends early, because the registry would wait for the rest."""
        while left := self._size - self._at:
            part = _read(self._file, min(BLOCK, left), self._broken)
            if not part:
                raise self._broken("it has become shorter")
            yield part
            self._at += len(part)
            self._on_bytes(self._at)


@contextmanager
def opened(open_: Callable[[], IO[bytes]], broken: Broken) -> Iterator[IO[bytes]]:
    """The file for the block; raises our error where it cannot be opened."""
    try:
        file = open_()
    except OSError as error:
        raise broken(str(error)) from error
    with file:
        yield file


def whole(file: IO[bytes], size: int, broken: Broken) -> bytes:
    """All bytes of a small file."""
    content = _read(file, size + 1, broken)
    if len(content) != size:
        raise broken(f"it has {len(content)} bytes and not {size}")
    return content


def _read(file: IO[bytes], count: int, broken: Broken) -> bytes:
    try:
        return file.read(count)
    except (OSError, ValueError) as error:
        raise broken(str(error)) from error

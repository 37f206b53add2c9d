"""Reads a blob as a stream: a dropped connection is taken up again, and the last byte comes only if all are right."""

import hashlib
import io
from collections.abc import Callable
from functools import partial
from typing import IO, Any, cast

import requests
import urllib3

from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.registries.http import CALL_S, Answer, no_answer
from erp_build.errors import ErpBuildError
from erp_build.model.images.oci import Descriptor

BUFFER = 1 << 20
MOST_BREAKS = 10
"""Connections of one blob that may break, each after some bytes."""

PARTIAL_CONTENT = 206


class BlobErrors:
    """Makes our errors of a blob.

    Args:
        broken: of a connection that broke.
        wrong: of other bytes than were asked for.
    """

    def __init__(self, broken: Callable[[Exception], ErpBuildError], wrong: Callable[[str], ErpBuildError]) -> None:
        self.broken, self.wrong = broken, wrong


class BlobReader(io.RawIOBase):
    """The bytes of a blob.

    Args:
        descriptor: how many bytes, with which digest.
        open_from: asks for the bytes from a place on.
        errors: ours.
    """

    def __init__(self, descriptor: Descriptor, open_from: Callable[[int], Answer], errors: BlobErrors) -> None:
        self._wanted = descriptor
        self._open_from, self._errors = open_from, errors
        self._digest, self._at, self._breaks = hashlib.sha256(), 0, 0
        self._answer: Answer | None = open_from(0)

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; raises our error where they are not what was asked for."""
        left = self._wanted.size - self._at
        if not left:
            return 0
        part = self._next(min(len(buffer), left))
        self._digest.update(part)
        self._at += len(part)
        if self._at == self._wanted.size:
            self._check()
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Leave what was not read."""
        self._hang_up()
        super().close()

    def _next(self, size: int) -> bytes:
        while True:
            try:
                if part := self._read(size):
                    return part
                broken: ErpBuildError = self._errors.broken(EOFError("the answer ended early"))
            except (requests.RequestException, urllib3.exceptions.HTTPError, CallTimedOut, OSError) as error:
                broken = self._errors.broken(no_answer(error))
            self._breaks += 1
            self._hang_up()
            if self._breaks > MOST_BREAKS:
                raise broken

    def _read(self, size: int) -> bytes:
        if self._answer is None:
            self._answer = self._open_from(self._at)
            if self._answer.status != PARTIAL_CONTENT:
                self._pass_over(self._at)
        return self._raw_read(size)

    def _pass_over(self, count: int) -> None:
        """The server gives all of it again."""
        while count and (part := self._raw_read(min(count, BUFFER))):
            count -= len(part)

    def _raw_read(self, size: int) -> bytes:
        assert self._answer
        assert self._answer.raw is not None
        # As it lies there: who compresses an answer on its own account gives other bytes than the digest is of.
        return cast("bytes", within(CALL_S, partial(self._answer.raw.raw.read, size, decode_content=False)))

    def _check(self) -> None:
        found = f"sha256:{self._digest.hexdigest()}"
        if found != self._wanted.digest:
            raise self._errors.wrong(found)

    def _hang_up(self) -> None:
        if self._answer and self._answer.raw is not None:
            self._answer.raw.close()
        self._answer = None


def buffered(reader: BlobReader) -> IO[bytes]:
    """The same with a buffer, as a file that is read."""
    return cast("IO[bytes]", io.BufferedReader(reader, BUFFER))


def read_to_the_end(blob: IO[bytes]) -> None:
    """Read what is left, so that it is checked."""
    while blob.read(BUFFER):
        pass

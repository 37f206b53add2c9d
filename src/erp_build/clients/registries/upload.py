"""Sends one blob: in one request where it is small, else as a stream that is taken up again where it broke off.

The stream is one PATCH, as the engine sends it, and not many: ECR takes a second one and loses what is in it
(aws/containers-roadmap#2831). After a break the registry is asked what it has, and the rest is sent. Whether
it was right to believe it the digest says; if not, all is sent anew.
"""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import IO

from erp_build.clients.registries.address import led_to, path_of, with_query
from erp_build.clients.registries.body import Rest, opened, whole
from erp_build.clients.registries.connection import Place
from erp_build.clients.registries.http import Answer, Request
from erp_build.errors import ErpBuildError
from erp_build.formats.oci.refusal import LOST_UPLOADS, refusal_of
from erp_build.model.images.oci import Descriptor

WHOLE_BYTES = 1 << 20
"""A blob of so many bytes is sent whole: sending it again costs less than asking what is there of it."""

CONTENT = {"Content-Type": "application/octet-stream"}
DIGEST_HEADER = "Docker-Content-Digest"

LOST = (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
UNDECIDED = (*LOST, HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
"""Refusals behind which the blob may be there all the same, or may be sent anew."""
UNKNOWN_STATE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
)
"""Answers of a registry that does not say what it has of an upload, or not to whoever may only push."""

NOT_MOUNTED = (*UNKNOWN_STATE, HTTPStatus.UNAUTHORIZED)
"""Refusals of a mount: whoever pushes need not be allowed to read the other repository."""

RECEIVED = re.compile(r"(?:bytes=)?0-([0-9]{1,15})")


class Upload:
    """One blob on its way.

    Args:
        place: where to.
        descriptor: size and digest of what `open_` gives.
        open_: opens it at its beginning, as a file in which a place can be sought; is called for every attempt.
        has_blob: whether it is there.
        on_bytes: called with the bytes so far.
    """

    def __init__(
        self,
        place: Place,
        descriptor: Descriptor,
        open_: Callable[[], IO[bytes]],
        has_blob: Callable[[], bool],
        on_bytes: Callable[[int], object],
    ) -> None:
        self._place, self._blob = place, descriptor
        self._open, self._has_blob, self._on_bytes = open_, has_blob, on_bytes
        self._where = f"{place.repository}@{descriptor.digest}"
        self._location, self._at = "", 0
        self._has_begun = self._is_resumed = self._may_not_resume = False

    def attempt(self) -> bool:
        """Send it, or what is missing of it; False where the registry took it from another repository.

        An error that passes leaves what is known of the upload, so that the next attempt goes on there.
        """
        if self._has_begun:
            if self._has_blob():
                # The answer was lost, or another push of the same image was faster.
                return True
            self._find_place()
        if not self._location and not self._begin():
            return False
        self._has_begun = True
        is_small = self._blob.size <= WHOLE_BYTES
        if not is_small and self._at < self._blob.size:
            self._stream()
        self._finish(self._whole() if is_small else b"")
        return True

    def _begin(self) -> bool:
        """Ask for an upload; False where none is needed."""
        self._at, self._is_resumed = 0, False
        address = path_of(self._place.repository, "blobs", "uploads", "")
        answer = self._mounted(address)
        if answer and answer.status == HTTPStatus.CREATED:
            return False
        if not answer or not answer.is_good:
            answer = self._ask(Request("POST", address))
        self._follow(answer, "it names no address for the upload")
        return True

    def _mounted(self, address: str) -> Answer | None:
        """What the registry says of a mount; None where there is nothing to mount from."""
        source = self._place.scope.mounts_from
        if not source:
            return None
        request = Request("POST", with_query(address, ("mount", self._blob.digest), ("from", source)))
        return self._ask(request, NOT_MOUNTED)

    def _find_place(self) -> None:
        """Ask what the registry has of an upload that broke off; where it does not say, it begins anew."""
        location, self._location = self._location, ""
        if not location or self._may_not_resume or self._blob.size <= WHOLE_BYTES:
            return
        answer = self._ask(Request("GET", location), UNKNOWN_STATE)
        received = RECEIVED.fullmatch(answer.headers.get("Range", "").strip()) if answer.is_good else None
        if received and int(received[1]) < self._blob.size:
            # Many say `0-0` of nothing, and none can say it otherwise.
            self._at = int(received[1]) + 1 if received[1] != "0" else 0
            self._location, self._is_resumed = location, True
            self._follow(answer)

    def _stream(self) -> None:
        size, begin = self._blob.size, self._at
        # The engine names no place with the first one, so every registry takes it without.
        place = {"Content-Range": f"{begin}-{size - 1}"} if begin else {}
        with opened(self._open, self._broken_file) as file:
            request = Request(
                "PATCH",
                self._location,
                {**CONTENT, **place},
                lambda: Rest(file, begin, size, self._on_bytes, self._broken_file),
                size - begin,
            )
            answer = self._ask(request, UNDECIDED)
        if not answer.is_good:
            raise self._again(answer)
        self._at = size
        self._follow(answer)

    def _finish(self, content: bytes) -> None:
        address = with_query(self._location, ("digest", self._blob.digest))
        answer = self._ask(Request("PUT", address, CONTENT, lambda: content, self._blob.size), UNDECIDED)
        if not answer.is_good and not self._has_blob():
            raise self._again(answer)
        said = answer.headers.get(DIGEST_HEADER, self._blob.digest) if answer.is_good else self._blob.digest
        if said != self._blob.digest:
            raise self._place.connection.failure(
                "the registry has another layer than was sent",
                where=self._where,
                why=f"it says {said[:80]}",
                next_step="look for a proxy that changes uploads, and at the registry itself; then run again",
            )
        self._on_bytes(self._blob.size)

    def _again(self, answer: Answer) -> ErpBuildError:
        """The error of a refusal. It passes where the upload is lost, or may have been resumed wrongly."""
        code = refusal_of(answer.body).code
        is_lost = code in LOST_UPLOADS or (answer.status in LOST and not code)
        failed = self._place.connection.refused(answer, self._where).passing(if_so=is_lost or self._is_resumed)
        self._location, self._may_not_resume = "", self._may_not_resume or self._is_resumed
        return failed

    def _follow(self, answer: Answer, without: str = "") -> None:
        """Go on at the address that an answer names; `without`: what is wrong where it names none."""
        named = answer.headers.get("Location", "")
        location = led_to(answer.address, named) if named else ""
        if not location and (named or without):
            raise self._place.connection.unreadable(self._where, without or "its address for the upload is of no use")
        self._location = location or self._location

    def _whole(self) -> bytes:
        with opened(self._open, self._broken_file) as file:
            return whole(file, self._blob.size, self._broken_file)

    def _broken_file(self, why: str) -> ErpBuildError:
        return self._place.connection.failure(
            "a layer cannot be read any more",
            where=self._where,
            why=why,
            next_step="look at the disk of TMPDIR and at who cleans it up, then run again",
        )

    def _ask(self, request: Request, expected: Iterable[int] = ()) -> Answer:
        return self._place.connection.ask(self._place.scope, request, self._where, expected=expected)

"""A registry by its own API: manifests, blobs, and what refers to an image."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import IO, Protocol, TypeVar

from erp_build.clients.registries.address import path_of
from erp_build.clients.registries.connection import Connection, Place
from erp_build.clients.registries.http import Answer, NoAnswer, Request
from erp_build.clients.registries.manifests import digest_in, manifest_in, put_manifest
from erp_build.clients.registries.reader import BlobErrors, BlobReader, buffered, read_to_the_end
from erp_build.clients.registries.referrers import add_referrers, find_referrers
from erp_build.clients.registries.upload import Upload
from erp_build.errors import ErpBuildError
from erp_build.formats.oci.challenge import Scope
from erp_build.model.images.oci import Descriptor, Manifest

T = TypeVar("T")


class Asks(Protocol):
    """Asks again while an error passes: `Patience.ask`."""

    def __call__(self, question: Callable[[], T], /) -> T:
        """The answer to the question."""


def _once(question: Callable[[], T], /) -> T:
    return question()


class Registry:
    """One registry. Threads may call.

    Each method raises an error of the connection's class. It passes where a later call may succeed; with `ask` each
    request was then asked again already, for as long as the run has patience, and the error does not pass any more.

    Args:
        connection: by which it is asked.
        ask: asks again; None: whoever calls does.

    Attributes:
        host: of the images' names.
    """

    def __init__(self, connection: Connection, ask: Asks | None = None) -> None:
        self.host = connection.host
        self._connection = connection
        self._ask = ask

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest or index with a tag or digest; None where the registry has none of it."""
        return self._asked(lambda: manifest_in(self._place(repository), reference))

    def digest(self, repository: str, reference: str) -> str | None:
        """The digest of what a tag names, an index too; None where the registry has none of it."""
        return self._asked(lambda: digest_in(self._place(repository), reference))

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether a repository has a blob."""
        return self._asked(lambda: _has_blob(self._place(repository), digest))

    @contextmanager
    def blob(self, repository: str, descriptor: Descriptor) -> Iterator[IO[bytes]]:
        """A blob as a stream, for the block; its size and digest have been checked when the block has ended well."""
        place = self._place(repository)
        where = f"{repository}@{descriptor.digest}"
        errors = BlobErrors(partial(self._broken, where), partial(self._wrong, where))
        reader = BlobReader(descriptor, lambda at: self._asked(lambda: _open(place, descriptor, at)), errors)
        with buffered(reader) as file:
            yield file
            read_to_the_end(file)

    def push_blob(
        self,
        repository: str,
        descriptor: Descriptor,
        open_: Callable[[], IO[bytes]],
        *,
        mount_from: str = "",
        on_bytes: Callable[[int], object] = lambda _: None,
    ) -> bool:
        """Send a blob; False where the repository has it, or took it from another one.

        Args:
            repository: where to.
            descriptor: its size and digest, which the registry checks.
            open_: opens a file of it, in which a place can be sought; is called for every attempt.
            mount_from: another repository of this registry, which has the blob.
            on_bytes: called with the bytes of it that have been sent so far.
        """
        place = self._place(repository, writes=True, mounts_from=mount_from if mount_from != repository else "")
        if self._asked(lambda: _has_blob(place, descriptor.digest)):
            return False
        upload = Upload(place, descriptor, open_, lambda: _has_blob(place, descriptor.digest), on_bytes)
        return self._asked(upload.attempt)

    def push_manifest(self, repository: str, reference: str, manifest: Manifest) -> str:
        """Put a manifest under a tag or its digest, and return the digest, with which it was read back.

        Raises `TagTaken` where the tag is immutable and names another image, `PartsMissing` where a part is not there.
        """
        place = self._place(repository, writes=True)
        return self._asked(lambda: put_manifest(place, reference, manifest)).digest

    def referrers(self, repository: str, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """The manifests that say something about an image: by the registry's own list, else by the tag for them."""
        found = self._asked(lambda: find_referrers(self._place(repository), digest))
        return tuple(one for one in found if artifact_type in ("", one.artifact_type))

    def push_referrers(self, repository: str, subject: Descriptor, *manifests: Manifest) -> None:
        """Put manifests that name an image as their subject; their blobs are there.

        Where the registry keeps no list by itself, they are added to the index that has the tag for it. Several at once
        cost one index, and are all that a repository with immutable tags takes.
        """
        place = self._place(repository, writes=True)
        listed = [self._asked(partial(put_manifest, place, one.digest, one)).subject for one in manifests]
        unlisted = [one for one, named in zip(manifests, listed, strict=True) if named != subject.digest]
        if unlisted:
            self._asked(lambda: add_referrers(place, subject.digest, unlisted))

    def _place(self, repository: str, *, writes: bool = False, mounts_from: str = "") -> Place:
        return Place(self._connection, Scope(repository, writes, mounts_from))

    def _asked(self, question: Callable[[], T]) -> T:
        if self._ask is None:
            return question()
        try:
            return self._ask(question)
        except ErpBuildError as error:
            # Whoever asks for the whole push again must not multiply the attempts.
            error.passing(if_so=False)
            raise

    def _broken(self, where: str, error: Exception) -> ErpBuildError:
        known = error if isinstance(error, NoAnswer) else NoAnswer(str(error), passes=True)
        return self._connection.unanswered(known, where)

    def _wrong(self, where: str, found: str) -> ErpBuildError:
        return self._connection.failure(
            "the registry gives other bytes than the digest says",
            where=where,
            why=f"they are {found}",
            next_step="run again; if it stays so, look for a proxy that changes downloads, and push the image again",
        )


def _has_blob(place: Place, digest: str) -> bool:
    request = Request("HEAD", path_of(place.repository, "blobs", digest))
    where = f"{place.repository}@{digest}"
    return place.connection.ask(place.scope, request, where, expected=[HTTPStatus.NOT_FOUND]).is_good


def _open(place: Place, descriptor: Descriptor, at: int) -> Answer:
    headers = {"Range": f"bytes={at}-"} if at else {}
    request = Request("GET", path_of(place.repository, "blobs", descriptor.digest), headers, streams=True)
    return place.connection.ask(place.scope, request, f"{place.repository}@{descriptor.digest}")

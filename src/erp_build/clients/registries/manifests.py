"""Manifests of a registry: read by tag or digest, put, and read back."""

from http import HTTPStatus
from typing import NamedTuple

from erp_build.clients.registries.address import path_of
from erp_build.clients.registries.connection import Place, RegistryFailed
from erp_build.clients.registries.http import Answer, Request
from erp_build.errors import TagTaken
from erp_build.formats.json_text import parsed_json
from erp_build.formats.oci.digest import digest_of, is_digest
from erp_build.formats.oci.manifest import LARGEST_MANIFEST
from erp_build.formats.oci.media_types import ACCEPTED, INDEXES, MANIFESTS, SCHEMA_1
from erp_build.model.images.oci import Manifest

DIGEST_HEADER = "Docker-Content-Digest"
SUBJECT_HEADER = "OCI-Subject"

KNOWN = MANIFESTS | INDEXES | SCHEMA_1


class Put(NamedTuple):
    """What a registry said of a manifest that it took: its digest, and the subject that it has listed it under."""

    digest: str
    subject: str


def manifest_in(place: Place, reference: str) -> Manifest | None:
    """The manifest with a tag or digest; None where there is none."""
    where = _named(place, reference)
    request = Request("GET", path_of(place.repository, "manifests", reference), {"Accept": ACCEPTED})
    answer = place.connection.ask(place.scope, request, where, expected=[HTTPStatus.NOT_FOUND])
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if len(answer.body) > LARGEST_MANIFEST:
        raise place.connection.unreadable(where, f"a manifest has at most {LARGEST_MANIFEST} bytes")
    digest = digest_of(answer.body)
    media_type = _media_type(answer)
    said = reference if is_digest(reference) else answer.headers.get(DIGEST_HEADER, "")
    # What is no manifest has another digest too, and the form says more.
    if media_type not in KNOWN and not media_type.endswith("json"):
        raise place.connection.unreadable(where, f"it is {media_type or 'without a type'} and no manifest")
    if said != digest and is_digest(said):
        raise _other(place, where, digest, said)
    return Manifest(media_type, digest, answer.body)


def digest_in(place: Place, reference: str) -> str | None:
    """The digest of a tag, without its manifest: registries that count downloads do not count this."""
    request = Request("HEAD", path_of(place.repository, "manifests", reference), {"Accept": ACCEPTED})
    answer = place.connection.ask(place.scope, request, _named(place, reference), expected=[HTTPStatus.NOT_FOUND])
    said = answer.headers.get(DIGEST_HEADER, "")
    if answer.is_good and not is_digest(said):
        found = manifest_in(place, reference)
        return found.digest if found else None
    return said if answer.is_good else None


def put_manifest(place: Place, reference: str, manifest: Manifest) -> Put:
    """Put a manifest and read it back by its digest; raises `TagTaken` for an immutable tag of another one."""
    where = _named(place, reference)
    address = path_of(place.repository, "manifests", reference)
    headers = {"Content-Type": manifest.media_type}
    request = Request("PUT", address, headers, lambda: manifest.content, len(manifest.content))
    try:
        answer = place.connection.ask(place.scope, request, where)
    except TagTaken as error:
        taken = manifest_in(place, reference)
        if taken is None or taken.digest != manifest.digest:
            raise TagTaken(
                "the tag is taken",
                where=where,
                why=f"it names {taken.digest[:19] if taken else 'another image'}; {error.why}",
                next_step="make tags mutable, exclude this tag from immutability, or commit again",
            ) from error
        return Put(manifest.digest, "")
    said = answer.headers.get(DIGEST_HEADER, manifest.digest)
    if said != manifest.digest:
        raise _other(place, where, manifest.digest, said)
    if manifest_in(place, manifest.digest) is None:
        raise place.connection.failure(
            "the registry has taken a manifest, and does not have it",
            where=f"{place.repository}@{manifest.digest}",
            why="it cannot be read back",
            next_step="run again; somebody may have deleted the image at this moment",
        ).passing()
    return Put(manifest.digest, answer.headers.get(SUBJECT_HEADER, ""))


def _other(place: Place, where: str, digest: str, said: str) -> RegistryFailed:
    return place.connection.failure(
        "the registry has another manifest than its digest says",
        where=where,
        why=f"it is {digest}, and the registry says {said[:80]}",
        next_step="look for a proxy that changes answers, and at the registry itself; then run again",
    )


def _media_type(answer: Answer) -> str:
    """As the header says; what says no more than JSON, or nothing, is what the document says."""
    named = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if named in KNOWN:
        return named
    try:
        document = parsed_json(answer.body)
    except ValueError:
        return named
    found = document.get("mediaType") if isinstance(document, dict) else None
    return found if isinstance(found, str) else named


def _named(place: Place, reference: str) -> str:
    return f"{place.repository}{'@' if is_digest(reference) else ':'}{reference}"

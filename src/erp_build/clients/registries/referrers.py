"""What refers to an image: the registry's own list (OCI distribution 1.1), or the index under the tag for it."""

import re
from collections.abc import Iterable
from http import HTTPStatus

from erp_build.clients.registries.address import led_to, path_of, same_server
from erp_build.clients.registries.connection import Place
from erp_build.clients.registries.http import Answer, Request
from erp_build.clients.registries.manifests import manifest_in, put_manifest
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import ImageManifest, Index, index_of, read_manifest
from erp_build.formats.oci.media_types import OCI_INDEX
from erp_build.model.images.oci import Descriptor, Manifest

NO_LIST = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)
"""How registries answer that keep no list."""

NEXT_PAGE = re.compile(r"<([^<>]{1,2000})>;[^,]{0,200}\brel=\"?next\b")

MOST_PAGES = 50
ROUNDS = 3
"""How often the index is written where another run writes it at the same moment."""


def find_referrers(place: Place, digest: str) -> tuple[Descriptor, ...]:
    """The manifests whose subject is an image."""
    address, found = path_of(place.repository, "referrers", digest), list[Descriptor]()
    where = f"the referrers of {place.repository}@{digest}"
    for _ in range(MOST_PAGES):
        request = Request("GET", address, {"Accept": OCI_INDEX})
        answer = place.connection.ask(place.scope, request, where, expected=NO_LIST)
        if not answer.is_good or _type(answer) != OCI_INDEX:
            return _tagged(place, digest)
        found += _listed(place, Manifest(OCI_INDEX, digest_of(answer.body), answer.body), where)
        link = NEXT_PAGE.search(answer.headers.get("Link", ""))
        if link is None:
            return tuple(found)
        address = led_to(answer.address, link[1])
        if not same_server(address, answer.address):
            raise place.connection.unreadable(where, "its next page is elsewhere")
    raise place.connection.unreadable(where, f"it has more than {MOST_PAGES} pages")


def add_referrers(place: Place, digest: str, manifests: Iterable[Manifest]) -> None:
    """Add manifests to the index under the tag for them. Two runs may write it at once, so it is read back."""
    wanted = [_described(one) for one in manifests]
    for _ in range(ROUNDS):
        there = _tagged(place, digest)
        known = {one.digest for one in there}
        missing = [one for one in wanted if one.digest not in known]
        if not missing:
            return
        put_manifest(place, tag_for(digest), index_of((*there, *missing)))
    if {one.digest for one in wanted} - {one.digest for one in _tagged(place, digest)}:
        raise place.connection.failure(
            "what refers to an image cannot be listed",
            where=f"{place.repository}:{tag_for(digest)}",
            why="another run writes the same tag again and again",
            next_step="run again when the other run has ended",
        )


def tag_for(digest: str) -> str:
    """The tag of the index that lists what refers to an image, where the registry keeps no list."""
    return digest.replace(":", "-")


def _tagged(place: Place, digest: str) -> tuple[Descriptor, ...]:
    manifest = manifest_in(place, tag_for(digest))
    # GitLab takes the tag for the digest, and gives the image itself.
    if manifest is None or manifest.digest == digest:
        return ()
    return _listed(place, manifest, f"{place.repository}:{tag_for(digest)}")


def _listed(place: Place, manifest: Manifest, where: str) -> tuple[Descriptor, ...]:
    try:
        found = read_manifest(manifest)
    except ValueError as error:
        raise place.connection.unreadable(where, str(error)) from error
    if not isinstance(found, Index):
        raise place.connection.unreadable(where, "it is one image and no index")
    return found.manifests


def _described(manifest: Manifest) -> Descriptor:
    found = read_manifest(manifest)
    assert isinstance(found, ImageManifest)
    kind = found.artifact_type or found.config.media_type
    return manifest.descriptor._replace(artifact_type=kind, annotations=found.annotations)


def _type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()

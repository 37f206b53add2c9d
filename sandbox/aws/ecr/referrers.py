"""What names an image as its subject, as ECR lists it (OCI distribution 1.1); the stand-in behind keeps no list."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def subject_of(manifest: bytes | str) -> str:
    """The digest of the image that a manifest is about; empty for one that is about itself alone."""
    return str((_document(manifest).get("subject") or {}).get("digest", ""))


def index_of(images: Iterable[Mapping[str, Any]], digest: str, artifact_type: str = "") -> bytes:
    """The list for an image, of all images of its repository as BatchGetImage gives them."""
    listed = [_entry(image) for image in images if subject_of(image["imageManifest"]) == digest]
    wanted = [one for one in listed if artifact_type in ("", one["artifactType"])]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": wanted}).encode()


def _entry(image: Mapping[str, Any]) -> dict[str, Any]:
    document = _document(image["imageManifest"])
    entry = {
        "mediaType": image["imageManifestMediaType"],
        "digest": image["imageId"]["imageDigest"],
        "size": len(image["imageManifest"].encode()),
        "artifactType": document.get("artifactType") or (document.get("config") or {}).get("mediaType", ""),
    }
    return entry | ({"annotations": document["annotations"]} if document.get("annotations") else {})


def _document(manifest: bytes | str) -> dict[str, Any]:
    try:
        found = json.loads(manifest)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

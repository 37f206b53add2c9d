"""Manifests as ECR stores them: asked for in every form, read as they are, and put again byte for byte."""

import hashlib
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.secrets import Secrets
from erp_build.errors import TagTaken
from erp_build.model.images.image import StoredImage
from tests.contract.aws.conftest import MEDIA_TYPE, stubbed

DIGEST, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
OCI = "application/vnd.oci.image.manifest.v1+json"
FORMS = (
    MEDIA_TYPE,
    OCI,
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
MANIFEST = f'{{ "schemaVersion": 2,\n  "mediaType": "{OCI}", "layers": [] }}\n'


@pytest.fixture
def ecr() -> tuple[EcrRegistry, Stubber]:
    client, stub = stubbed("ecr")
    return EcrRegistry(client, Secrets()), stub


def question(**image: str) -> dict[str, Any]:
    return {"repositoryName": "erp/a", "imageIds": [image], "acceptedMediaTypes": FORMS}


def answer(**more: str) -> dict[str, Any]:
    image = {"imageId": {"imageDigest": DIGEST, "imageTag": "abc1234"}, "imageManifest": MANIFEST, **more}
    return {"images": [image], "failures": []}


def test_an_image_is_asked_for_in_every_form_by_its_tag_or_its_digest(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    stub.add_response("batch_get_image", answer(imageManifestMediaType=OCI), question(imageTag="abc1234"))
    stub.add_response("batch_get_image", answer(imageManifestMediaType=OCI), question(imageDigest=DIGEST))
    expected = StoredImage(repository="erp/a", digest=DIGEST, media_type=OCI, manifest=MANIFEST)
    assert registry.stored("erp/a", "abc1234") == registry.stored("erp/a", DIGEST) == expected


def test_the_form_is_the_manifests_own_where_the_answer_names_none(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    stub.add_response("batch_get_image", answer())
    stored = registry.stored("erp/a", "abc1234")
    assert stored is not None
    assert stored.media_type == OCI


def test_a_miss_is_an_answer_and_no_error(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    failure = {"imageId": {"imageTag": "x"}, "failureCode": "ImageNotFound", "failureReason": "not there"}
    stub.add_response("batch_get_image", {"images": [], "failures": [failure]})
    assert registry.stored("erp/a", "x") is None


def images_with(*identifiers: dict[str, str]) -> list[dict[str, Any]]:
    return [{"imageId": one, "imageManifest": MANIFEST, "imageManifestMediaType": OCI} for one in identifiers]


def several(*images: dict[str, str]) -> dict[str, Any]:
    return {"repositoryName": "erp/a", "imageIds": list(images), "acceptedMediaTypes": FORMS}


def test_several_images_of_a_repository_take_one_call(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    found = images_with({"imageDigest": OTHER, "imageTag": "latest"}, {"imageDigest": DIGEST, "imageTag": "abc1234"})
    missing = [{"imageId": {"imageTag": "x"}, "failureCode": "ImageNotFound", "failureReason": "not there"}]
    asked = several({"imageTag": "abc1234"}, {"imageTag": "x"}, {"imageTag": "latest"}, {"imageDigest": DIGEST})
    stub.add_response("batch_get_image", {"images": found, "failures": missing}, asked)
    images = registry.stored_each("erp/a", ("abc1234", "x", "latest", DIGEST, "x"))
    assert [image and image.digest for image in images] == [DIGEST, None, OTHER, DIGEST, None]
    stub.assert_no_pending_responses()


def test_what_an_answer_says_nothing_about_is_asked_alone(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    both = several({"imageTag": "abc1234"}, {"imageTag": "latest"})
    # One image has both tags, and it is listed once, with one of them.
    once = {"images": images_with({"imageDigest": DIGEST, "imageTag": "latest"}), "failures": []}
    stub.add_response("batch_get_image", once, both)
    stub.add_response("batch_get_image", answer(imageManifestMediaType=OCI), question(imageTag="abc1234"))
    images = registry.stored_each("erp/a", ("abc1234", "latest"))
    assert [image and image.digest for image in images] == [DIGEST, DIGEST]
    stub.assert_no_pending_responses()


def test_a_call_asks_for_a_hundred_images_at_most(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    tags = [f"t{number}" for number in range(101)]
    for part in (tags[:100], tags[100:]):
        failures = [{"imageId": {"imageTag": tag}, "failureCode": "ImageNotFound"} for tag in part]
        asked = several(*({"imageTag": tag} for tag in part))
        stub.add_response("batch_get_image", {"images": [], "failures": failures}, asked)
    assert registry.stored_each("erp/a", tags) == (None,) * 101
    stub.assert_no_pending_responses()


def test_a_tag_is_put_with_the_very_bytes_and_the_digest_that_they_must_have(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    expected = {
        "repositoryName": "erp/a",
        "imageManifest": MANIFEST,
        "imageManifestMediaType": OCI,
        "imageTag": "latest",
        "imageDigest": DIGEST,
    }
    stub.add_response("put_image", {}, expected)
    registry.put_tag(StoredImage(repository="erp/a", digest=DIGEST, media_type=OCI, manifest=MANIFEST), "latest")
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("token", [None, "page-2"], ids=["first page", "further page"])
def test_a_scan_is_asked_for_by_digest_and_page(token: str | None, ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    expected = {
        "repositoryName": "erp/a",
        "imageId": {"imageDigest": DIGEST},
        "maxResults": 1000,
        **({"nextToken": token} if token else {}),
    }
    stub.add_response("describe_image_scan_findings", {"nextToken": "page-3"}, expected)
    assert registry.scan_page("erp/a", DIGEST, token)["nextToken"] == "page-3"


def test_a_scan_is_started_for_the_digest(ecr: tuple[EcrRegistry, Stubber]) -> None:
    registry, stub = ecr
    stub.add_response("start_image_scan", {}, {"repositoryName": "erp/a", "imageId": {"imageDigest": DIGEST}})
    registry.start_scan("erp/a", DIGEST)
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(("names", "taken"), [(DIGEST, False), ("sha256:" + "2" * 64, True)], ids=["ours", "another"])
def test_an_immutable_tag_is_taken_only_where_it_names_another_image(
    names: str, ecr: tuple[EcrRegistry, Stubber], *, taken: bool
) -> None:
    registry, stub = ecr
    image = StoredImage(repository="erp/a", digest=DIGEST, media_type=OCI, manifest=MANIFEST)
    stub.add_client_error("put_image", "ImageTagAlreadyExistsException")
    found = answer(imageManifestMediaType=OCI)
    found["images"][0]["imageId"]["imageDigest"] = names
    stub.add_response("batch_get_image", found, question(imageTag="abc1234"))
    with pytest.raises(TagTaken, match="the tag is taken") if taken else nullcontext():
        registry.put_tag(image, "abc1234")
    stub.assert_no_pending_responses()


def recorded() -> list[Any]:
    """What registries really store; each file says by which tool it was made and read."""
    files = sorted((Path(__file__).parents[2] / "recorded" / "registry").glob("*.json"))
    assert files
    return [pytest.param(json.loads(file.read_text(encoding="utf-8")), id=file.stem) for file in files]


@pytest.mark.parametrize("case", recorded())
def test_a_recorded_manifest_is_an_image_or_an_index_and_its_digest_is_over_its_bytes(
    case: dict[str, Any], ecr: tuple[EcrRegistry, Stubber]
) -> None:
    registry, stub = ecr
    stub.add_response("batch_get_image", case["answer"])
    stored = registry.stored("erp/a", "abc1234")
    assert stored is not None
    assert stored.is_single == case["single"]
    assert (stored.size > 0) == case["single"]
    assert stored.digest == f"sha256:{hashlib.sha256(stored.manifest.encode()).hexdigest()}"
    assert stored.media_type == json.loads(stored.manifest)["mediaType"]
    assert case["tool"]
    assert case["version"]

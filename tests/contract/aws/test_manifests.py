"""Manifests as ECR stores them: asked for in every form, read as they are, and put again byte for byte."""

from typing import Any

import pytest
from botocore.stub import Stubber

from erp_build.domain.image import StoredImage
from erp_build.tools.registry import EcrRegistry
from erp_build.tools.secrets import Secrets
from tests.contract.aws.conftest import MEDIA_TYPE, stubbed

DIGEST = "sha256:" + "1" * 64
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

"""The sandbox's registry lists what names an image as its subject, as ECR does, though the stand-in behind does not."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.aws.ecr import server
from sandbox.aws.iam.required_actions import registry_need
from sandbox.endpoints import REGISTRY_HOST
from tests.infra.test_registry_front import OWN, TOKEN

IMAGE, OTHER, ARTIFACT = (f"sha256:{letter * 64}" for letter in "abc")
KIND = "application/vnd.cyclonedx+json"
MANIFEST = {"artifactType": KIND, "annotations": {"by": "us"}, "config": {}, "subject": {"digest": IMAGE}}
HEADERS = {"Host": REGISTRY_HOST, "Authorization": OWN}


def stored(digest: str, manifest: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(manifest)
    return {"imageId": {"imageDigest": digest}, "imageManifest": text, "imageManifestMediaType": "application/x"}


IMAGES = [stored(IMAGE, {"layers": []}), stored(ARTIFACT, MANIFEST)]


async def stand_in(request: web.Request) -> web.Response:
    """A repository with an image and what was attached to it; it takes every manifest."""
    answers: dict[str, Any] = {
        "GetAuthorizationToken": {"authorizationData": [{"authorizationToken": TOKEN}]},
        "DescribeRepositories": {"repositories": [{}]},
        "ListImages": {"imageIds": [one["imageId"] for one in IMAGES]},
        "BatchGetImage": {"images": IMAGES},
    }
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    return web.json_response(answers[operation]) if operation else web.Response(status=201)


async def ask(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    behind = web.Application()
    behind.router.add_route("*", "/{path:.*}", stand_in)
    async with TestServer(behind) as upstream:
        front = server.application(str(upstream.make_url("")).rstrip("/"))
        async with (
            TestClient(TestServer(front)) as client,
            client.request(method, path, headers=HEADERS, data=body or None) as answer,
        ):
            return answer.status, dict(answer.headers), await answer.read()


def asked(method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    return asyncio.run(ask(method, path, body))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (IMAGE, [ARTIFACT]),
        (f"{IMAGE}?artifactType={quote(KIND)}", [ARTIFACT]),
        (f"{IMAGE}?artifactType=x", []),
        (OTHER, []),
    ],
)
def test_an_artifact_is_listed_at_its_subject(path: str, found: list[str]) -> None:
    status, headers, body = asked("GET", f"/v2/erp/a/referrers/{path}")
    assert (status, headers["Content-Type"]) == (200, "application/vnd.oci.image.index.v1+json")
    assert [one["digest"] for one in json.loads(body)["manifests"]] == found


def test_an_entry_has_the_type_and_the_annotations_of_its_artifact() -> None:
    (entry,) = json.loads(asked("GET", f"/v2/erp/a/referrers/{IMAGE}")[2])["manifests"]
    assert (entry["artifactType"], entry["annotations"]) == (KIND, {"by": "us"})


def test_whoever_puts_an_artifact_learns_that_it_is_listed() -> None:
    status, headers, _ = asked("PUT", f"/v2/erp/a/manifests/{ARTIFACT}", json.dumps(MANIFEST).encode())
    assert (status, headers["OCI-Subject"]) == (201, IMAGE)


def test_a_plain_image_is_listed_nowhere() -> None:
    assert "OCI-Subject" not in asked("PUT", "/v2/erp/a/manifests/1", b'{"layers": []}')[1]


def test_the_list_needs_the_right_to_read_images() -> None:
    assert registry_need("GET", "referrers", "erp/a").action == "ecr:BatchGetImage"

"""The commit of an image, from its configuration as the registry's own HTTP interface serves it (on loopback)."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.secrets import Secrets
from erp_build.errors import PushFailed
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_NAME_LABEL, REVISION_LABEL, StoredImage
from tests.contract.aws.conftest import stubbed
from tests.support.cases import table, transient
from tests.support.loopback import Loopback, loopback

CONFIG_DIGEST = "sha256:" + "c" * 64
BLOB = f"/v2/erp/notification-service/blobs/{CONFIG_DIGEST}"
COMMIT = "a" * 40
TOKEN = base64.b64encode(b"AWS:invented-password").decode()


def image(manifest: dict[str, Any]) -> StoredImage:
    text = json.dumps(manifest)
    return StoredImage(
        repository="erp/notification-service", digest="sha256:" + "1" * 64, media_type="application/x", manifest=text
    )


PLAIN = image({"schemaVersion": 2, "config": {"digest": CONFIG_DIGEST}, "layers": []})
INDEX = image({"schemaVersion": 2, "manifests": [{"digest": CONFIG_DIGEST, "platform": {"architecture": "amd64"}}]})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback() as served:
        yield served


@pytest.fixture
def registry(server: Loopback) -> EcrRegistry:
    client, stub = stubbed("ecr")
    ends = datetime.now(UTC) + timedelta(hours=12)
    data = {"authorizationToken": TOKEN, "proxyEndpoint": f"{server.address}/", "expiresAt": ends}
    stub.add_response("get_authorization_token", {"authorizationData": [data]})
    return EcrRegistry(client, Secrets())


def test_the_revision_is_the_label_and_is_asked_with_the_sign_in(registry: EcrRegistry, server: Loopback) -> None:
    server.serve(BLOB, {"architecture": "amd64", "config": {"Labels": {REVISION_LABEL: COMMIT, "other": "x"}}})
    assert registry.revision(PLAIN) == COMMIT
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Basic {TOKEN}"


@pytest.mark.parametrize("case", table("full_commit"))
def test_a_label_that_is_no_full_commit_names_none(
    case: dict[str, Any], registry: EcrRegistry, server: Loopback
) -> None:
    """The cases of `tests/cases/full_commit.json`."""
    server.serve(BLOB, {"config": {"Labels": {REVISION_LABEL: case["text"]}}})
    assert registry.revision(PLAIN) == (case["text"] if case["full"] else None)


@pytest.mark.parametrize(
    "configuration",
    [{}, {"config": {}}, {"config": {"Labels": None}}, {"config": {"Labels": {"other": "x"}}}],
    ids=["nothing", "no labels", "null", "other labels"],
)
def test_an_image_without_the_label_has_no_revision(
    configuration: dict[str, Any], registry: EcrRegistry, server: Loopback
) -> None:
    server.serve(BLOB, configuration)
    assert registry.revision(PLAIN) is None


def test_an_index_has_no_revision_and_the_registry_is_not_asked(registry: EcrRegistry, server: Loopback) -> None:
    assert registry.revision(INDEX) is None
    assert not server.asked


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_registry_that_does_not_give_it_is_an_error(status: int, registry: EcrRegistry, server: Loopback) -> None:
    server.serve(BLOB, {"errors": []}, status)
    with pytest.raises(PushFailed, match="does not return an image's configuration") as caught:
        registry.revision(PLAIN)
    assert str(status) in caught.value.why
    assert caught.value.where == f"{PLAIN.repository}@{PLAIN.digest}"
    assert "invented-password" not in f"{caught.value.why} {caught.value.next_step}"


@pytest.mark.parametrize(
    ("configuration", "platform"),
    [({"os": "linux", "architecture": "arm64"}, "linux/arm64"), ({"architecture": "arm64"}, ""), ({}, "")],
)
def test_the_platform_stands_in_the_configuration(
    registry: EcrRegistry, server: Loopback, configuration: dict[str, Any], platform: str
) -> None:
    server.serve(BLOB, configuration)
    assert registry.platform(PLAIN) == platform


@pytest.mark.parametrize(
    ("labels", "base"),
    [
        ({BASE_NAME_LABEL: "java:17", BASE_DIGEST_LABEL: CONFIG_DIGEST}, ("java:17", CONFIG_DIGEST)),
        # A base that was made on the engine has no digest in a registry.
        ({BASE_NAME_LABEL: "java:17"}, ("java:17", "")),
        ({}, ("", "")),
        (None, ("", "")),
    ],
)
def test_the_base_is_what_the_labels_say(
    registry: EcrRegistry, server: Loopback, labels: dict[str, str] | None, base: tuple[str, str]
) -> None:
    server.serve(BLOB, {"config": {"Labels": labels}})
    assert registry.base(PLAIN) == base


def test_an_index_is_of_no_one_platform(registry: EcrRegistry) -> None:
    assert registry.platform(INDEX) == ""


@pytest.mark.parametrize("case", transient("http"))
def test_an_answer_of_the_registry_passes_or_not(case: dict[str, Any], registry: EcrRegistry, server: Loopback) -> None:
    server.headers = case.get("headers", {})
    server.serve(BLOB, {"errors": []}, case["status"])
    with pytest.raises(PushFailed, match="does not return an image's configuration") as caught:
        registry.revision(PLAIN)
    assert caught.value.passes == case["passes"]
    assert caught.value.wait == case.get("wait", caught.value.wait)
    assert len(server.asked) == 1


def test_an_image_is_asked_for_its_configuration_once(registry: EcrRegistry, server: Loopback) -> None:
    """Its commit, its key and its platform stand in the same bytes, which its digest names."""
    server.serve(BLOB, {"os": "linux", "architecture": "amd64", "config": {"Labels": {REVISION_LABEL: COMMIT}}})
    assert (registry.revision(PLAIN), registry.key(PLAIN), registry.platform(PLAIN)) == (COMMIT, None, "linux/amd64")
    assert len(server.asked) == 1

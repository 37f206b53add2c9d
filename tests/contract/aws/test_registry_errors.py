"""What ECR's errors become, each checked against the model of the API."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.sign_in import RENEW_SIGN_IN_BEFORE
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError, GateInconclusive, PushFailed
from erp_build.model.images.image import StoredImage
from tests.contract.aws.conftest import stubbed

DIGEST = "sha256:" + "1" * 64
IMAGE = StoredImage(repository="erp/a", digest=DIGEST, media_type="application/x", manifest="{}")


def sign_in_answer(hours: float) -> dict[str, object]:
    token = {"authorizationToken": "QVdTOnNlY3JldC10b2tlbg==", "proxyEndpoint": "https://host"}
    return {"authorizationData": [{**token, "expiresAt": datetime.now(UTC) + timedelta(hours=hours)}]}


@pytest.mark.parametrize("code", ["LimitExceededException", "ValidationException"])
def test_a_scan_that_the_registry_makes_by_itself_is_no_error(code: str) -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("start_image_scan", code)
    assert not EcrRegistry(client, Secrets()).start_scan("erp/a", DIGEST)


def test_a_refused_scan_names_the_action() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("start_image_scan", "AccessDeniedException", "no")
    with pytest.raises(GateInconclusive, match="ecr:StartImageScan is not allowed"):
        EcrRegistry(client, Secrets()).start_scan("erp/a", DIGEST)


def test_a_tag_that_names_this_image_already_is_no_error_and_missing_layers_are() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("put_image", "ImageAlreadyExistsException")
    stub.add_client_error("put_image", "LayersNotFoundException")
    registry = EcrRegistry(client, Secrets())
    registry.put_tag(IMAGE, "latest")
    with pytest.raises(PushFailed) as caught:
        registry.put_tag(IMAGE, "latest")
    assert "LayersNotFoundException" in caught.value.why


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ScanNotFoundException", "Surprise"])
def test_a_scans_error_comes_as_a_value_for_the_gate_to_judge(code: str) -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("describe_image_scan_findings", code, "said so", http_status_code=400)
    page = EcrRegistry(client, Secrets()).scan_page("erp/a", DIGEST, None)
    assert page["Error"] == {"Code": code, "Message": "said so"}


def test_a_broken_connection_comes_as_a_value_too() -> None:
    client, _ = stubbed("ecr")

    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    client.meta.events.register_first("before-call.ecr.DescribeImageScanFindings", fail)
    page = EcrRegistry(client, Secrets()).scan_page("erp/a", DIGEST, None)
    assert page["Error"]["Code"] == "ConnectionError"


def test_a_sign_in_is_kept_until_shortly_before_its_end_and_is_a_secret() -> None:
    client, stub = stubbed("ecr")
    stub.add_response("get_authorization_token", sign_in_answer(hours=RENEW_SIGN_IN_BEFORE.seconds / 3600 - 0.1))
    stub.add_response("get_authorization_token", sign_in_answer(hours=12))
    secrets = Secrets()
    registry = EcrRegistry(client, secrets)
    first, second, third = (registry.sign_in() for _ in range(3))
    assert first is not second
    assert second is third
    assert (second.host, second.username, second.password) == ("host", "AWS", "secret-token")
    assert secrets.mask("a secret-token in QVdTOnNlY3JldC10b2tlbg==") == "a *** in ***"


def test_expired_credentials_are_a_matter_of_configuration() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("get_authorization_token", "ExpiredTokenException", "expired")
    with pytest.raises(ConfigurationError, match="does not accept the credentials"):
        EcrRegistry(client, Secrets()).sign_in()

"""What AWS gives for signing in: tokens of ECR, of its public registry and of CodeArtifact; and another registry."""

import base64
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest

from erp_build.clients.aws.codeartifact import CodeArtifactTokens
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import AwsClients
from erp_build.clients.aws.sign_in import EcrSignIn, PublicEcrSignIn
from erp_build.clients.machine.parallel import map_in_threads
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, PushFailed
from erp_build.model.build_options import CodeArtifact
from tests.contract.aws.conftest import REGION, stubbed

PASSWORD = "invented:password"
TOKEN = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
EXPIRES = datetime.now(UTC) + timedelta(hours=12)
HOST = "210987654321.dkr.ecr.us-east-1.amazonaws.com"


def ecr_token(endpoint: str = "https://123456789012.dkr.ecr.ap-northeast-2.amazonaws.com") -> dict[str, object]:
    return {"authorizationData": [{"authorizationToken": TOKEN, "expiresAt": EXPIRES, "proxyEndpoint": endpoint}]}


def test_threads_that_need_a_sign_in_at_once_get_the_same_one() -> None:
    asked, began = [], threading.Barrier(4)

    class Slow:
        def get_authorization_token(self) -> dict[str, object]:
            asked.append(1)
            time.sleep(0.05)
            return ecr_token()

    sign_in = EcrSignIn(cast("Any", Slow()), Secrets())

    def ask(_: int) -> str:
        began.wait(10)
        return sign_in.sign_in().password

    assert set(map_in_threads(ask, range(4), 4)) == {PASSWORD}
    assert len(asked) == 1


def test_the_public_registry_gives_one_token_and_no_list() -> None:
    client, stub = stubbed("ecr-public")
    stub.add_response(
        "get_authorization_token", {"authorizationData": {"authorizationToken": TOKEN, "expiresAt": EXPIRES}}
    )
    secrets = Secrets()
    found = PublicEcrSignIn(client, secrets).sign_in()
    assert (found.host, found.username, found.password) == ("public.ecr.aws", "AWS", PASSWORD)
    assert secrets.mask(f"{TOKEN} {PASSWORD}") == "*** ***"


def test_a_region_that_refuses_is_named_as_a_failure_of_the_build() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("get_authorization_token", "AccessDeniedException", http_status_code=400)
    with pytest.raises(BuildFailed, match="ecr:GetAuthorizationToken is not allowed") as caught:
        EcrSignIn(client, Secrets(), "us-east-1", BuildFailed).sign_in()
    assert "us-east-1" in caught.value.where


@pytest.mark.parametrize(
    ("domain", "asked"),
    [
        (CodeArtifact("erp"), {"domain": "erp"}),
        (CodeArtifact("erp", "210987654321"), {"domain": "erp", "domainOwner": "210987654321"}),
    ],
)
def test_a_token_of_a_domain_is_a_secret(domain: CodeArtifact, asked: dict[str, str]) -> None:
    client, stub = stubbed("codeartifact")
    stub.add_response("get_authorization_token", {"authorizationToken": "invented-token", "expiration": EXPIRES}, asked)
    secrets = Secrets()
    assert CodeArtifactTokens(client, secrets).token(domain) == "invented-token"
    assert secrets.mask("a invented-token") == "a ***"


def test_a_domain_that_is_not_there_or_not_allowed_is_named() -> None:
    client, stub = stubbed("codeartifact")
    stub.add_client_error("get_authorization_token", "AccessDeniedException", "no", http_status_code=403)
    with pytest.raises(BuildFailed, match="codeartifact:GetAuthorizationToken is not allowed") as caught:
        CodeArtifactTokens(client, Secrets()).token(CodeArtifact("erp"))
    assert caught.value.where == "the domain erp"


def test_every_call_that_can_name_a_registry_names_the_given_one() -> None:
    """Its own name for a registry has each call of ECR but those about the whole account."""
    client = AwsClients(boto3.Session(region_name=REGION)).client("ecr", region="us-east-1", registry="210987654321")
    assert client.meta.region_name == "us-east-1"
    model = client.meta.service_model.operation_model
    named = {
        name: client.meta.events.emit(f"provide-client-params.ecr.{name}", params={}, model=model(name), context={})
        for name in ("BatchGetImage", "PutImage", "StartImageScan", "DescribeImages", "GetAuthorizationToken")
    }
    found = {name: [answer for _, answer in answers if answer] for name, answers in named.items()}
    assert found.pop("GetAuthorizationToken") == []
    assert set(map(repr, found.values())) == {repr([{"registryId": "210987654321"}])}


def test_another_registry_has_its_own_host_and_the_sign_in_of_its_region() -> None:
    client, stub = stubbed("ecr")
    stub.add_response("get_authorization_token", ecr_token("http://123456789012.dkr.ecr.us-east-1.amazonaws.com"))
    registry = EcrRegistry(client, Secrets(), HOST)
    assert registry.host() == HOST
    assert (registry.sign_in().endpoint, registry.sign_in().password) == (f"http://{HOST}", PASSWORD)


@pytest.mark.parametrize(
    ("templates", "missing"),
    [
        ([], ("erp/a",)),
        ([{"prefix": "erp", "appliedFor": ["CREATE_ON_PUSH"]}], ()),
        ([{"prefix": "ROOT", "appliedFor": ["CREATE_ON_PUSH", "REPLICATION"]}], ()),
        ([{"prefix": "erp", "appliedFor": ["PULL_THROUGH_CACHE"]}], ("erp/a",)),
        ([{"prefix": "er", "appliedFor": ["CREATE_ON_PUSH"]}], ("erp/a",)),
        ([{"prefix": "erp/b", "appliedFor": ["CREATE_ON_PUSH"]}], ("erp/a",)),
    ],
)
def test_a_repository_that_a_push_makes_is_not_missing(
    templates: list[dict[str, object]], missing: tuple[str, ...]
) -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("batch_get_image", "RepositoryNotFoundException")
    stub.add_response("describe_repository_creation_templates", {"repositoryCreationTemplates": templates}, {})
    assert EcrRegistry(client, Secrets()).missing_repositories(["erp/a"]) == missing


def test_templates_that_may_not_be_read_make_nothing() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("batch_get_image", "RepositoryNotFoundException")
    stub.add_client_error("describe_repository_creation_templates", "AccessDeniedException", http_status_code=400)
    assert EcrRegistry(client, Secrets()).missing_repositories(["erp/a"]) == ("erp/a",)


def test_templates_that_cannot_be_read_now_are_asked_for_again() -> None:
    client, stub = stubbed("ecr")
    stub.add_client_error("batch_get_image", "RepositoryNotFoundException")
    stub.add_client_error("describe_repository_creation_templates", "ThrottlingException", http_status_code=400)
    with pytest.raises(PushFailed) as caught:
        EcrRegistry(client, Secrets()).missing_repositories(["erp/a"])
    assert caught.value.passes

"""What AWS's refusals and silence become, the same way for every tool."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import BAD_CREDENTIALS, CLIENT_CONFIG, Caller, translate_aws_errors
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError, ErpBuildError, FunctionUpdateFailed, GateInconclusive, PushFailed
from erp_build.formats.access_denied import DENIAL_CODES
from erp_build.model.images.image import StoredImage
from erp_build.model.releases.lambda_function import FunctionState
from tests.contract.aws.conftest import REGION, client, stubbed

DIGEST = "sha256:" + "1" * 64
IMAGE = StoredImage(repository="erp/a", digest=DIGEST, media_type="application/x", manifest="{}")


def functions(made: Any) -> LambdaFunctions:
    return LambdaFunctions(made)


FUNCTION = FunctionState(name="employee", package_type="Image")
CALLS: dict[str, tuple[str, Callable[[Any], object], type[ErpBuildError]]] = {
    "ssm:GetParameters": ("ssm", lambda made: ParameterStore(made, Secrets()).read(["/a"]), ConfigurationError),
    "sts:GetCallerIdentity": ("sts", lambda made: Caller(made, REGION).account(), ConfigurationError),
    "ecr:GetAuthorizationToken": ("ecr", lambda made: EcrRegistry(made, Secrets()).sign_in(), PushFailed),
    "ecr:BatchGetImage": ("ecr", lambda made: EcrRegistry(made, Secrets()).stored("erp/a", "x"), PushFailed),
    "ecr:StartImageScan": (
        "ecr",
        lambda made: EcrRegistry(made, Secrets()).start_scan("b/a", DIGEST),
        GateInconclusive,
    ),
    "ecr:PutImage": ("ecr", lambda made: EcrRegistry(made, Secrets()).put_tag(IMAGE, "latest"), PushFailed),
    "lambda:GetFunction": ("lambda", lambda made: functions(made).state("employee"), FunctionUpdateFailed),
    "lambda:UpdateFunctionCode": (
        "lambda",
        lambda made: functions(made).update(FUNCTION, f"host/erp/e@{DIGEST}"),
        FunctionUpdateFailed,
    ),
}
EVERY_CALL = pytest.mark.parametrize("action", CALLS)


def operation(action: str) -> str:
    """`ssm:GetParameters` -> `get_parameters`."""
    name = action.partition(":")[2]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def refusal(action: str, code: str, kind: type[ErpBuildError]) -> ErpBuildError:
    service, call, _ = CALLS[action]
    made, stub = stubbed(service)
    stub.add_client_error(operation(action), code, "said so")
    with pytest.raises(kind) as caught:
        call(made)
    stub.assert_no_pending_responses()
    return caught.value


@EVERY_CALL
@pytest.mark.parametrize("code", sorted(DENIAL_CODES))
def test_a_missing_right_is_named_as_a_policy_names_it(action: str, code: str) -> None:
    error = refusal(action, code, CALLS[action][2])
    assert error.what == f"{action} is not allowed"
    assert error.next_step == f"add {action} to the role's policy"
    assert error.why == f"{code}: said so"


@EVERY_CALL
@pytest.mark.parametrize("code", sorted(BAD_CREDENTIALS))
def test_credentials_that_ended_are_a_matter_of_configuration(action: str, code: str) -> None:
    error = refusal(action, code, ConfigurationError)
    assert (error.what, error.where) == ("AWS does not accept the credentials", action)
    assert error.next_step == "sign in again, then run again"


@EVERY_CALL
def test_an_error_that_nobody_knows_is_shown_as_it_is(action: str) -> None:
    error = refusal(action, "SurpriseException", CALLS[action][2])
    assert (error.what, error.why) == (f"{action} failed", "SurpriseException: said so")


@EVERY_CALL
@pytest.mark.parametrize(
    ("broken", "passes"),
    [
        (EndpointConnectionError(endpoint_url="https://nowhere.invalid"), True),
        (ReadTimeoutError(endpoint_url="https://nowhere.invalid"), True),
        (ConnectionClosedError(endpoint_url="https://nowhere.invalid"), True),
        (SSLError(endpoint_url="https://nowhere.invalid", error=OSError("EOF in violation of protocol")), True),
        (SSLError(endpoint_url="https://nowhere.invalid", error=OSError("CERTIFICATE_VERIFY_FAILED")), False),
    ],
    ids=["no connection", "no answer", "hung up", "broken handshake", "certificate"],
)
def test_silence_points_to_the_network_and_passes_unless_it_is_a_certificate(
    action: str, broken: Exception, passes: object
) -> None:
    service, call, kind = CALLS[action]
    made = client(service)

    def fail(**_: object) -> None:
        raise broken

    made.meta.events.register_first(f"before-call.{service}", fail)
    with pytest.raises(kind, match=f"{action} got no answer") as caught:
        call(made)
    assert caught.value.passes is passes
    assert "nowhere.invalid" in caught.value.why
    assert "AWS_ENDPOINT_URL" in caught.value.next_step


@pytest.mark.parametrize(
    ("broken", "passes"),
    [(CredentialRetrievalError(provider="container", error_msg="time-out"), True), (NoCredentialsError(), False)],
)
def test_credentials_that_cannot_be_renewed_now_pass_and_none_at_all_do_not(broken: Exception, passes: object) -> None:
    with pytest.raises(ConfigurationError, match="no AWS credentials") as caught, translate_aws_errors("a:B", "x"):
        raise broken
    assert caught.value.passes is passes


def test_a_value_that_the_api_does_not_take_is_no_matter_of_the_network() -> None:
    with pytest.raises(GateInconclusive, match="rejects these values") as caught:
        EcrRegistry(client("ecr"), Secrets()).start_scan("x", DIGEST)
    assert "repositoryName" in caught.value.why


def test_every_client_asks_once_because_one_place_asks_again() -> None:
    config: Any = CLIENT_CONFIG
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}

"""AWS: one session, one configuration for all clients, and one place that translates botocore's errors."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore import exceptions
from botocore.client import BaseClient
from botocore.config import Config
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.foreign_answer import UNREADABLE, reads_answers_of
from erp_build.clients.machine.parallel import ASKED_AT_ONCE
from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.formats.access_denied import is_denied, next_step, refused
from erp_build.formats.transient import code_passes, retry_after

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

T = TypeVar("T")

# Stated, because botocore's default retry mode changed between 1.43 and 1.44, and its default timeout is 60 s.
CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=ASKED_AT_ONCE,
    retries={"mode": "standard", "total_max_attempts": 1},
)
"""One attempt: `clients/patience.py` asks again, for every client by the same rule. Each open question has a connection
that is kept."""

FAIL_FAST_CONFIG = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
"""For a notification at the end of a run, which must not delay its end."""

REGISTRY_ID = "registryId"
AWS_CALL_S = 120.0
"""Seconds for one call of AWS with everything that botocore repeats, and for credentials that are fetched."""

BAD_CREDENTIALS = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
PASSING_ERRORS = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
)
"""What botocore raises where no answer came, or only a part of one."""

NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.LoginError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
"""What botocore raises before any request: no such profile, an expired sign-in, a command without credentials."""


UNREADABLE_OF_AWS = (*UNREADABLE, ResponseParserError)
"""What reading an answer of AWS raises where it has another form: botocore has no class for all of it."""


class NoWholeAnswer(exceptions.ReadTimeoutError):
    """A call of AWS had no complete answer in time."""

    fmt = "no complete answer within {seconds:.0f} s from {endpoint_url}"


class LazyClient:
    """A client that is created at its first call: each takes time to create, and no command needs them all.

    Args:
        make: makes it.
    """

    _one_at_a_time = threading.Lock()
    """boto3 sessions are not thread-safe, and creating a client uses one."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        """An attribute of the client."""
        with self._one_at_a_time:
            self._made = self._made or self._make()
        return getattr(self._made, name)


class AwsClients:
    """The clients of a session."""

    def __init__(self, session: boto3.Session) -> None:
        self._session: Any = session

    def client(self, service: str, config: Config = CLIENT_CONFIG, region: str = "", registry: str = "") -> Any:
        """A client of a service, such as `ecr`.

        Args:
            service: its name in boto3.
            config: how it asks.
            region: another one than the session's.
            registry: of ECR: the account whose registry every call is about; empty: the caller's own.
        """

        def make() -> Any:
            client = self._session.client(service, config=config, **({"region_name": region} if region else {}))
            if registry:
                client.meta.events.register(f"provide-client-params.{service}", partial(_of_registry, registry))
            return client

        return LazyClient(make)


def open_session() -> boto3.Session:
    """Open a session as variables and files describe it; raises `ConfigurationError` without region or credentials."""
    with translate_aws_errors("sign-in to AWS", "the profile"):
        # boto3 reads AWS_DEFAULT_REGION alone; CodeBuild and every other SDK use AWS_REGION.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise ConfigurationError(
            "no AWS region is set", where="AWS_REGION", next_step="set AWS_REGION, for instance to ap-northeast-2"
        )
    session.events.register("creating-client-class", _limit_calls)
    with translate_aws_errors("sign-in to AWS", "the credentials"):
        # Every client would look for credentials when it is created. Here it is done once, and errors are translated.
        if ask_aws("the source of the credentials", session.get_credentials) is None:
            raise exceptions.NoCredentialsError
    return session


def _of_registry(account: str, params: dict[str, Any], model: OperationModel, **_: object) -> dict[str, Any] | None:
    """Add the registry to a call that can name one; the others are about the caller's own."""
    named = model.input_shape is not None and REGISTRY_ID in getattr(model.input_shape, "members", {})
    return {**params, REGISTRY_ID: account} if named else None


def ask_aws(endpoint: str, work: Callable[[], T], seconds: float | None = None) -> T:
    """Do work that may ask AWS or whoever has the credentials; raises `NoWholeAnswer` after so many seconds.

    Args:
        endpoint: whose answer it needs, for the error.
        work: the call.
        seconds: for the whole of it; None: `AWS_CALL_S`.
    """
    try:
        return within(AWS_CALL_S if seconds is None else seconds, work)
    except CallTimedOut as error:
        raise NoWholeAnswer(endpoint_url=endpoint, seconds=error.seconds) from error


def _limit_calls(class_attributes: dict[str, Any], **_: object) -> None:
    """Limit every call of a client whose class is being made, those of its paginators too."""

    def make_api_call(client: BaseClient, operation: str, parameters: Any) -> Any:
        # A paginator calls it as well.
        plain: Any = super(type(client), client)
        return ask_aws(client.meta.endpoint_url, partial(plain._make_api_call, operation, parameters))  # noqa: SLF001 - a client has no other place that sees every call

    class_attributes["_make_api_call"] = make_api_call


def error_code(error: exceptions.ClientError) -> str:
    """The code of a service's error. Compare codes: not every code has a class (ECR's ThrottlingException has none)."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_passing(error: exceptions.ClientError | exceptions.BotoCoreError) -> bool:
    """Whether the same call may get another answer a moment later."""
    if isinstance(error, exceptions.ClientError):
        return code_passes(error_code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return isinstance(error, PASSING_ERRORS) and not is_wrong_certificate(error)


def is_wrong_certificate(error: Exception) -> bool:
    """Whether a connection failed because of a certificate, which another attempt does not cure."""
    return "certificate" in str(error).lower().replace("_", " ")


@contextmanager
def translate_aws_errors(action: str, where: str, failure: type[ErpBuildError] = ConfigurationError) -> Iterator[None]:
    """Raise one of our errors for what botocore raises in the block.

    Args:
        action: the IAM action, such as `ssm:GetParameters`.
        where: the resource, for the error.
        failure: the class for errors that concern neither credentials nor configuration.
    """
    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(error, action, where, failure) from error
    except exceptions.BotoCoreError as error:
        raise _unanswered(error, action, where, failure) from error


def _unanswered(
    error: exceptions.BotoCoreError, action: str, where: str, failure: type[ErpBuildError]
) -> ErpBuildError:
    why = str(error)
    if isinstance(error, NO_CREDENTIALS):
        hint = "in CodeBuild: give the project a service role; elsewhere: aws sso login, or AWS_PROFILE"
        missing = ConfigurationError("there are no AWS credentials", where=action, why=why, next_step=hint)
        # The run began with credentials: these are their renewal, which may fail for a moment.
        return missing.passing(if_so=isinstance(error, exceptions.CredentialRetrievalError))
    if isinstance(error, exceptions.ParamValidationError):
        hint = "correct the values that are named above"
        return failure(f"{action} rejects these values", where=where, why=why, next_step=hint)
    hint = "check the network, AWS_ENDPOINT_URL and the region, then run again"
    return failure(f"{action} got no answer", where=where, why=why, next_step=hint).passing(if_so=is_passing(error))


def _refused(error: exceptions.ClientError, action: str, where: str, failure: type[ErpBuildError]) -> ErpBuildError:
    code = error_code(error)
    why = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
    if code in BAD_CREDENTIALS:
        return ConfigurationError(
            "AWS does not accept the credentials", where=action, why=why, next_step="sign in again, then run again"
        )
    if is_denied(code):
        return failure(f"{refused(why, action)} is not allowed", where=where, why=why, next_step=next_step(why, action))
    failed = failure(f"{action} failed", where=where, why=why, next_step="see the message above, then run again")
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return failed.passing(retry_after(headers), if_so=is_passing(error))


@reads_answers_of("STS", ConfigurationError, UNREADABLE_OF_AWS)
class Caller:
    """Who calls AWS, from STS."""

    def __init__(self, client: "STSClient", region: str) -> None:
        self._client = client
        self.region = region

    def account(self) -> str:
        """The caller's account, 12 digits."""
        with translate_aws_errors("sts:GetCallerIdentity", "the caller's identity"):
            return self._client.get_caller_identity()["Account"]

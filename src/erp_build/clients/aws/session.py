"""AWS: one session, one configuration for all clients, and one place that makes our errors of botocore's."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.formats.access_denied import is_denied, next_step, refused

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

# The default number of attempts changed between botocore 1.43 and 1.44; here it is said. 60 s for each of them is long.
CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})

ONE_ATTEMPT_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 1})
"""For calls that the caller repeats by itself."""

FAIL_FAST_CONFIG = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
"""For what must not keep a run that has ended from ending."""

BAD_CREDENTIALS = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
NO_CREDENTIALS = (
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
"""A profile that is not there, a sign-in that ended, a command that gives no credentials: all before any request."""


class LazyClient:
    """A client that is made when it is first called: each takes a while, and no command needs them all.

    Args:
        make: makes it.
    """

    _one_at_a_time = threading.Lock()
    """A session is not made for several threads."""

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

    def client(self, service: str, config: Config = CLIENT_CONFIG) -> Any:
        """A client of a service, such as `ecr`."""
        return LazyClient(lambda: self._session.client(service, config=config))


def open_session() -> boto3.Session:
    """The session that the standard variables and files describe; its region and credentials are needed at once."""
    with translate_aws_errors("sign-in to AWS", "the profile"):
        # boto3 reads AWS_DEFAULT_REGION alone; every other SDK and CodeBuild speak of AWS_REGION.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise ConfigurationError(
            "no AWS region is set", where="AWS_REGION", next_step="set AWS_REGION, for instance to ap-northeast-2"
        )
    with translate_aws_errors("sign-in to AWS", "the credentials"):
        # Each client looks for them when it is made; here it is done once, and its errors become ours.
        if session.get_credentials() is None:
            raise NoCredentialsError
    return session


def error_code(error: ClientError) -> str:
    """The code of a service's error; not every code is modelled as a class (ECR's ThrottlingException is not)."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translate_aws_errors(action: str, where: str, failure: type[ErpBuildError] = ConfigurationError) -> Iterator[None]:
    """Make an error of ours of what botocore raises in the block.

    Args:
        action: as a policy names it, such as `ssm:GetParameters`.
        where: what is asked, for the reader.
        failure: the class for what is neither credentials nor configuration.
    """
    try:
        yield
    except NO_CREDENTIALS as error:
        raise ConfigurationError(
            "there are no AWS credentials",
            where=action,
            why=str(error),
            next_step="in CodeBuild: give the project a service role; elsewhere: aws sso login, or AWS_PROFILE",
        ) from error
    except ClientError as error:
        raise _translated(error, action, where, failure) from error
    except ParamValidationError as error:
        raise failure(
            f"{action} does not take these values", where=where, why=str(error), next_step="correct what is named above"
        ) from error
    except BotoCoreError as error:
        raise failure(
            f"{action} got no answer",
            where=where,
            why=str(error),
            next_step="check the network, AWS_ENDPOINT_URL and the region, then run again",
        ) from error


def _translated(error: ClientError, action: str, where: str, failure: type[ErpBuildError]) -> ErpBuildError:
    code = error_code(error)
    why = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
    if code in BAD_CREDENTIALS:
        return ConfigurationError(
            "AWS does not accept the credentials", where=action, why=why, next_step="sign in again, then run again"
        )
    if is_denied(code):
        return failure(f"{refused(why, action)} is not allowed", where=where, why=why, next_step=next_step(why, action))
    return failure(f"{action} failed", where=where, why=why, next_step="see the message above, then run again")


class Caller:
    """Who calls AWS, from STS."""

    def __init__(self, client: "STSClient", region: str) -> None:
        self._client = client
        self.region = region

    def account(self) -> str:
        """The caller's account, 12 digits."""
        with translate_aws_errors("sts:GetCallerIdentity", "the caller's identity"):
            return self._client.get_caller_identity()["Account"]

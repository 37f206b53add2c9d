"""What signs in to a registry, and the sign-ins that AWS itself gives out: of ECR by region, of its public registry."""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, ErpBuildError, PushFailed
from erp_build.formats.image_name import PUBLIC_ECR

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

RENEW_SIGN_IN_BEFORE = timedelta(minutes=30)
"""A sign-in is renewed this long before it expires: the longest push must still fit in."""

PUBLIC_ECR_REGION = "us-east-1"
"""Where the public registry's API is, and nowhere else."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Credentials for a push or a pull. `endpoint` has a scheme; an image's name begins with its host alone.

    Attributes:
        expires: None: it is not known.
        identity_token: of a registry that gave one in place of user and password.
    """

    endpoint: str
    username: str
    password: str = field(repr=False)
    expires: datetime | None = None
    identity_token: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The first part of an image's name."""
        return self.endpoint.partition("://")[2]

    def as_engine_takes_it(self) -> dict[str, str]:
        """What the engine's API gets in a header of the call (`X-Registry-Auth`)."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"username": self.username, "password": self.password}

    def as_file_has_it(self) -> dict[str, str]:
        """What stands in a `config.json` of Docker."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"auth": base64.b64encode(f"{self.username}:{self.password}".encode()).decode()}


@reads_answers_of("ECR", PushFailed, UNREADABLE_OF_AWS)
class EcrSignIn:
    """The sign-in to every private registry of one region that the caller may use, asked for when it is needed.

    Args:
        client: of ECR in that region.
        secrets: gets the password, so that it is masked.
        region: for errors; empty: the run's own.
        failure: the class of an error.
    """

    def __init__(
        self, client: "ECRClient", secrets: Secrets, region: str = "", failure: type[ErpBuildError] = PushFailed
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._where = f"the registries of {region}" if region else "the registry"
        self._failure = failure
        self._given: SignIn | None = None
        self._one_at_a_time = threading.Lock()

    def sign_in(self) -> SignIn:
        """Return the sign-in; it is renewed before it expires. Threads that need it at once wait for the same one."""
        with self._one_at_a_time:
            given = self._given
            if given is None or not _holds(given):
                with translate_aws_errors("ecr:GetAuthorizationToken", self._where, self._failure):
                    data = self._client.get_authorization_token()["authorizationData"][0]
                given = self._given = _sign_in(data, data["proxyEndpoint"].rstrip("/"), self._secrets)
            return given

    def forget(self) -> None:
        """Drop the sign-in, because the registry does not accept it any more."""
        self._given = None


@reads_answers_of("ECR", BuildFailed, UNREADABLE_OF_AWS)
class PublicEcrSignIn:
    """The sign-in to `public.ecr.aws`, which answers more often to whoever is signed in.

    Args:
        client: of `ecr-public`, in `PUBLIC_ECR_REGION`.
        secrets: gets the password, so that it is masked.
    """

    def __init__(self, client: Any, secrets: Secrets) -> None:
        self._client = client
        self._secrets = secrets

    def sign_in(self) -> SignIn:
        """Return a sign-in."""
        with translate_aws_errors("ecr-public:GetAuthorizationToken", PUBLIC_ECR, BuildFailed):
            data = self._client.get_authorization_token()["authorizationData"]
        return _sign_in(data, f"https://{PUBLIC_ECR}", self._secrets)

    def forget(self) -> None:
        """Nothing was kept."""


def _holds(given: SignIn) -> bool:
    return bool(given.expires and given.expires - RENEW_SIGN_IN_BEFORE >= datetime.now(UTC))


def _sign_in(data: Mapping[str, Any], endpoint: str, secrets: Secrets) -> SignIn:
    """The sign-in in an answer: `AWS:<password>`, split once, because a password may hold a colon."""
    token = data["authorizationToken"]
    username, _, password = base64.b64decode(token).decode().partition(":")
    for secret in (token, password):
        secrets.add(secret)
    return SignIn(endpoint, username, password, data["expiresAt"])

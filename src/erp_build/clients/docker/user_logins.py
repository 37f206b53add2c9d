"""What the user signed in to with `docker login`, read only where the project asks for it."""

import warnings
from pathlib import Path
from typing import Any

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.private_config import CONFIG_FILE, read_config
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed


class UserLogins:
    """The sign-ins in the user's configuration of Docker, those that a credential helper keeps included.

    Args:
        folder: of the configuration.
        secrets: gets each password, so that it is masked.
    """

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self._folder = folder
        self._secrets = secrets

    def of(self, host: str) -> SignIn | None:
        """The sign-in to a registry, or None; raises `BuildFailed` where the configuration or its helper fails."""
        kept = dict(read_config(self._folder))
        if not kept:
            return None
        from docker import auth
        from docker.credentials.errors import StoreError
        from docker.errors import DockerException

        try:
            with warnings.catch_warnings():
                # That a helper is not there is said by the error.
                warnings.simplefilter("ignore", UserWarning)
                found: Any = auth.load_config(config_dict=kept).resolve_authconfig(host)
        except (DockerException, StoreError, ValueError, TypeError, AttributeError) as error:
            raise BuildFailed(
                "the sign-ins of docker login cannot be read",
                where=str(self._folder / CONFIG_FILE),
                why=f"{host}: {error}",
                next_step="install the program that credsStore or credHelpers names, or write the sign-in into "
                '[build.sign_in] and docker_config = "own"',
            ) from error
        named = {name.lower(): str(value) for name, value in (found or {}).items() if value}
        for secret in (named.get("password"), named.get("identitytoken")):
            if secret:
                self._secrets.add(secret)
        if not ("password" in named or "identitytoken" in named):
            return None
        user, password = named.get("username", ""), named.get("password", "")
        return SignIn(f"https://{host}", user, password, identity_token=named.get("identitytoken", ""))

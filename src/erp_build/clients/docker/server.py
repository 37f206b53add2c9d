"""Which engine is asked, and how it is trusted: variables and contexts, read as the docker program reads them.

The variables win over a context. Both builders get the same answer, so that no image is built in one engine and looked
for in another.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from erp_build.clients.docker.private_config import CONFIG_FILE, read_config, users_folder
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError

if TYPE_CHECKING:
    from docker.tls import TLSConfig

HOST, TLS, VERIFY, CERTIFICATES, CONTEXT = (
    "DOCKER_HOST", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT",
)  # fmt: skip
VARIABLES = (HOST, TLS, VERIFY, CERTIFICATES, CONTEXT)
AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"
DEFAULT_CONTEXT = "default"


class DockerServer(NamedTuple):
    """An engine.

    Attributes:
        address: such as `tcp://10.0.0.1:2376`; None: the default socket.
        is_tls: whether it speaks TLS.
        verifies: whether its certificate is checked.
        certificates: folder with `ca.pem`, and with `cert.pem` and `key.pem` where the engine asks for them.
    """

    address: str | None = None
    is_tls: bool = False
    verifies: bool = False
    certificates: str = ""

    @property
    def where(self) -> str:
        """What an error calls it."""
        return self.address or "the default socket"

    def tls(self) -> "TLSConfig | bool":
        """The same for the SDK; raises `ConfigurationError` where the certificate of its authority is not there."""
        if not (self.address and self.is_tls):
            return False
        from docker.tls import TLSConfig

        folder = Path(self.certificates)
        authority = folder / AUTHORITY
        if self.verifies and not authority.is_file():
            raise ConfigurationError(
                "the Docker engine's certificate cannot be checked",
                where=str(authority),
                why=f"{VERIFY} is set, and this file is not there",
                next_step=f"let {CERTIFICATES} name the folder with {AUTHORITY}, {CERTIFICATE} and {KEY}",
            )
        own = (str(folder / CERTIFICATE), str(folder / KEY))
        has_own = all(Path(name).is_file() for name in own)
        return TLSConfig(
            client_cert=own if has_own else None,
            ca_cert=str(authority) if self.verifies else None,
            verify=self.verifies,
        )

    def variables(self) -> dict[str, str]:
        """The same for the docker program."""
        found = {HOST: self.address} if self.address else {}
        if self.is_tls:
            found |= {VERIFY if self.verifies else TLS: "1", CERTIFICATES: self.certificates}
        return found


def find_server(variables: Mapping[str, str], folder: Path, *, follows_user: bool = False) -> DockerServer:
    """Find the engine: DOCKER_HOST, else the context of DOCKER_CONTEXT, else the default socket.

    Args:
        variables: of the environment.
        folder: of the user's configuration of Docker.
        follows_user: whether a context that the user chose with `docker context use` counts too.

    Raises `ConfigurationError` for a context that is not there.
    """
    if address := variables.get(HOST):
        verifies = bool(variables.get(VERIFY))
        certificates = variables.get(CERTIFICATES) or str(folder)
        return DockerServer(address, verifies or bool(variables.get(TLS)), verifies, certificates)
    chosen = str(read_config(folder).get("currentContext") or "") if follows_user else ""
    name = variables.get(CONTEXT) or chosen
    return _of_context(folder, name) if name and name != DEFAULT_CONTEXT else DockerServer()


def default_server() -> DockerServer:
    """The engine that the environment of this process names."""
    return find_server(os.environ, users_folder())


def _of_context(folder: Path, name: str) -> DockerServer:
    """The engine of a context: it is kept below the digest of its name."""
    place = hashlib.sha256(name.encode()).hexdigest()
    described = folder / "contexts" / "meta" / place / "meta.json"
    try:
        found: Any = json.loads(read_file(described))
        engine = found["Endpoints"]["docker"]
        address, skips = str(engine["Host"]), bool(engine.get("SkipTLSVerify"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"there is no Docker context {name}",
            where=f"{CONTEXT}, or currentContext of {folder / CONFIG_FILE}",
            why=f"{described}: {error}",
            next_step=f"docker context ls; or set {HOST}",
        ) from error
    certificates = folder / "contexts" / "tls" / place / "docker"
    is_tls = certificates.is_dir() or skips
    return DockerServer(address, is_tls, is_tls and not skips, str(certificates))

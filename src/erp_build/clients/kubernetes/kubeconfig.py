"""Access to a cluster for Helm and for the API client: a kubeconfig of this run alone, never the user's.

A shared kubeconfig has one current context, which parallel runs would switch for each other.
"""

import base64
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from erp_build.clients.aws.session import translate_aws_errors
from erp_build.clients.kubernetes import credential
from erp_build.clients.kubernetes.token import ClusterToken, cluster_token
from erp_build.clients.secrets import Secrets
from erp_build.errors import ReleaseFailed

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient


@dataclass(frozen=True, slots=True)
class Access:
    """A cluster's address, the files that lead to it, and how its callers are authenticated."""

    endpoint: str
    certificate: Path
    kubeconfig: Path
    authentication_mode: str


class ClusterAccess:
    """Finds clusters by name and signs in to them.

    Args:
        session: signs the tokens.
        client: for DescribeCluster.
        folder: for files that only this user may read; outside of the source tree, which may become an artifact.
        secrets: gets the tokens, so that they are masked.
    """

    def __init__(self, session: boto3.Session, client: "EKSClient", folder: Path, secrets: Secrets) -> None:
        self._session = session
        self._client = client
        self._folder = folder
        self._secrets = secrets
        self._known: dict[str, Access] = {}
        self._tokens: dict[str, ClusterToken] = {}

    def to(self, cluster: str) -> Access:
        """Return how to reach a cluster; EKS is asked once."""
        if cluster not in self._known:
            self._known[cluster] = self._look_up(cluster)
        return self._known[cluster]

    def token(self, cluster: str) -> str:
        """Return a token that is valid for at least another minute."""
        token = self._tokens.get(cluster)
        if token is None or token.expires - timedelta(minutes=1) < datetime.now(UTC):
            token = self._tokens[cluster] = cluster_token(self._session, cluster)
            self._secrets.add(token.text)
            self._write(f"{cluster}.credential", token.as_exec_credential().encode())
        return token.text

    def forget_token(self, cluster: str) -> None:
        """Drop the cached token, so that the next call signs a new one."""
        self._tokens.pop(cluster, None)
        (self._folder / f"{cluster}.credential").unlink(missing_ok=True)

    def _look_up(self, cluster: str) -> Access:
        with translate_aws_errors("eks:DescribeCluster", cluster, ReleaseFailed):
            found = self._client.describe_cluster(name=cluster)["cluster"]
        if found.get("status") != "ACTIVE":
            raise ReleaseFailed(
                "the cluster is not active",
                where=cluster,
                why=f"its status is {found.get('status')}",
                next_step="wait until it is ACTIVE, then run again",
            )
        certificate = self._write(f"{cluster}.crt", base64.b64decode(found["certificateAuthority"]["data"]))
        kubeconfig = json.dumps(kubeconfig_of(cluster, found["endpoint"], certificate, self._folder)).encode()
        return Access(
            endpoint=found["endpoint"],
            certificate=certificate,
            kubeconfig=self._write(f"{cluster}.kubeconfig", kubeconfig),
            authentication_mode=found.get("accessConfig", {}).get("authenticationMode", "unknown"),
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        return path


def kubeconfig_of(cluster: str, endpoint: str, certificate: Path, folder: Path) -> dict[str, object]:
    """A kubeconfig with our own credential plugin: a long upgrade gets a new token, and no AWS CLI is needed.

    The caller writes it as JSON, which is valid YAML.
    """
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "args": ["-IS", credential.__file__, str(folder / f"{cluster}.credential"), cluster],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": endpoint, "certificate-authority": str(certificate)}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
        "users": [{"name": cluster, "user": {"exec": plugin}}],
    }

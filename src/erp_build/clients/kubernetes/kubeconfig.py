"""Access to a cluster for Helm and for the API client: signed tokens, and a kubeconfig of this run alone.

A token is a presigned STS request, as of `aws eks get-token` (decision 0005). The user's kubeconfig is never used: a
shared kubeconfig has one current context, which parallel runs would switch for each other.
"""

import base64
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import NoCredentialsError
from botocore.signers import RequestSigner

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, ask_aws, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.kubernetes import credential
from erp_build.clients.secrets import Secrets
from erp_build.errors import ReleaseFailed

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient

EKS_PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
URL_LIFE_S = 60
WAIT = "wait until it is ACTIVE, then run again"
REFUSED_STATUSES = {
    "CREATING": ("it is being made", WAIT),
    "PENDING": ("it waits until its control plane is made", WAIT),
    "DELETING": ("it is being deleted", "correct the parameter that names the cluster, or make the cluster anew"),
    "FAILED": ("it could not be made", "aws eks describe-cluster shows why: delete it and make it anew"),
}
"""Status of a cluster without an API -> what it means, what to do. `UPDATING` is none: its API answers meanwhile."""

TOKEN_LIFE = timedelta(minutes=14)
"""EKS accepts a token for 15 minutes after its signature; one minute is left for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Access:
    """A cluster's address, the files that lead to it, and how its callers are authenticated."""

    endpoint: str
    certificate: Path
    kubeconfig: Path
    authentication_mode: str


@dataclass(frozen=True, slots=True)
class ClusterToken:
    """A bearer token for one cluster; `expires` is UTC."""

    text: str
    expires: datetime

    def as_exec_credential(self) -> str:
        """The answer of a credential plugin, as kubectl and Helm expect it on stdout."""
        return json.dumps(
            {
                "kind": "ExecCredential",
                "apiVersion": "client.authentication.k8s.io/v1beta1",
                "spec": {},
                "status": {"token": self.text, "expirationTimestamp": f"{self.expires:%Y-%m-%dT%H:%M:%SZ}"},
            }
        )


@reads_answers_of("EKS", ReleaseFailed, UNREADABLE_OF_AWS)
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
        if cluster in self._known:
            return self._known[cluster]
        with translate_aws_errors("eks:DescribeCluster", cluster, ReleaseFailed):
            found = self._client.describe_cluster(name=cluster)["cluster"]
        if refusal := REFUSED_STATUSES.get(found.get("status", "")):
            meaning, next_step = refusal
            raise ReleaseFailed(
                "the cluster is not active", where=cluster, why=f"its status is {found['status']}: {meaning}",
                next_step=next_step,
            )  # fmt: skip
        certificate = self._write(f"{cluster}.crt", base64.b64decode(found["certificateAuthority"]["data"]))
        kubeconfig = json.dumps(kubeconfig_of(cluster, found["endpoint"], certificate, self._folder)).encode()
        self._known[cluster] = Access(
            endpoint=found["endpoint"],
            certificate=certificate,
            kubeconfig=self._write(f"{cluster}.kubeconfig", kubeconfig),
            authentication_mode=found.get("accessConfig", {}).get("authenticationMode", "unknown"),
        )
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

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        return path


def cluster_token(session: boto3.Session, cluster: str) -> ClusterToken:
    """Sign a token for a cluster with the session's credentials; sends no request."""
    client = session.client("sts")
    with translate_aws_errors("sts:GetCallerIdentity", f"sign-in to cluster {cluster}"):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        signer = RequestSigner(
            client.meta.service_model.service_id, client.meta.region_name, "sts", "v4", credentials, session.events
        )
        sign = partial(
            signer.generate_presigned_url,
            {
                "method": "GET",
                "url": f"{client.meta.endpoint_url}/?Action=GetCallerIdentity&Version=2011-06-15",
                "body": {},
                # A signed header: the token is valid for this cluster alone.
                "headers": {CLUSTER_HEADER: cluster},
                "context": {},
            },
            region_name=client.meta.region_name,
            expires_in=URL_LIFE_S,
            operation_name="",
        )
        # It sends no request, but credentials may have to be renewed.
        url = ask_aws("the source of the credentials", sign)
    text = EKS_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return ClusterToken(text, datetime.now(UTC) + TOKEN_LIFE)


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

"""Signs tokens for EKS clusters: a token is a presigned STS request, as of `aws eks get-token` (decision 0005)."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import boto3
from botocore.exceptions import NoCredentialsError
from botocore.signers import RequestSigner

from erp_build.clients.aws.session import translate_aws_errors

EKS_PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
URL_LIFE_S = 60
TOKEN_LIFE = timedelta(minutes=14)
"""EKS accepts a token for 15 minutes after its signature; one minute is left for clocks that differ."""


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
        url = signer.generate_presigned_url(
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
    text = EKS_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return ClusterToken(text, datetime.now(UTC) + TOKEN_LIFE)

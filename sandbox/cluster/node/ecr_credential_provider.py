"""What an EKS node runs to pull from ECR: the kubelet's credential provider, asked before each pull.

The kubelet writes a CredentialProviderRequest to stdin and reads the answer from stdout. Nothing is kept, so that a
token that the account no longer takes is never used again.
"""

import base64
import json
import sys

import boto3

from sandbox.aws.environment import aws_environment
from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, REGION

API = "credentialprovider.kubelet.k8s.io/v1"


def main() -> None:
    """Answer one request of the kubelet."""
    host = json.load(sys.stdin)["image"].split("/")[0]
    ecr = boto3.client(
        "ecr",
        endpoint_url=AWS_ENDPOINT,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=aws_environment()["AWS_SECRET_ACCESS_KEY"],
    )
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    username, _, password = base64.b64decode(token).decode().partition(":")
    answer = {
        "apiVersion": API,
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "cacheDuration": "0s",
        "auth": {host: {"username": username, "password": password}},
    }
    json.dump(answer, sys.stdout)

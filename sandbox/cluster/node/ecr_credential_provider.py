"""What an EKS node runs to pull from ECR: the kubelet's credential provider, asked before each pull.

The kubelet writes a CredentialProviderRequest to stdin and reads the answer from stdout. Nothing is kept, so that a
token that the account no longer takes is never used again.

Every pod that starts waits for it, so it makes its one call without an SDK, whose import takes longer than the rest.
"""

import base64
import json
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, REGION

API = "credentialprovider.kubelet.k8s.io/v1"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    # The sandbox checks no signature; this one names account and region.
    "Authorization": (
        f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/ecr/aws4_request, SignedHeaders=host, Signature=0"
    ),
}
ATTEMPTS, TIMEOUT_S = 3, 10
OK = 200


def main() -> None:
    """Answer one request of the kubelet."""
    json.dump(answer_to(json.load(sys.stdin)["image"]), sys.stdout)


def answer_to(image: str, endpoint: str = AWS_ENDPOINT) -> dict[str, object]:
    """The sign-in for an image's registry; raises `SystemExit`, whose text the kubelet shows, when there is none."""
    username, _, password = base64.b64decode(_token(endpoint.rpartition("/")[2])).decode().partition(":")
    return {
        "apiVersion": API,
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "cacheDuration": "0s",
        "auth": {image.partition("/")[0]: {"username": username, "password": password}},
    }


def _token(address: str) -> str:
    refused = ""
    for _ in range(ATTEMPTS):
        with closing(HTTPConnection(address, timeout=TIMEOUT_S)) as connection:
            try:
                connection.request("POST", "/", body="{}", headers=HEADERS)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, HTTPException) as error:
                refused = repr(error)
                continue
        if answer.status == OK:
            return str(json.loads(body)["authorizationData"][0]["authorizationToken"])
        refused = f"{answer.status}: {body.decode('utf-8', 'replace')}"
    sys.exit(f"GetAuthorizationToken failed: {refused}")

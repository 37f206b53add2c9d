"""What GetAuthorizationToken gives: of ECR in any region, of its public registry, and of CodeArtifact."""

import base64
import json
import time
from collections.abc import Callable

from aiohttp import web

from sandbox.aws.ecr.sign_in import for_region
from sandbox.aws.iam.required_actions import CODEARTIFACT_TOKEN, PUBLIC_TOKEN
from sandbox.aws.json_protocol import AWS_JSON
from sandbox.endpoints import CODEARTIFACT_PASSWORD, REGION, REGISTRY_HOST

LASTS_S = 43_200
"""Seconds that a token is said to be good for."""


def own_answer(operation: str, password: Callable[[], str]) -> web.Response | None:
    """The tokens that the stand-in does not have; None for another operation.

    Args:
        operation: that is called.
        password: makes one that stands for the caller.
    """
    expires = time.time() + LASTS_S
    if operation == CODEARTIFACT_TOKEN:
        return web.json_response({"authorizationToken": CODEARTIFACT_PASSWORD, "expiration": expires})
    if operation == PUBLIC_TOKEN:
        token = base64.b64encode(f"AWS:{password()}".encode()).decode()
        given = {"authorizationToken": token, "expiresAt": expires}
        return web.json_response({"authorizationData": given}, content_type=AWS_JSON)
    return None


def of_registry(answer: web.Response, token: str, region: str) -> web.Response:
    """The sign-in with the front's scheme: it has the registry's real name, but no certificate for it.

    Args:
        answer: of the stand-in.
        token: what stands for the role that asks; empty: the stand-in's own, which may do everything.
        region: that was asked.
    """
    assert isinstance(answer.body, bytes)
    document = json.loads(answer.body)
    for data in document["authorizationData"]:
        data["proxyEndpoint"] = f"http://{REGISTRY_HOST.replace(REGION, region)}"
        data["authorizationToken"] = for_region(token or data["authorizationToken"], region)
    return web.json_response(document, content_type=AWS_JSON)

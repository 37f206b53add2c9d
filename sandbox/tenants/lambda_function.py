"""The employee service's function, with an image that erp_build did not build."""

import base64
import io
from typing import Any

from sandbox.aws.client import client
from sandbox.docker import engine
from sandbox.endpoints import ACCOUNT, REGISTRY_HOST
from sandbox.errors import SandboxError
from sandbox.tenants.tenant import FUNCTION_PASSWORD, Tenant

FIRST_IMAGE = b"FROM scratch\nCOPY Dockerfile /first\n"


def create_function(tenant: Tenant, tag: str = "") -> None:
    """Make the function with a first image that erp_build did not build and that names no commit.

    Args:
        tenant: whose function.
        tag: by which it names the image, as Terraform does; empty: by digest.
    """
    repository = f"{REGISTRY_HOST}/{tenant.name}/employee-service-lambda"
    digest = _push_first_image(repository, tag or "bootstrap")
    client("lambda").create_function(
        FunctionName=tenant.function,
        PackageType="Image",
        Code={"ImageUri": f"{repository}:{tag}" if tag else f"{repository}@{digest}"},
        Role=f"arn:aws:iam::{ACCOUNT}:role/{tenant.function_role}",
        Timeout=30,
        MemorySize=512,
        Environment={"Variables": {"SPRING_DATASOURCE_PASSWORD": FUNCTION_PASSWORD}},
    )


def _push_first_image(repository: str, tag: str) -> str:
    """Build and push the function's first image and return its digest."""
    sign_in = client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    with engine.client() as api:
        _check(api.api.build(fileobj=io.BytesIO(FIRST_IMAGE), tag=f"{repository}:{tag}", rm=True, decode=True))
        events = _check(api.api.push(repository, tag=tag, stream=True, decode=True, auth_config=_credentials(sign_in)))
    return next(str(event["aux"]["Digest"]) for event in events if "Digest" in event.get("aux", {}))


def _credentials(token: str) -> dict[str, str]:
    username, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": username, "password": password}


def _check(events: Any) -> list[dict[str, Any]]:
    found = list(events)
    for event in found:
        if "error" in event:
            raise SandboxError(f"the function's first image: {event['error']}")
    return found

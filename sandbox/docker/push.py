"""Builds and pushes an image that erp_build did not build, and pulls one that no engine has made."""

import base64
import io
from collections.abc import Iterator
from typing import Any

from sandbox.aws.client import client
from sandbox.docker import engine
from sandbox.errors import SandboxError


def push_image(repository: str, tag: str, context: io.BytesIO, *, is_tar: bool = False) -> str:
    """Build an image, push it to the account's own registry, and return its digest.

    Args:
        repository: with the registry's host.
        tag: of the image.
        context: a Dockerfile.
        is_tar: whether it is a tar, with more than that.
    """
    name = f"{repository}:{tag}"
    build_image(name, context, is_tar=is_tar)
    with engine.client() as api:
        pushed = api.api.push(repository, tag=tag, stream=True, decode=True, auth_config=_sign_in())
        events = [*_checked(name, pushed)]
    return next(str(event["aux"]["Digest"]) for event in events if "Digest" in event.get("aux", {}))


def build_image(name: str, context: io.BytesIO, *, is_tar: bool = False) -> None:
    """Build an image without a look for cached ones, which fails where another lane removes an image at that time.

    Args:
        name: with the registry's host, and tag.
        context: a Dockerfile.
        is_tar: whether it is a tar, with more than that.
    """
    with engine.client() as api:
        events = api.api.build(fileobj=context, custom_context=is_tar, tag=name, nocache=True, rm=True, decode=True)
        _ = [*_checked(name, events)]


def pull_image(name: str) -> None:
    """Give the engine an image of the account's own registry, by its name with host and tag."""
    repository, _, tag = name.rpartition(":")
    with engine.client() as api:
        api.images.pull(repository, tag=tag, auth_config=_sign_in())


def _sign_in() -> dict[str, str]:
    given = client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    username, _, password = base64.b64decode(given).decode().partition(":")
    return {"username": username, "password": password}


def _checked(name: str, events: Any) -> Iterator[dict[str, Any]]:
    for event in events:
        if "error" in event:
            raise SandboxError(f"{name}: {event['error']}")
        yield event

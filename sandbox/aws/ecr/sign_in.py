"""What the registries take as a sign-in: passwords of ECR, which are good in one region, and of other registries."""

import base64
import binascii
import secrets

from aiohttp import web

from sandbox.aws.ecr.hosts import PASSWORD, USER
from sandbox.endpoints import REGION

LASTS_S = 300
"""Seconds that a token is said to be good for."""


def basic(user: str, password: str) -> str:
    """The Authorization header of a name and a password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def for_region(token: str, region: str) -> str:
    """The sign-in that GetAuthorizationToken gives in a region, which is good there alone.

    Args:
        token: that of the account's own region, as AWS encodes it.
        region: where it was asked for.
    """
    if region == REGION:
        return token
    return base64.b64encode(f"{base64.b64decode(token).decode()}.{region}".encode()).decode()


def ecr_password(header: str, region: str) -> str:
    """The password in an Authorization header, without its region; empty for none that is good in the region."""
    try:
        text = base64.b64decode(header.removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    user, _, password = text.partition(":")
    bare, _, its_region = password.partition(".")
    return bare if user == "AWS" and (its_region or REGION) == region else ""


def is_user(header: str) -> bool:
    """Whether an Authorization header has the name and the password of the registries that are no ECR."""
    return header == basic(USER, PASSWORD)


class Tokens:
    """The tokens of the hub: given for name and password, by either way that clients ask."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def knows(self, header: str) -> bool:
        """Whether an Authorization header has a token."""
        return header.removeprefix("Bearer ") in self._given

    async def give(self, request: web.Request) -> web.Response:
        """Answer a question for a token: GET with an Authorization header, or POST as OAuth 2 has it."""
        form = await request.post() if request.method == "POST" else {}
        is_known = is_user(request.headers.get("Authorization", ""))
        if not is_known and (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return web.json_response({"details": "incorrect username or password"}, status=401)
        token = secrets.token_hex(24)
        self._given.add(token)
        return web.json_response({"token": token, "access_token": token, "expires_in": LASTS_S})

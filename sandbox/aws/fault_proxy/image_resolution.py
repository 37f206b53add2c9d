"""A function that names its image by tag runs the digest that the tag had then; the stand-in forgets it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

RESOLVED = ("CreateFunction", "UpdateFunctionCode", "GetFunction")
"""The operations that name an image by tag, or show what it was."""

Ecr = Callable[[str, dict[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]


class Resolution:
    """What the tags were when functions were given them.

    Args:
        ecr: calls an operation of the stand-in's ECR.
    """

    def __init__(self, ecr: Ecr) -> None:
        self._ecr = ecr
        self._digests: dict[tuple[str, str], str] = {}

    async def shown(self, path: str, body: bytes, answer: web.Response) -> web.Response:
        """Note the image that a call gave to a function, or add its digest to an answer that shows it.

        Args:
            path: of the call; a function's name is in it, but for the one that makes it.
            body: of the call.
            answer: of the stand-in; an error is left alone.
        """
        if answer.status >= web.HTTPBadRequest.status_code:
            return answer
        asked = json.loads(body or b"{}")
        if uri := asked.get("ImageUri") or asked.get("Code", {}).get("ImageUri"):
            await self._note(asked.get("FunctionName") or _name(path), uri)
            return answer
        assert isinstance(answer.body, bytes)
        document = json.loads(answer.body)
        uri = document.get("Code", {}).get("ImageUri", "")
        if digest := self._digests.get((_name(path), uri)):
            document["Code"]["ResolvedImageUri"] = f"{uri.rpartition(':')[0]}@{digest}"
            return web.json_response(document)
        return answer

    async def _note(self, function: str, uri: str) -> None:
        if "@" in uri:
            return
        repository, _, tag = uri.partition("/")[2].rpartition(":")
        question = {"repositoryName": repository, "imageIds": [{"imageTag": tag}]}
        _, found = await self._ecr("BatchGetImage", question)
        for image in found.get("images", ()):
            self._digests[function, uri] = image["imageId"]["imageDigest"]


def _name(path: str) -> str:
    """The function's name in `/2015-03-31/functions/NAME/code`; of a full ARN its last part."""
    return path.split("/")[3].rpartition(":")[2] if path.count("/") > 2 else ""  # noqa: PLR2004 - the third part

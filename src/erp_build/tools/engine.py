"""The Docker engine: builds and pushes. Its answers are streams of events in which an error is just another event."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests
import urllib3

from erp_build.errors import BuildFailed, PushFailed
from erp_build.tools.context import context_tar
from erp_build.tools.process import tail
from erp_build.tools.registry import SignIn

TIMEOUT = 600
"""Seconds between two bytes of the engine; a push compresses a large layer in silence."""


class Engine:
    """An engine at `DOCKER_HOST` or at its usual socket. Each call has a client of its own, so that threads may call.

    Docker contexts are not followed and no login is stored: a push gets its sign-in with the call.
    """

    def __init__(self) -> None:
        self._address = os.environ.get("DOCKER_HOST") or None

    def check(self) -> None:
        """Raise `BuildFailed` when no engine answers."""
        with self._client() as client:
            client.ping()

    def build(self, source: Path, dockerfile: str, *, tag: str, labels: dict[str, str], arguments: dict[str, str],
              on_line: Callable[[str], None]) -> None:  # fmt: skip
        """Build an image from a service's directory with the classic builder and name it `tag`."""
        if not (source / dockerfile).is_file():
            raise BuildFailed("there is no Dockerfile", where=str(source / dockerfile), next_step="add it")
        with self._client() as client, tempfile.TemporaryFile() as context:
            context_tar(source, dockerfile, context)
            events = client.build(
                fileobj=context,
                custom_context=True,
                dockerfile=dockerfile,
                tag=tag,
                labels=labels,
                buildargs=arguments,
                rm=True,
                forcerm=True,
                decode=True,
            )
            check_build(events, where=str(source / dockerfile), on_line=on_line)

    def push(self, repository: str, tag: str, sign_in: SignIn) -> str:
        """Push an image and return the digest that the registry gave it."""
        with self._client(PushFailed) as client:
            events = client.push(
                repository,
                tag=tag,
                stream=True,
                decode=True,
                auth_config={"username": sign_in.username, "password": sign_in.password},
            )
            return pushed_digest(events, where=f"{repository}:{tag}")

    def remove(self, image: str) -> None:
        """Take a local name away; an image that is not there is no error."""
        with self._client() as client:
            try:
                client.remove_image(image)
            except docker.errors.ImageNotFound:
                return

    def _client(self, failure: type[BuildFailed | PushFailed] = BuildFailed) -> "_Client":
        return _Client(self._address, failure)


class _Client:
    """A client for one call, whose errors are ours."""

    def __init__(self, address: str | None, failure: type[BuildFailed | PushFailed]) -> None:
        self._address = address
        self._failure = failure

    def __enter__(self) -> docker.APIClient:
        try:
            self._api = docker.APIClient(base_url=self._address, version="auto", timeout=TIMEOUT)
        except docker.errors.DockerException as error:
            raise self._no_engine(error) from error
        return self._api

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._api.close()
        if isinstance(error, docker.errors.APIError):
            raise self._failure(
                "the Docker engine refused", where=self._where, why=error.explanation or str(error), next_step="see why"
            ) from error
        if isinstance(error, docker.errors.DockerException | requests.RequestException):
            raise self._no_engine(error) from error
        if isinstance(error, docker.errors.StreamParseError | urllib3.exceptions.HTTPError):
            # The SDK reads events past requests, whose errors these would be elsewhere.
            raise self._failure(
                "the Docker engine's answer broke off",
                where=self._where,
                why=str(error),
                next_step="look at the engine's log, its memory and its disk, then run again",
            ) from error

    @property
    def _where(self) -> str:
        return self._address or "the usual socket"

    def _no_engine(self, error: Exception) -> BuildFailed | PushFailed:
        return self._failure(
            "no Docker engine answers",
            where=self._where,
            why=str(error),
            next_step="start the engine; in CodeBuild switch the project to privileged mode",
        )


def check_build(events: Iterable[Mapping[str, Any]], *, where: str, on_line: Callable[[str], None]) -> None:
    """Read a build's events to the end; an error event, or an end without an image, raises `BuildFailed`."""
    lines: list[str] = []
    built = False
    for event in events:
        if "error" in event:
            raise BuildFailed(
                "the image was not built",
                where=where,
                why=f"{tail(chr(10).join(lines), 5)}\n{event['error']}".strip(),
                next_step="docker build in the service's directory shows the same",
            )
        text = str(event.get("stream", "")).strip()
        built = built or "ID" in event.get("aux", {}) or text.startswith("Successfully built")
        if text:
            lines.append(text)
            on_line(text)
    if not built:
        why = tail("\n".join(lines), 5) or "the engine's answer ended early"
        raise BuildFailed("the engine ended without an image", where=where, why=why, next_step="run again")


def pushed_digest(events: Iterable[Mapping[str, Any]], *, where: str) -> str:
    """Read a push's events to the end and return the digest; an error event, or no digest, raises `PushFailed`.

    The engine answers 200 before it knows, so neither the status nor the last line of progress says anything.
    """
    digest = ""
    for event in events:
        if "error" in event:
            raise PushFailed(
                "the registry refused the image",
                where=where,
                why=str(event["error"]),
                next_step=_push_hint(str(event["error"])),
            )
        digest = str((event.get("aux") or {}).get("Digest", digest))
    if not digest.startswith("sha256:"):
        why = "the engine's answer ended without one"
        raise PushFailed("the push has no digest", where=where, why=why, next_step="run again")
    return digest


PUSH_HINTS = {
    "does not exist": "create the repository, or correct `repository` in erp-build.toml",
    "name unknown": "create the repository, or correct `repository` in erp-build.toml",
    "immutable": "this tag is already taken by another image: commit again, or delete the image",
    "expired": "run again: the sign-in is renewed",
    "denied": "allow ecr:InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload and PutImage to the role",
    "no basic auth": "allow ecr:GetAuthorizationToken to the role",
    "403": "a quota of images per repository may be reached: delete old images",
}


def _push_hint(error: str) -> str:
    return next((hint for part, hint in PUSH_HINTS.items() if part in error.lower()), "run again")

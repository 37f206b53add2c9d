"""Calls of the engine that can be broken off from another thread: a signal reaches the main thread alone."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import docker
import docker.errors
import requests
from tenacity import Retrying, retry_if_exception, retry_if_result, stop_after_delay, wait_fixed

ABORT_WAIT_S = 3.5
"""Seconds that broken off calls get to put away what they left."""

INSTRUCTION_END_WAIT_S = 1.5
"""Seconds in which the engine completes an instruction that was at its end when its build broke off."""


class Api(docker.APIClient):
    """A client that remembers the answer it is reading, because only closing its connection ends a build."""

    _answer: requests.Response | None = None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request and keep its answer."""
        self._answer = super().send(request, **options)
        return self._answer

    def inspected(self, image: str) -> dict[str, Any]:
        """What the engine knows of an image."""
        return cast("dict[str, Any]", cast("Any", self).inspect_image(image))

    def made_of(self, container: str) -> list[str]:
        """Remove the container of an instruction, and name the nameless images that the engine made of it before.

        Its build need not have told of them: an instruction that is at its end when the build breaks off is completed.
        """
        if not container:
            return []
        with suppress(docker.errors.APIError):  # the engine removes it as well
            self.remove_container(container, force=True, v=True)
        attempts = Retrying(
            retry=retry_if_result(lambda made: not made),
            stop=stop_after_delay(INSTRUCTION_END_WAIT_S),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: [],
        )
        return attempts(self._made_of, container)

    def _made_of(self, container: str) -> list[str]:
        nameless = cast("list[str]", self.images(quiet=True, filters={"dangling": True}))
        return [image for image in nameless if self._container_of(image).startswith(container)]

    def _container_of(self, image: str) -> str:
        try:
            return str(self.inspected(image).get("Container"))
        except docker.errors.ImageNotFound:
            return ""  # somebody else has just removed it

    def remove_unused(self, image: str) -> None:
        """Remove an image; where the container of a build that is just breaking off uses it, a moment later."""
        attempts = Retrying(
            retry=retry_if_exception(lambda error: "being used" in str(error)),
            stop=stop_after_delay(ABORT_WAIT_S - 0.5),
            wait=wait_fixed(0.1),
            reraise=True,
        )
        attempts(self.remove_image, image)

    def close(self) -> None:
        """Close the connections, that of an answer which was not read to its end as well."""
        if self._answer is not None:
            self._answer.close()
        super().close()

    def hang_up(self) -> None:
        """Break the connection of the answer that is being read; its reader gets an error."""
        connection = getattr(self._answer and self._answer.raw, "connection", None)
        line = getattr(connection, "sock", None)
        if isinstance(line, socket.socket):
            with suppress(OSError):  # it is closed already
                line.shutdown(socket.SHUT_RDWR)


class Calls:
    """The calls that are going on."""

    def __init__(self) -> None:
        self._going_on: set[Api] = set()
        self._changed = threading.Condition()

    @contextmanager
    def active(self, client: Api) -> Iterator[None]:
        """Note a call while the block runs."""
        with self._changed:
            self._going_on.add(client)
        try:
            yield
        finally:
            with self._changed:
                self._going_on.discard(client)
                self._changed.notify_all()

    def abort(self) -> None:
        """Break all of them off, and wait for their ends."""
        with self._changed:
            for client in self._going_on:
                client.hang_up()
            self._changed.wait_for(lambda: not self._going_on, ABORT_WAIT_S)

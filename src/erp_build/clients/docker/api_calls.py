"""A client of the engine, each of whose calls another thread can abort."""

import base64
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, cast

import docker
import docker.errors
import requests
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
    wait_random,
)

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.calls import within
from erp_build.clients.docker.events import ImageVanished, read_build
from erp_build.clients.docker.private_config import address_of
from erp_build.clients.docker.stall import ABORT_WAIT_S
from erp_build.clients.way_out import WAY_OUT

if TYPE_CHECKING:
    from erp_build.clients.docker.engine import EngineBuild

BUILD_SIGN_INS = "X-Registry-Config"
"""The header of a build with the sign-ins of all registries that it may pull from."""

ENGINE_CALL_S = 60.0
"""Seconds for a call of the engine that does no work: its version, what it knows of an image, a removal."""

BUILD_ATTEMPTS = 8
"""How often a build is begun that breaks off because somebody removes images at the same time."""

BUILD_WAIT_S = 0.2
"""Seconds at most before it is begun again, at random: two builds that disturb each other do not meet again."""

INSTRUCTION_END_WAIT_S = 1.5
"""Seconds to wait for the image of an instruction that was about to end when its build was aborted."""


class Api(docker.APIClient):
    """A client that remembers the response it is reading: closing that connection is the only way to end a build."""

    _answer: requests.Response | None = None
    sign_ins: Mapping[str, SignIn] = MappingProxyType({})
    """Host -> the sign-in that a build gets for its base images."""

    @property
    def is_answered(self) -> bool:
        """Whether the engine has begun to answer."""
        return self._answer is not None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request and keep its answer; one that is no stream has a limit for the whole of it."""
        ask = partial(super().send, request, **options)
        # What is begun after a signal cleans up: `Calls` lets nothing else begin.
        self._answer = ask() if options.get("stream") else within(ENGINE_CALL_S, ask, cleans_up=True)
        return self._answer

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Trust the engine by its own authority: REQUESTS_CA_BUNDLE of the whole machine would replace it."""
        return super().merge_environment_settings(url, proxies, stream, self.verify if verify is None else verify, cert)

    def _set_auth_headers(self, headers: dict[str, Any]) -> None:
        """Give a build our sign-ins; the SDK's own method would give it all that the user has, from any helper."""
        if self.sign_ins:
            given = {address_of(host): one.as_engine_takes_it() for host, one in self.sign_ins.items()}
            headers[BUILD_SIGN_INS] = base64.urlsafe_b64encode(json.dumps(given).encode()).decode()

    def inspected(self, image: str) -> dict[str, Any]:
        """What the engine knows of an image; raises where it has none of this name."""
        return cast("dict[str, Any]", cast("Any", self).inspect_image(image))

    def found(self, image: str) -> dict[str, Any]:
        """What the engine knows of an image; empty where it has none of this name."""
        with suppress(docker.errors.ImageNotFound):
            return self.inspected(image)
        return {}

    def build_image(self, request: "EngineBuild", context: IO[bytes], on_line: Callable[[str], None]) -> None:
        """Build an image with the classic builder; raises `BuildFailed`.

        It begins again, with what the engine has cached by then, where another image was removed under its hands.
        """
        start = context.tell()

        def attempt() -> None:
            WAY_OUT.require_may_begin()
            context.seek(start)
            # The low-level call: the SDK's own `images.build` finds the image's id by a pattern in the text.
            events = self.build(
                fileobj=context,
                custom_context=True,
                dockerfile=request.dockerfile,
                tag=request.tag,
                labels=dict(request.labels),
                buildargs=dict(request.arguments),
                target=request.stage or None,
                rm=True,
                forcerm=True,
                decode=True,
            )
            read_build(events, where=request.where, on_line=on_line)

        attempts = Retrying(
            retry=retry_if_exception_type(ImageVanished),
            stop=stop_after_attempt(BUILD_ATTEMPTS),
            wait=wait_random(0, BUILD_WAIT_S),
            before_sleep=lambda _: on_line(
                "a cached image was removed that the next step takes: the build begins again"
            ),
            reraise=True,
        )
        attempts(attempt)

    def made_of(self, container: str) -> list[str]:
        """Remove the container of an instruction, and return the untagged images that the engine made of it.

        The build stream need not have named them: the engine completes an instruction that is about to end.
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
        return [image for image in nameless if str(self.found(image).get("Container")).startswith(container)]

    def remove_unused(self, image: str) -> None:
        """Remove an image; retry while the container of an aborted build still uses it."""
        attempts = Retrying(
            retry=retry_if_exception(lambda error: "being used" in str(error)),
            stop=stop_after_delay(ABORT_WAIT_S - 0.5),
            wait=wait_fixed(0.1),
            reraise=True,
        )
        attempts(self.remove_image, image)

    def close(self) -> None:
        """Close the connections, including that of a response that was not read to its end."""
        if self._answer is not None:
            self._answer.close()
        super().close()

    def hang_up(self) -> None:
        """Shut down the connection of the response that is being read; its reader gets an error."""
        connection = getattr(self._answer and self._answer.raw, "connection", None)
        line = getattr(connection, "sock", None)
        if isinstance(line, socket.socket):
            with suppress(OSError):  # it is closed already
                line.shutdown(socket.SHUT_RDWR)

"""The Docker engine: builds and pushes images with the classic builder.

The SDK (docker) is imported with the first call: most runs make their images without an engine.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.events import read_pull, read_push
from erp_build.clients.docker.server import DockerServer, default_server
from erp_build.clients.docker.stall import (
    IMAGE_BUILD_S,
    NO_PROGRESS_S,
    Calls,
    no_longer_than,
    progress_of,
)
from erp_build.errors import BuildFailed, OfNoRegistry, PushFailed
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_IMAGE_LABEL, BASE_NAME_LABEL, LocalImage, PushedImage

if TYPE_CHECKING:
    from erp_build.clients.docker.api_calls import Api

READ_TIMEOUT_S = 600
"""The SDK's limit is per read, and its default of 60 s is too short: a push compresses a large layer in silence."""

ASK_TIMEOUT_S = 15
"""For a base image's digest, without which a run can go on."""

INTERMEDIATE_IMAGE = re.compile(r"---> ([0-9a-f]{12,64})")
RUNNING_CONTAINER = re.compile(r"---> Running in ([0-9a-f]{12,64})")
"""Lines of the classic builder: the image that an instruction made, and the container in which one runs."""


class EngineBuild(NamedTuple):
    """What an image is built as.

    Attributes:
        dockerfile: its name in the context.
        tag: the image's name, with host and tag.
        labels, arguments: of the image, and of the build.
        where: the Dockerfile's path, for errors.
        stage: of the Dockerfile, which is built; empty: the last one.
        sign_ins: host -> sign-in, for the base images.
        unsent: files of the context that are excluded and there for the builder alone, who takes them away.
    """

    dockerfile: str
    tag: str
    labels: Mapping[str, str]
    arguments: Mapping[str, str]
    where: str
    stage: str = ""
    sign_ins: Mapping[str, SignIn] = MappingProxyType({})
    unsent: tuple[str, ...] = ()


class Engine:
    """An engine. Each call has its own client, so that threads may call.

    No sign-in is stored, neither here nor in the engine: a pull, a build and a push get theirs with the call.

    Args:
        find: finds it, when it is first asked: most commands ask no engine.
    """

    def __init__(self, find: Callable[[], DockerServer] = default_server) -> None:
        self._server = cache(find)
        self._calls = Calls()
        # Negotiated: engines raise their oldest API version (29.0: to 1.44), which breaks a pinned one.
        self._version = "auto"

    def require_answer(self) -> None:
        """Raise `BuildFailed` when no engine answers."""
        with self._client() as client:
            client.ping()

    def version(self) -> str:
        """The engine's version; raises `BuildFailed` when no engine answers."""
        with self._client() as client:
            return str(client.version(api_version=False)["Version"])

    def build(self, request: EngineBuild, context: IO[bytes], on_line: Callable[[str], None]) -> LocalImage:
        """Build an image from a context with the classic builder; after a failure, remove what it left behind."""
        last = running = ""

        def follow(line: str) -> None:
            nonlocal last, running
            last = found[1] if (found := INTERMEDIATE_IMAGE.fullmatch(line)) else last
            running = found[1] if (found := RUNNING_CONTAINER.fullmatch(line)) else running
            on_line(line)

        with self._client() as client, no_longer_than(IMAGE_BUILD_S, client.hang_up), self._calls.active(client):
            client.sign_ins = request.sign_ins
            try:
                client.build_image(request, context, follow)
            except BaseException:
                # Inside of the active call, so that `abort` waits for the clean-up.
                self._put_away(last, running)
                raise
        return self.inspect(request.tag)

    def inspect(self, image: str) -> LocalImage:
        """An image of the engine."""
        with self._client() as client:
            found = client.inspected(image)
        labels = (found.get("Config") or {}).get("Labels") or {}
        return LocalImage(
            identifier=found["Id"],
            size=found.get("Size", 0),
            platform=f"{found['Os']}/{found['Architecture']}",
            base=(labels.get(BASE_NAME_LABEL, ""), labels.get(BASE_DIGEST_LABEL, "")),
        )

    def identifier(self, image: str) -> str:
        """The id of an image; empty where the engine has none of this name."""
        with self._client() as client:
            return str(client.found(image).get("Id", ""))

    def registry_digest(self, image: str, sign_in: SignIn | None = None) -> str:
        """Ask the registry of an image which digest its name has now, as a pull by the engine would find it.

        Raises `BuildFailed` where the registry does not say, or takes too long, and for an image that was made here:
        the builder takes it, whatever a registry has under the same name.
        """
        with self._client(timeout=ASK_TIMEOUT_S, image=image) as client:
            found = client.found(image)
            if found and not _digests(found):
                raise OfNoRegistry("the base image is of no registry", where=image, why="it was made on this engine")
            answer = cast("Any", client).inspect_distribution(image, auth_config=_auth(sign_in))
        return str(answer["Descriptor"]["digest"])

    def provide(self, image: str, digest: str, sign_in: SignIn | None, on_line: Callable[[str], None]) -> None:
        """Give the engine the image with this digest under this name, unless it has it; raises `BuildFailed`."""
        repository, tag = _parts(image)
        if repository.endswith(f"@{digest}") or tag == digest:
            return
        with self._client(image=image) as client, self._calls.active(client):
            if digest in _digests(client.found(image)):
                return
            events = client.pull(repository, tag=digest, stream=True, decode=True, auth_config=_auth(sign_in))
            read_pull(events, where=f"{repository}@{digest}", on_line=on_line)
            client.tag(f"{repository}@{digest}", repository, tag or "latest")

    def base_labels(self, image: str, on_line: Callable[[str], None], sign_in: SignIn | None = None) -> dict[str, str]:
        """Return labels that name a base image; it is pulled first if it is not there, as a build would do."""
        with (
            self._client(image=image) as client,
            no_longer_than(NO_PROGRESS_S, client.hang_up) as stall,
            self._calls.active(client),
        ):
            found = client.found(image)
            if not found:
                repository, tag = _parts(image)
                events = client.pull(
                    repository, tag=tag or "latest", stream=True, decode=True, auth_config=_auth(sign_in)
                )
                read_pull(progress_of(events, stall), where=image, on_line=on_line)
                found = client.inspected(image)
        digests = _digests(found)
        known = {BASE_DIGEST_LABEL: digests[0]} if digests else {}
        return {BASE_NAME_LABEL: image, BASE_IMAGE_LABEL: found["Id"], **known}

    def push(self, repository: str, tag: str, sign_in: SignIn, on_bytes: Callable[[int], None]) -> PushedImage:
        """Push an image and return its digest; `on_bytes` is called with the number of bytes so far."""
        with (
            self._client(PushFailed) as client,
            no_longer_than(NO_PROGRESS_S, client.hang_up) as stall,
            self._calls.active(client),
        ):
            events = client.push(
                repository,
                tag=tag,
                stream=True,
                decode=True,
                # Not `login`, which would store the password in the user's config.json.
                auth_config=sign_in.as_engine_takes_it(),
            )
            return read_push(progress_of(events, stall), where=f"{repository}:{tag}", on_bytes=on_bytes)

    def hang_up(self) -> None:
        """Abort every call in progress, without a wait."""
        self._calls.hang_up()

    def abort(self) -> None:
        """Abort every call in progress, and wait until each has cleaned up."""
        self._calls.abort()

    def _put_away(self, last: str, container: str) -> None:
        """Remove what an aborted build left: its container, and the image that the engine may have made of it."""
        made: list[str] = []
        with suppress(BuildFailed), self._client() as client:
            made = client.made_of(container)
        for image in (*made, last):
            self.remove_nameless(image)

    def remove_nameless(self, image: str) -> None:
        """Remove an image if it has no tag: the last one of an aborted build, or one whose tag has moved."""
        if not image:
            return
        # After an error it stays: another build uses it as its base, or the engine is gone.
        with suppress(BuildFailed), self._client() as client:
            if not client.inspected(image).get("RepoTags"):
                client.remove_unused(image)

    @contextmanager
    def _client(
        self, failure: type[BuildFailed | PushFailed] = BuildFailed, timeout: int = READ_TIMEOUT_S, image: str = ""
    ) -> Iterator["Api"]:
        """Open a client for one call, and translate its errors; only the first one asks the engine for its version.

        `image` is what the call pulls or asks a registry for.
        """
        from erp_build.clients.docker.api_calls import Api
        from erp_build.clients.docker.engine_errors import translate_engine_errors

        server = self._server()
        with (
            translate_engine_errors(server.where, failure, image),
            Api(base_url=server.address, version=self._version, timeout=timeout, tls=server.tls()) as api,
        ):
            self._version = api.api_version
            yield api


def _parts(image: str) -> tuple[str, str | None]:
    """The name of an image, and its tag or digest."""
    from docker.utils import parse_repository_tag

    return parse_repository_tag(image)


def _digests(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The digests that an image has in registries; none for one that was built or imported here."""
    return tuple(str(name).rpartition("@")[2] for name in found.get("RepoDigests") or ())


def _auth(sign_in: SignIn | None) -> dict[str, str]:
    """What a call gets. Never None: the SDK would look into the user's home then, and call a helper there."""
    return sign_in.as_engine_takes_it() if sign_in else {}

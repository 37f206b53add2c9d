"""A Docker engine with registries behind it, in this process, some of which want a sign-in."""

import base64
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from erp_build.formats.dockerfile.mirror import fetched_images
from erp_build.formats.image_name import DOCKER_HUB, full_name, host_of
from tests.support.loopback import Asked, Loopback

VERSION = "1.41"
HUB_IN_HEADERS = "https://index.docker.io/v1/"


class StandInEngine(Loopback):
    """An engine.

    `remote` is full name of an image -> digest, in the registries; `wanted` is host -> (user, password) that pulls
    need; `local` is what the engine has: name -> digests. A build pulls what it has not, and notes its Dockerfile.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.remote: dict[str, str] = {}
        self.wanted: dict[str, tuple[str, str]] = {}
        self.local: dict[str, set[str]] = {}
        self.pulled: list[str] = []
        self.built: list[str] = []

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """What the engine answers; the paths are those of its API."""
        self.asked.append(asked)
        url = urlsplit(asked.path)
        path, query = unquote(url.path).removeprefix(f"/v{VERSION}"), parse_qs(url.query)
        if path == "/version":
            return 200, {"ApiVersion": VERSION, "Version": "20.10.24"}
        if path == "/_ping":
            return 200, b"OK"
        if path == "/build":
            return self._build(asked, query)
        if path == "/images/create":
            tag = query["tag"][0]
            image = f"{query['fromImage'][0]}{'@' if ':' in tag else ':'}{tag}"
            return 200, _events(self._pull(image, _one(asked)))
        if path.startswith("/distribution/"):
            image = path.removeprefix("/distribution/").removesuffix("/json")
            refused = self._refused(image, _one(asked))
            return (403, {"message": refused}) if refused else (200, {"Descriptor": {"digest": self._digest(image)}})
        if path.endswith("/tag"):
            image = path.removeprefix("/images/").removesuffix("/tag")
            self.local[f"{query['repo'][0]}:{query['tag'][0]}"] = self.local[image]
            return 201, b""
        return self._inspect(path.removeprefix("/images/").removesuffix("/json"))

    def _inspect(self, name: str) -> tuple[int, Any]:
        image = _without_tag(name)
        if image not in self.local:
            return 404, {"message": f"No such image: {image}"}
        found = {"Id": "sha256:" + "9" * 64, "Size": 1, "Os": "linux", "Architecture": "amd64"}
        return 200, {**found, "RepoDigests": [f"x@{digest}" for digest in self.local[image]]}

    def _build(self, asked: Asked, query: Mapping[str, list[str]]) -> tuple[int, Any]:
        with tarfile.open(fileobj=io.BytesIO(asked.body)) as tar:
            file = tar.extractfile(query["dockerfile"][0])
            assert file
            text = file.read().decode()
        self.built.append(text)
        given = _decoded(asked.headers.get("x-registry-config", "e30="))
        for image in fetched_images(text):
            host = host_of(image)
            sign_in = given.get(HUB_IN_HEADERS if host == DOCKER_HUB else host, {})
            if _without_tag(image) not in self.local and (refused := self._pull(image, sign_in)):
                return 200, _events(refused)
        self.local[query["t"][0]] = set()
        return 200, [b'{"aux": {"ID": "sha256:1"}}\r\n']

    def _pull(self, image: str, sign_in: Mapping[str, str]) -> str:
        """Give the engine an image; returns why not."""
        refused = self._refused(image, sign_in)
        if not refused:
            self.pulled.append(image)
            self.local[_without_tag(image)] = {self._digest(image)}
        return refused

    def _refused(self, image: str, sign_in: Mapping[str, str]) -> str:
        host = host_of(image)
        given = (sign_in.get("username"), sign_in.get("password"))
        if host in self.wanted and given != self.wanted[host]:
            return f'Head "https://{host}/v2/x/manifests/1": no basic auth credentials'
        return "" if self._digest(image) else "manifest unknown: Requested image not found"

    def _digest(self, image: str) -> str:
        name, _, digest = full_name(image).partition("@")
        known = {
            digest for held, digest in self.remote.items() if held.rpartition(":")[0] in (name, name.rpartition(":")[0])
        }
        return digest if digest in known else self.remote.get(name, "")


def _without_tag(image: str) -> str:
    """The name by which an image is kept: beside a digest a tag says nothing."""
    name, at, digest = image.partition("@")
    is_tagged = at and ":" in name.rpartition("/")[2]
    return f"{name.rpartition(':')[0]}@{digest}" if is_tagged else image


def _one(asked: Asked) -> dict[str, str]:
    return _decoded(asked.headers.get("x-registry-auth", "e30="))


def _decoded(header: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(header))
    return found


def _events(error: str) -> list[bytes]:
    line = {"errorDetail": {"message": error}, "error": error} if error else {"status": "Pull complete"}
    return [json.dumps(line).encode() + b"\r\n"]

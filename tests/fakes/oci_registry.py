"""A registry that holds state and speaks its API (OCI distribution 1.1); `tests/support/registry_server.py` serves it.

It takes what the specification allows, and each test says how it differs: how one signs in, whether it mounts, lists
referrers, has immutable tags. Faults are put before or after single requests.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs/uploads|blobs|manifests|referrers)/(?P<rest>[^/]*)")
USER, PASSWORD = "builder", "invented-password-41c7"
STATE = "invented-upload-state-90ab"
"""Stands in the address of every upload, as a secret of the registry does."""

INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Call:
    """A request without its body."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    Attributes:
        kind: `drop before` anything is done, `drop midway` in the request's body, `drop after` it is done; `cut` the
            answer's body; `answer` without doing anything; `answer after` it is done; `wrong digest` in the answer;
            `slow` answer.
        reply: of `answer`.
        seconds: of `slow`.
    """

    kind: Literal["drop before", "drop midway", "drop after", "cut", "answer", "answer after", "wrong digest", "slow"]
    reply: Reply = field(default_factory=lambda: Reply(500))
    seconds: float = 0.0


def refusal(status: int, code: str, message: str, **headers: str) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": {}}]}).encode()
    return Reply(status, {"Content-Type": "application/json", **headers}, body)


NOT_FOUND = "unknown to registry"


@dataclass
class Repository:
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)


class FakeRegistry:
    """The registry.

    Attributes:
        sign_in: `none`, `basic`, `token`, or `ecr`, which says 403 of a sign-in that has ended.
        passwords: that are taken; `tokens` likewise, with what each may do.
        fault: asked for each request by its number, from 0.
        calls: all requests so far; `received`: bytes of blobs.
        blobs_at: address of another server, to which downloads are redirected.
    """

    def __init__(self) -> None:
        self.address = ""
        self.sign_in: Literal["none", "basic", "token", "ecr"] = "none"
        self.passwords = {PASSWORD}
        self.is_public = False
        self.tokens: dict[str, frozenset[str]] = {}
        self.expires_in: object = 300
        self.mounts = self.lists_referrers = True
        self.immutable: bool | set[str] = False
        """Of every tag, or of the tags of the repositories that are named."""
        self.missing: set[str] = set()
        """Repositories that nobody has made; every other one is there."""
        self.forgets_uploads = self.misreports = False
        self.takes_one_patch = False
        self.blobs_at = ""
        self.repositories: dict[str, Repository] = {}
        self.fault: Callable[[int, Call], Fault | None] = lambda _number, _call: None
        self.calls: list[Call] = []
        self.received = self.begun_uploads = 0
        self.lock = threading.RLock()

    def repository(self, name: str) -> Repository:
        return self.repositories.setdefault(name, Repository())

    def store(self, name: str, content: bytes) -> str:
        self.repository(name).blobs[digest_of(content)] = content
        return digest_of(content)

    def put(self, name: str, tag: str, media_type: str, content: bytes) -> str:
        digest = digest_of(content)
        self.repository(name).manifests[digest] = (media_type, content)
        if tag:
            self.repository(name).tags[tag] = digest
        return digest

    @property
    def asked(self) -> list[str]:
        """The methods and paths of all calls."""
        return [f"{call.method} {call.path}" for call in self.calls]

    # --- what a request is answered with

    def begin(self, call: Call) -> Fault | None:
        """Note a request, and tell its fault."""
        with self.lock:
            self.calls.append(call)
            return self.fault(len(self.calls) - 1, call)

    def receive(self, call: Call, part: bytes) -> None:
        """Bytes of an upload arrive; a stream is stored as it comes, also if it breaks off later."""
        with self.lock:
            found = PATH.fullmatch(call.path)
            self.received += len(part) if found and found["kind"] == "blobs/uploads" else 0
            if call.method == "PATCH" and found and not self.forgets_uploads:
                upload = self.repository(found["name"]).uploads.get(found["rest"])
                if upload is not None and not (self.takes_one_patch and "content-range" in call.headers):
                    upload += part

    def answer(self, call: Call, body: bytes) -> Reply:
        """Do what is asked."""
        with self.lock:
            if call.path == "/token":
                return self._token(call, body)
            if refused := self.require_sign_in(call):
                return refused
            found = PATH.fullmatch(call.path)
            if found is None:
                return refusal(404, "UNSUPPORTED", "no such path")
            name, kind, rest = found["name"], found["kind"], found["rest"]
            if name in self.missing:
                return refusal(404, "NAME_UNKNOWN", f"The repository with name '{name}' does not exist")
            if kind == "blobs/uploads":
                return self._upload(name, rest, call, body)
            if kind == "blobs":
                return self._blob(name, rest, call)
            if kind == "referrers":
                return self._referrers(name, rest)
            return self._manifest(name, rest, call, body)

    def require_sign_in(self, call: Call) -> Reply | None:
        """The refusal of a request that is not signed in; looked at before a body is read, as registries do."""
        if self.sign_in == "none" or call.path == "/token":
            return None
        given = call.headers.get("authorization", "")
        found = PATH.fullmatch(call.path)
        name = found["name"] if found else ""
        if self.sign_in == "token":
            needs = "pull" if call.method in ("GET", "HEAD") else "push"
            if f"{name}:{needs}" in self.tokens.get(given.removeprefix("Bearer "), ()):
                return None
            actions = "pull" if needs == "pull" else "pull,push"
            wanted = f'Bearer realm="{self.address}/token",service="fake",scope="repository:{name}:{actions}"'
            return refusal(401, "UNAUTHORIZED", "authentication required", **{"WWW-Authenticate": wanted})
        if given in {basic(USER, one) for one in self.passwords}:
            return None
        if self.sign_in == "ecr" and given:
            return refusal(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        return refusal(401, "UNAUTHORIZED", "authentication required", **{"WWW-Authenticate": 'Basic realm="fake"'})

    def _token(self, call: Call, body: bytes) -> Reply:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        scopes = parse_qs(urlsplit(call.target).query).get("scope", []) + form.get("scope", "").split()
        given = call.headers.get("authorization", "")
        is_user = given in {basic(USER, one) for one in self.passwords} or form.get("refresh_token") in self.passwords
        if not is_user and (given or form or not self.is_public):
            return Reply(401, {}, b'{"details": "incorrect username or password"}')
        token = f"invented-token-{len(self.tokens)}"
        allowed = set()
        for scope in scopes:
            _, name, actions = scope.split(":")
            allowed |= {f"{name}:{action}" for action in actions.split(",") if action == "pull" or is_user}
        self.tokens[token] = frozenset(allowed)
        return Reply(200, {}, json.dumps({"token": token, "expires_in": self.expires_in}).encode())

    def _upload(self, name: str, rest: str, call: Call, body: bytes) -> Reply:
        repository = self.repository(name)
        if call.method == "POST":
            source = self.repositories.get(call.query.get("from", ""))
            mounted = call.query.get("mount", "")
            if self.mounts and source and mounted in source.blobs:
                repository.blobs[mounted] = source.blobs[mounted]
                return Reply(201, {"Location": f"/v2/{name}/blobs/{mounted}", "Docker-Content-Digest": mounted})
            self.begun_uploads += 1
            identifier = f"upload-{self.begun_uploads}"
            repository.uploads[identifier] = bytearray()
            return Reply(202, self._state(name, identifier))
        upload = repository.uploads.get(rest)
        if upload is None:
            return refusal(404, "BLOB_UPLOAD_UNKNOWN", f"blob upload {NOT_FOUND}")
        if call.method == "GET":
            return Reply(204, self._state(name, rest))
        if call.method == "PATCH":
            return Reply(202, self._state(name, rest))
        if call.method != "PUT":
            return refusal(405, "UNSUPPORTED", "method not allowed")
        content, digest = bytes(upload) + body, call.query.get("digest", "")
        if digest_of(content) != digest:
            return refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        del repository.uploads[rest]
        repository.blobs[digest] = content
        return Reply(201, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})

    def _state(self, name: str, identifier: str) -> dict[str, str]:
        end = max(0, len(self.repository(name).uploads[identifier]) - 1) + (7 if self.misreports else 0)
        return {"Location": f"/v2/{name}/blobs/uploads/{identifier}?_state={STATE}", "Range": f"0-{end}"}

    def _blob(self, name: str, digest: str, call: Call) -> Reply:
        content = self.repository(name).blobs.get(digest)
        if content is None:
            return refusal(404, "BLOB_UNKNOWN", f"blob {NOT_FOUND}")
        if self.blobs_at and call.method == "GET":
            return Reply(307, {"Location": f"{self.blobs_at}/v2/{name}/blobs/{digest}?X-Amz-Signature={STATE}"})
        headers = {"Docker-Content-Digest": digest, "Content-Type": "application/octet-stream"}
        if begin := call.headers.get("range", "").removeprefix("bytes=").removesuffix("-"):
            return Reply(206, headers, content[int(begin) :])
        return Reply(200, headers, content)

    def _manifest(self, name: str, reference: str, call: Call, body: bytes) -> Reply:
        repository = self.repository(name)
        if call.method == "PUT":
            return self._put_manifest(name, reference, call, body)
        found = repository.manifests.get(repository.tags.get(reference, reference))
        if found is None:
            return refusal(404, "MANIFEST_UNKNOWN", f"manifest {NOT_FOUND}")
        return Reply(200, {"Content-Type": found[0], "Docker-Content-Digest": digest_of(found[1])}, found[1])

    def _put_manifest(self, name: str, reference: str, call: Call, body: bytes) -> Reply:
        repository, document = self.repository(name), json.loads(body)
        parts = [document.get("config"), *document.get("layers", ())]
        if missing := [one["digest"] for one in parts if one and one["digest"] not in repository.blobs]:
            return refusal(400, "MANIFEST_BLOB_UNKNOWN", f"{missing[0]} is missing")
        is_tag = not reference.startswith("sha256:")
        immutable = name in self.immutable if isinstance(self.immutable, set) else self.immutable
        if immutable and is_tag and reference in repository.tags:
            text = f"The image tag '{reference}' already exists in the '{name}' repository and cannot be overwritten "
            return refusal(400, "TAG_INVALID", f"{text}because the tag is immutable.")
        digest = self.put(name, reference if is_tag else "", call.headers["content-type"], body)
        subject = (document.get("subject") or {}).get("digest", "")
        listed = {"OCI-Subject": subject} if subject and self.lists_referrers else {}
        return Reply(201, {"Docker-Content-Digest": digest, **listed})

    def _referrers(self, name: str, digest: str) -> Reply:
        if not self.lists_referrers:
            return refusal(404, "UNSUPPORTED", "no such path")
        found = []
        for one, (media_type, content) in self.repository(name).manifests.items():
            document = json.loads(content)
            if (document.get("subject") or {}).get("digest") == digest:
                kind = document.get("artifactType") or document["config"]["mediaType"]
                found.append({"mediaType": media_type, "digest": one, "size": len(content), "artifactType": kind})
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode()
        return Reply(200, {"Content-Type": INDEX}, body)


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"

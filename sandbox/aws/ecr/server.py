"""Registries as ECR is one: its sign-in, repositories that must exist, tags that may be immutable.

    python -m sandbox.aws.ecr.server 127.77.0.1:80 http://127.0.0.1:4566

What it lets through goes to ministack, which keeps layers and manifests. Below the prefix of repositories that a query
names (`?repository=erp/`), `POST /_expired/on` makes every sign-in an expired one and `/_expired/off` ends that;
`POST /_drop/before` and `/_drop/after` break the connection of the next manifest, before or after it is stored.
`GET /_log` lists the newest requests as [method, path], so that a test can count the writes among them.

A sign-in that the fault proxy gave to a role is good for what the role's policies allow; the proxy is asked each time.
It is good in the region for which it was given. Further hosts, two of them no ECR: `sandbox.aws.ecr.hosts`.
"""

import re
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientSession, ClientTimeout, StreamReader, TCPConnector, web

from sandbox.aws.ecr import hosts, referrers
from sandbox.aws.ecr.hosts import Host
from sandbox.aws.ecr.sign_in import Tokens, ecr_password, is_user
from sandbox.aws.iam.required_actions import registry_need
from sandbox.aws.json_protocol import ECR, call
from sandbox.endpoints import ACCOUNT, REGION, REGISTRY_HOST

PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>blobs|manifests|referrers|tags)/(?P<reference>.*)")
OF_A_ROLE = re.compile(r"(?P<port>[0-9]+)-[0-9a-f]+")
"""A password of the fault proxy; the number leads to its lane."""
HOP_BY_HOP = {"transfer-encoding", "connection"}
NOT_FORWARDED = HOP_BY_HOP | {"authorization", "content-length", "expect"}
CHUNK = 1 << 16
READING = ("GET", "HEAD")
REMEMBERED = 20_000
"""Requests that the log keeps: more than a test makes between two looks."""


def refusal(status: int, code: str, message: str, **headers: str) -> web.Response:
    """An error in the registry's form (OCI distribution specification)."""
    body = {"errors": [{"code": code, "message": message, "detail": {}}]}
    return web.json_response(
        body, status=status, headers={"Docker-Distribution-Api-Version": "registry/2.0", **headers}
    )


class Front:
    """The front before one stand-in."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: ClientSession | None = None
        self.expired: set[str] = set()
        self.drops: dict[str, str] = {}
        self.log: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._tokens = Tokens()

    async def lifetime(self, _: web.Application) -> AsyncIterator[None]:
        """Keep one session while the server runs."""
        self._session = ClientSession(
            connector=TCPConnector(limit=0), timeout=ClientTimeout(total=None), auto_decompress=False
        )
        yield
        await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Check a request as ECR does, then let it through."""
        self.log.append((request.method, request.path))
        host = hosts.HOSTS.get(request.host, hosts.OWN)
        if host.sign_in == "token" and request.path == "/token":
            return await self._tokens.give(request)
        match = PATH.fullmatch(request.path)
        repository = hosts.stored_as(host, match["repository"]) if match else ""
        refused = await self._check_sign_in(request, host, match)
        if refused is None and match:
            refused = await self._check_repository(request, repository, match["kind"], match["reference"])
        if (
            refused is None
            and match
            and request.method not in READING
            and hosts.is_read_only(host, match["repository"])
        ):
            refused = refusal(405, "UNSUPPORTED", "this registry is only pulled from")
        if refused is not None:
            return refused
        if match and match["kind"] == "referrers":
            return await self._referrers(repository, match["reference"], request.query.get("artifactType", ""))
        is_manifest = request.method == "PUT" and match is not None and match["kind"] == "manifests"
        drop = self._drop(match["repository"]) if is_manifest and match else ""
        if drop == "before":
            return _broken(request)
        path = f"/v2/{repository}/{match['kind']}/{match['reference']}" if match else request.raw_path
        own = match is None or repository == match["repository"]
        answer = await self._forward(request, request.raw_path if own else path, streamed=not drop)
        return _broken(request) if drop else answer

    async def _referrers(self, repository: str, digest: str, artifact_type: str) -> web.Response:
        """What names an image as its subject; the stand-in has no such path."""
        _, listed = await self._ecr("ListImages", {"repositoryName": repository})
        known = [{"imageDigest": one["imageDigest"]} for one in listed.get("imageIds", ())]
        _, found = await self._ecr("BatchGetImage", {"repositoryName": repository, "imageIds": known})
        body = referrers.index_of(found.get("images", ()), digest, artifact_type)
        return web.Response(body=body, headers={"Content-Type": referrers.OCI_INDEX})

    def _drop(self, repository: str) -> str:
        """When the connection of this manifest breaks, told once; empty: never."""
        prefix = next((prefix for prefix in self.drops if repository.startswith(prefix)), None)
        return "" if prefix is None else self.drops.pop(prefix)

    async def _check_sign_in(
        self, request: web.Request, host: Host, match: re.Match[str] | None
    ) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        if host.sign_in == "basic":
            wanted = {"Www-Authenticate": f'Basic realm="{host.name}"'}
            return None if is_user(given) else refusal(401, "UNAUTHORIZED", "authentication required", **wanted)
        if host.sign_in == "token":
            scope = f',scope="repository:{match["repository"]}:pull"' if match else ""
            wanted = {"Www-Authenticate": f'Bearer realm="http://{host.name}/token",service="{host.name}"{scope}'}
            known = self._tokens.knows(given)
            return None if known else refusal(401, "UNAUTHORIZED", "authentication required", **wanted)
        return await self._check_ecr_sign_in(request, host, match)

    async def _check_ecr_sign_in(
        self, request: web.Request, host: Host, match: re.Match[str] | None
    ) -> web.Response | None:
        repository = match["repository"] if match else ""
        realm = {"Www-Authenticate": f'Basic realm="http://{request.host}/",service="ecr.amazonaws.com"'}
        given = request.headers.get("Authorization")
        if not given:
            return refusal(401, "UNAUTHORIZED", "Not Authorized", **realm)
        if repository and any(repository.startswith(prefix) for prefix in self.expired):
            return refusal(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        password = ecr_password(given, host.region)
        if role := OF_A_ROLE.fullmatch(password):
            return await self._check_role(request, host, match, role)
        _, answer = await self._ecr("GetAuthorizationToken", {})
        right = ecr_password(f"Basic {answer['authorizationData'][0]['authorizationToken']}", REGION)
        if not password or password != right:
            return refusal(401, "UNAUTHORIZED", "authentication required", **realm)
        return None

    async def _check_role(
        self, request: web.Request, host: Host, match: re.Match[str] | None, role: re.Match[str]
    ) -> web.Response | None:
        assert self._session is not None
        place = f"{host.region}:{host.account}"
        need = registry_need(request.method, match["kind"], match["repository"], place) if match else None
        question = {
            "password": role[0],
            "action": need.action if need else "",
            "resource": need.resource if need else "",
        }
        async with self._session.post(f"http://127.0.0.1:{role['port']}/_iam/registry", json=question) as answer:
            decided = await answer.json()
        if not decided["known"]:
            return refusal(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        return refusal(403, "DENIED", decided["refused"]) if decided["refused"] else None

    async def _check_repository(
        self, request: web.Request, repository: str, kind: str, reference: str
    ) -> web.Response | None:
        status, answer = await self._ecr("DescribeRepositories", {"repositoryNames": [repository]})
        if status >= 400:  # noqa: PLR2004 - an error
            text = f"The repository with name '{repository}' does not exist in the registry with id '{ACCOUNT}'"
            return refusal(404, "NAME_UNKNOWN", text)
        immutable = answer["repositories"][0].get("imageTagMutability") == "IMMUTABLE"
        if request.method == "PUT" and kind == "manifests" and immutable:
            status, found = await self._ecr(
                "BatchGetImage", {"repositoryName": repository, "imageIds": [{"imageTag": reference}]}
            )
            if found.get("images"):
                return refusal(
                    400,
                    "TAG_INVALID",
                    f"The image tag '{reference}' already exists in the '{repository}' repository and cannot be "
                    "overwritten because the tag is immutable.",
                )
        return None

    async def _forward(self, request: web.Request, path: str, *, streamed: bool) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_FORWARDED}
        # The stand-in takes the account from the name of the host.
        headers["Host"] = REGISTRY_HOST
        body: bytes | StreamReader | None = request.content if request.can_read_body else None
        subject = ""
        if request.method == "PUT" and "/manifests/" in path:
            body = manifest = await request.read()
            subject = referrers.subject_of(manifest)
        async with self._session.request(
            request.method, self._upstream + path, data=body, headers=headers, allow_redirects=False
        ) as upstream:
            kept = {name: value for name, value in upstream.headers.items() if name.lower() not in HOP_BY_HOP}
            if subject and upstream.status < 300:  # noqa: PLR2004 - it is stored
                # By this header a registry says that it lists the manifest by itself.
                kept["OCI-Subject"] = subject
            answer = web.StreamResponse(status=upstream.status, headers=kept)
            if not streamed:
                await upstream.read()
                return answer
            await answer.prepare(request)
            async for chunk in upstream.content.iter_chunked(CHUNK):
                await answer.write(chunk)
            await answer.write_eof()
            return answer

    async def _ecr(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert self._session is not None
        return await call(self._session, self._upstream, ECR, operation, body)


def _broken(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def application(upstream: str) -> web.Application:
    """The server with its control routes."""
    front = Front(upstream)

    async def expire(request: web.Request) -> web.Response:
        change = front.expired.add if request.match_info["state"] == "on" else front.expired.discard
        change(request.query.get("repository", ""))
        return web.Response()

    async def drop(request: web.Request) -> web.Response:
        front.drops[request.query.get("repository", "")] = request.match_info["when"]
        return web.Response()

    async def log(_: web.Request) -> web.Response:
        return web.json_response(list(front.log))

    app = web.Application(client_max_size=2**33)
    app.cleanup_ctx.append(front.lifetime)
    app.router.add_post("/_expired/{state:on|off}", expire)
    app.router.add_get("/_log", log)
    app.router.add_post("/_drop/{when:before|after}", drop)
    app.router.add_route("*", "/{path:.*}", front.handle)
    return app


def main() -> None:
    """Listen until the end."""
    host, _, port = sys.argv[1].rpartition(":")
    web.run_app(application(sys.argv[2]), host=host, port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main()

"""AWS as a run sees it: ministack behind a proxy that fails on demand and answers what ministack cannot.

Calls of CodeBuild go to `sandbox.aws.codebuild`, which runs builds.

    python -m sandbox.aws.fault_proxy.server http://127.0.0.1:4566 /folder/with/eks/descriptions 4600 4601

Each port is a lane: what is scripted and logged there is not seen on another.

    POST /_faults      {"match": "UpdateFunctionCode", "target": "pattern of path and body", "steps": [..], "then": ..}
    DELETE /_faults    forget all rules, all scripted scans and the log
    GET /_faults/log   what was called: operation, step, path
    POST /_scans       {"repository": "erp/a-service", "digest": null, "answers": [...]}
    POST /_targets     {"group": ARN of a target group, "targets": {"10.0.0.7:8080": "unhealthy"}}
    DELETE /_scans     forget the scripted scans, with ?repository=erp/a-service those of one repository

    GET /_iam/log?role=ARN    what was decided for a role (`sandbox.aws.iam.enforcement`); kept until the server ends

Every call is first checked against the policies of its caller's role; the account's own key may do everything.

A step is {"error": code, "status": 400, "message": ...}, {"http": 500}, {"drop": "before" | "after"}, {"json": {...}},
{"delay": seconds}, {"merge": {...}} or {}; after the last one calls pass, or with "then": "sticky" it repeats.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from sandbox.aws.fault_proxy import tokens
from sandbox.aws.fault_proxy.image_resolution import RESOLVED, Resolution
from sandbox.aws.fault_proxy.image_scans import Scans
from sandbox.aws.fault_proxy.scripted_faults import ScriptedFaults
from sandbox.aws.fault_proxy.target_health import DESCRIBE_TARGET_HEALTH, Targets
from sandbox.aws.iam.enforcement import Caller, Guard, denial
from sandbox.aws.iam.required_actions import CODEARTIFACT_TOKEN, PUBLIC_TOKEN, needs, signed_region
from sandbox.aws.json_protocol import AWS_JSON, CODEBUILD, ECR, aws_error, call, forward
from sandbox.endpoints import ACCOUNT, CODEBUILD_ADDRESS

REST = (
    (re.compile(r"PUT /2015-03-31/functions/[^/]+/code"), "UpdateFunctionCode"),
    (re.compile(r"GET /2015-03-31/functions/[^/]+"), "GetFunction"),
    (re.compile(r"POST /2015-03-31/functions"), "CreateFunction"),
    (re.compile(r"POST /2015-03-31/functions/[^/]+/invocations"), "Invoke"),
    (re.compile(r"GET /clusters/[^/]+"), "DescribeCluster"),
    (re.compile(r"POST /v1/authorization-token"), CODEARTIFACT_TOKEN),
)
"""REST operations that a run uses; every other protocol names its operation itself."""

DRY_RUN = "DryRunOfUpdate"
"""An update that only asks for the permission. The stand-in would perform it, so the proxy answers."""
FIXED: dict[str, dict[str, Any]] = {
    DRY_RUN: {},
    "BatchGetRepositoryScanningConfiguration": {
        "scanningConfigurations": [{"scanOnPush": True, "scanFrequency": "SCAN_ON_PUSH"}],
        "failures": [],
    },
    "GetRegistryScanningConfiguration": {"registryId": ACCOUNT, "scanningConfiguration": {"scanType": "BASIC"}},
    "ListActionExecutions": {"actionExecutionDetails": []},
}
"""Answers that are always the same: the registry scans on push, and no pipeline has run. A test scripts another one by
a step."""

PUBLIC_REGISTRY = "SpencerFrontendService"
"""How the public registry of AWS names itself in its protocol."""


def operation_of(request: web.Request, body: bytes) -> str:
    """The name of the operation that a request calls."""
    if target := request.headers.get("X-Amz-Target"):
        is_public = target.startswith(PUBLIC_REGISTRY) and target.endswith(".GetAuthorizationToken")
        return PUBLIC_TOKEN if is_public else target.rpartition(".")[2]
    if "x-www-form-urlencoded" in request.headers.get("Content-Type", ""):
        return parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
    if action := request.query.get("Action"):
        return action
    line = f"{request.method} {request.path.rstrip('/')}"
    name = next((name for pattern, name in REST if pattern.fullmatch(line)), line)
    return DRY_RUN if name == "UpdateFunctionCode" and b'"DryRun": true' in body else name


class Proxy:
    """The proxy before one stand-in."""

    def __init__(self, upstream: str, clusters: Path, port: int, codebuild: str) -> None:
        self._upstream = upstream
        self._codebuild = codebuild
        self._clusters = clusters
        self._port = port
        self._session: ClientSession | None = None
        self._guard: Guard | None = None
        self.rules = ScriptedFaults()
        self.scans = Scans(self._ecr)
        self.targets = Targets()
        self.resolution = Resolution(self._ecr)
        self.log: list[dict[str, Any]] = []

    async def lifetime(self, _: web.Application) -> AsyncIterator[None]:
        """Keep one session while the server runs."""
        self._session = ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=600))
        self._guard = Guard(self._session, self._upstream, self._port)
        yield
        await self._session.close()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call of AWS: by the scripted step, by ourselves, or by the stand-in."""
        body = await request.read()
        operation = operation_of(request, body)
        caller = await self.guard.caller(request)
        if caller is None:
            return denial(request, body, "The security token included in the request is invalid.", known=False)
        wanted = needs(request, operation, body, enhanced=self.rules.scans_enhanced)
        if refused := await self.guard.refused(caller, wanted):
            self.log.append({"time": time.time(), "operation": operation, "path": request.path, "refused": refused})
            return denial(request, body, refused)
        step = self.rules.step(operation, f"{request.path} {body.decode('utf-8', 'replace')}")
        self.log.append({"time": time.time(), "operation": operation, "path": request.path, "step": step})
        await asyncio.sleep(step.get("delay", 0))
        if step.get("drop") == "before":
            return _broken(request)
        scripted = _scripted(step)
        answer = scripted if scripted is not None else await self._answer(request, operation, body, caller)
        if step.get("drop") == "after":
            # The write has happened, its answer is lost.
            return _broken(request)
        if "merge" in step and answer.status == 200:  # noqa: PLR2004 - OK
            assert isinstance(answer.body, bytes)
            return web.json_response({**json.loads(answer.body), **step["merge"]})
        return answer

    @property
    def guard(self) -> Guard:
        """The enforcement, while the server runs."""
        assert self._guard is not None
        return self._guard

    async def _answer(self, request: web.Request, operation: str, body: bytes, caller: Caller) -> web.Response:
        if operation == "DescribeCluster":
            return self._cluster(request.path.rpartition("/")[2])
        if operation in ("DescribeImageScanFindings", "StartImageScan"):
            ask = self.scans.start if operation == "StartImageScan" else self.scans.describe
            found = await ask(json.loads(body))
            if "Error" in found:
                return aws_error(found["Error"]["Code"], found["Error"].get("Message", ""))
            return web.json_response(found, content_type=AWS_JSON)
        is_of_targets, password = operation == DESCRIBE_TARGET_HEALTH, partial(self.guard.password, caller)
        if own := self.targets.describe(body) if is_of_targets else tokens.own_answer(operation, password):
            return own
        if operation in FIXED:
            return web.json_response(FIXED[operation], content_type=AWS_JSON)
        assert self._session is not None
        is_build = request.headers.get("X-Amz-Target", "").startswith(CODEBUILD)
        answer = await forward(self._session, self._codebuild if is_build else self._upstream, request, body)
        if operation in RESOLVED:
            return await self.resolution.shown(request.path, body, answer)
        if operation == "GetAuthorizationToken" and answer.status == 200:  # noqa: PLR2004 - OK
            token = self.guard.sign_in(caller) if caller.role else ""
            return tokens.of_registry(answer, token, signed_region(request))
        return answer

    def _cluster(self, name: str) -> web.Response:
        description = self._clusters / f"{name}.json"
        if not description.is_file():
            return aws_error("ResourceNotFoundException", f"No cluster found for name: {name}.", 404)
        return web.json_response(json.loads(description.read_text(encoding="utf-8")))

    async def _ecr(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert self._session is not None
        return await call(self._session, self._upstream, ECR, operation, body)


def _scripted(step: dict[str, Any]) -> web.Response | None:
    if "error" in step:
        code = step["error"]
        return aws_error(code, step.get("message", f"{code} (scripted)"), step.get("status", 400))
    if "http" in step:
        return web.Response(status=step["http"], text="<html>scripted</html>", content_type="text/html")
    return web.json_response(step["json"]) if "json" in step else None


def _broken(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


class Control:
    """The routes by which tests script the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    async def add_rule(self, request: web.Request) -> web.Response:
        """Script faults; the newest rule is asked first."""
        self._proxy.rules.rules.insert(0, await request.json())
        return web.Response()

    async def add_scans(self, request: web.Request) -> web.Response:
        """Script scan answers."""
        wanted = await request.json()
        self._proxy.scans.script(wanted["repository"], wanted.get("digest"), wanted["answers"])
        return web.Response()

    async def register_targets(self, request: web.Request) -> web.Response:
        """Say which targets a group has."""
        wanted = await request.json()
        self._proxy.targets.register(wanted["group"], wanted["targets"])
        return web.Response()

    async def clear_scans(self, request: web.Request) -> web.Response:
        """Forget scripted scan answers."""
        self._proxy.scans.clear(request.query.get("repository"))
        return web.Response()

    async def clear(self, _: web.Request) -> web.Response:
        """Forget all scripts and the log."""
        self._proxy.rules.rules.clear()
        self._proxy.scans.clear()
        self._proxy.targets.groups.clear()
        self._proxy.log.clear()
        return web.Response()

    async def log(self, _: web.Request) -> web.Response:
        """What was called since the last clear."""
        return web.json_response(self._proxy.log)

    async def registry(self, request: web.Request) -> web.Response:
        """The registry's question about a sign-in."""
        return await self._proxy.guard.registry(request)

    async def decisions(self, request: web.Request) -> web.Response:
        """What was decided for a role."""
        return await self._proxy.guard.log(request)


def application(upstream: str, clusters: Path, port: int, codebuild: str = CODEBUILD_ADDRESS) -> web.Application:
    """The server of one lane with its control routes; `codebuild` is where builds are begun."""
    proxy = Proxy(upstream, clusters, port, codebuild)
    control = Control(proxy)
    app = web.Application(client_max_size=2**31)
    app.cleanup_ctx.append(proxy.lifetime)
    app.router.add_post("/_faults", control.add_rule)
    app.router.add_delete("/_faults", control.clear)
    app.router.add_get("/_faults/log", control.log)
    app.router.add_post("/_scans", control.add_scans)
    app.router.add_post("/_targets", control.register_targets)
    app.router.add_delete("/_scans", control.clear_scans)
    app.router.add_post("/_iam/registry", control.registry)
    app.router.add_get("/_iam/log", control.decisions)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    return app


async def serve(upstream: str, clusters: Path, ports: Sequence[int]) -> None:
    """Listen on every port, each with a proxy of its own, until the end."""
    for port in ports:
        runner = web.AppRunner(application(upstream, clusters, port), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Listen until the end."""
    upstream, clusters, *ports = sys.argv[1:]
    asyncio.run(serve(upstream, Path(clusters), [int(port) for port in ports]))


if __name__ == "__main__":
    main()

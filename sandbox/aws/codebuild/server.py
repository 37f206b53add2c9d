"""CodeBuild as a run sees it: builds are really run here, and everything else of CodeBuild is the stand-in's.

    python -m sandbox.aws.codebuild.server 127.0.0.1:4611 http://127.0.0.1:4566 /folder/for/builds

    POST /_builds/ways      {"project": name, "ways": [{"kind": "dies", "behind": "pushed "}]}: of the next ones
    GET /_builds/log/ID     what a build has printed
    GET /_health            the server is there

A build begins at once: StartBuild, BatchGetBuilds, ListBuildsForProject and StopBuild are answered as AWS answers them.
The source of a project is a path on this machine. When the server ends, no process of a build is left.
"""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.aws.codebuild.build import Way
from sandbox.aws.codebuild.builds import Builds, Document, RefusedError
from sandbox.aws.codebuild.projects import Projects
from sandbox.aws.codebuild.surroundings import CredentialsOf
from sandbox.aws.json_protocol import AWS_JSON, CODEBUILD, aws_error, call, forward
from sandbox.tenants.roles import credentials_of


class Server:
    """The server.

    Args:
        upstream: address of the stand-in.
        folder: for builds.
        credentials: the variables of a client that has taken on a role.
    """

    def __init__(self, upstream: str, folder: Path, credentials: CredentialsOf) -> None:
        self._upstream = upstream
        self._session: ClientSession | None = None
        self._projects = Projects()
        self.builds = Builds(folder, self._project, credentials)

    async def lifetime(self, _: web.Application) -> AsyncIterator[None]:
        """Keep one session while the server runs, and leave no process behind."""
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        try:
            yield
            await self.builds.end_all()
        finally:
            await self._session.close()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call of CodeBuild."""
        body = await request.read()
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        asked = json.loads(body or b"{}")
        try:
            answer = await self._own(operation, asked, f"http://{request.host}")
        except RefusedError as error:
            return aws_error(error.code, str(error))
        if answer is None:
            return await self._passed_on(operation, asked, request, body)
        return web.json_response(answer, content_type=AWS_JSON)

    async def _own(self, operation: str, asked: Document, endpoint: str) -> Document | None:
        """The answer to an operation; None for one that the stand-in answers."""
        match operation:
            case "StartBuild":
                return await self.builds.start(asked, endpoint)
            case "BatchGetBuilds":
                return self.builds.get(asked)
            case "StopBuild":
                return self.builds.stop(asked)
            case "ListBuildsForProject":
                return await self.builds.of_project(asked)
        return None

    async def _passed_on(self, operation: str, asked: Document, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        answer = await forward(self._session, self._upstream, request, body)
        if answer.status != web.HTTPOk.status_code:
            return answer
        self._projects.note(operation, asked)
        return self._projects.shown(answer)

    async def _project(self, name: str) -> Document | None:
        assert self._session is not None
        _, found = await call(self._session, self._upstream, CODEBUILD, "BatchGetProjects", {"names": [name]})
        return self._projects.whole(found["projects"][0]) if found.get("projects") else None


def application(upstream: str, folder: Path, credentials: CredentialsOf = credentials_of) -> web.Application:
    """The server with its control routes."""
    server = Server(upstream, folder, credentials)

    async def script(request: web.Request) -> web.Response:
        wanted = await request.json()
        server.builds.script(wanted["project"], [Way(**way) for way in wanted["ways"]])
        return web.Response()

    async def log(request: web.Request) -> web.Response:
        found = server.builds.log(request.match_info["id"])
        return web.Response(status=404) if found is None else web.Response(body=found, content_type="text/plain")

    async def health(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.cleanup_ctx.append(server.lifetime)
    app.router.add_post("/_builds/ways", script)
    app.router.add_get("/_builds/log/{id}", log)
    app.router.add_get("/_health", health)
    app.router.add_post("/{path:.*}", server.handle)
    return app


def main() -> None:
    """Listen until the end."""
    address, upstream, folder = sys.argv[1:]
    host, _, port = address.rpartition(":")
    app = application(upstream, Path(folder))
    web.run_app(app, host=host, port=int(port), print=None, access_log=None, shutdown_timeout=1.0)


if __name__ == "__main__":
    main()

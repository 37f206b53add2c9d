"""The builds of the account: begun as processes, looked at, stopped, and gone wrong as a test has asked for."""

import asyncio
import json
import signal
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.aws.codebuild.build import LOG, WORKS, Build, Status, Way
from sandbox.aws.codebuild.surroundings import CredentialsOf, environment_of, variables_of
from sandbox.aws.codebuild.worker import ORDER, Order
from sandbox.machine import processes
from sandbox.paths import ROOT

Document = dict[str, Any]
FindProject = Callable[[str], Awaitable[Document | None]]
TOKEN_LASTS_S = 300.0
"""Seconds in which a token begins no second build."""


class RefusedError(Exception):
    """A call that CodeBuild refuses, with its code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Builds:
    """All builds since the server began.

    Args:
        folder: each build gets a folder of its own in it.
        find: the project of a name; None: there is none.
        credentials: the variables of a client that has taken on the role of an ARN.
    """

    def __init__(self, folder: Path, find: FindProject, credentials: CredentialsOf) -> None:
        self._folder, self._find, self._credentials = folder, find, credentials
        self._builds: dict[str, Build] = {}
        self._numbers: Counter[str] = Counter()
        self._tokens: dict[str, tuple[float, str]] = {}
        self._ways: defaultdict[str, deque[Way]] = defaultdict(deque)
        self._running: set[asyncio.Task[None]] = set()

    def script(self, project: str, ways: Sequence[Way]) -> None:
        """Let the next builds of a project go so; those behind them work. What was scripted before is forgotten."""
        self._ways[project] = deque(ways)

    def log(self, build: str) -> bytes | None:
        """What a build has printed; None: there is none."""
        one = self._builds.get(build)
        return one.log if one else None

    async def start(self, asked: Document, endpoint: str) -> Document:
        """StartBuild; `endpoint` is the address of AWS that the build's commands get."""
        name = str(asked["projectName"])
        project = await self._project(name)
        if known := self._begun(str(asked.get("idempotencyToken") or "")):
            return {"build": known.document()}
        location = project["source"].get("location", "")
        if not location:
            raise RefusedError("InvalidInputException", f"a build of {name} has no source of its own to begin with")
        limit = int(project.get("concurrentBuildLimit") or 0)
        if limit and len(self._going_on(name)) >= limit:
            raise RefusedError("AccountLimitExceededException", f"Cannot have more than {limit} builds in queue")
        self._numbers[name] += 1
        way = self._ways[name].popleft() if self._ways[name] else WORKS
        build = Build(project, asked, self._numbers[name], self._folder, way, environment_of(project, asked))
        # From here on another call knows it: what follows waits.
        self._builds[build.id] = build
        if token := asked.get("idempotencyToken"):
            self._tokens[str(token)] = (time.monotonic(), build.id)
        task = asyncio.create_task(self._run(build, endpoint))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return {"build": build.document()}

    def get(self, asked: Document) -> Document:
        """BatchGetBuilds."""
        ids = [str(one) for one in asked["ids"]]
        unknown = [one for one in ids if one not in self._builds]
        found = [self._builds[one].document() for one in ids if one in self._builds]
        # Where all are known, nothing is said of others.
        return {"builds": found, **({"buildsNotFound": unknown} if unknown else {})}

    async def of_project(self, asked: Document) -> Document:
        """ListBuildsForProject: all of them on one page, the newest first."""
        name = (await self._project(str(asked["projectName"])))["name"]
        ids = [one.id for one in reversed(self._builds.values()) if one.project["name"] == name]
        return {"ids": ids} if ids else {}

    def stop(self, asked: Document) -> Document:
        """StopBuild; the build is told as stopped when its processes have ended."""
        build = self._builds.get(str(asked["id"]))
        if build is None:
            raise RefusedError("ResourceNotFoundException", f"Build cannot be found: {asked['id']}")
        if build.status == "IN_PROGRESS" and build.stopping is None:
            build.stopping = asyncio.create_task(build.end("STOPPED"))
        return {"build": build.document()}

    async def end_all(self) -> None:
        """End every build, and return when no process of any is left."""
        while running := set(self._running):
            going_on = [build for build in self._builds.values() if build.status == "IN_PROGRESS"]
            await asyncio.gather(*(build.end("STOPPED") for build in going_on))
            # One that has no process yet gets it, and is ended then.
            await asyncio.wait(running, timeout=0.1)

    async def _project(self, name: str) -> Document:
        project = await self._find(name)
        if project is None:
            raise RefusedError("ResourceNotFoundException", f"Project cannot be found: {name}")
        return project

    def _begun(self, token: str) -> Build | None:
        began, build = self._tokens.get(token, (0.0, ""))
        return self._builds.get(build) if build and time.monotonic() - began < TOKEN_LASTS_S else None

    def _going_on(self, project: str) -> list[Build]:
        return [one for one in self._builds.values() if one.project["name"] == project and one.status == "IN_PROGRESS"]

    async def _run(self, build: Build, endpoint: str) -> None:
        """Begin the process of a build, wait for its end, and say how it ended."""
        build.folder.mkdir(parents=True)
        try:
            credentials = await asyncio.to_thread(self._credentials, build.project["serviceRole"])
            process = await self._begin(build, variables_of(build, endpoint, credentials))
        except Exception as error:  # noqa: BLE001 - whatever it is, the build is broken and its log says why
            (build.folder / LOG).write_text(f"the build could not be begun: {error}\n", encoding="utf-8")
            status: Status = "FAULT"
        else:
            status = await self._ended(build, process)
        if build.stopping:
            await build.stopping
        # As the container of a build ends with everything in it.
        await build.end(status, grace=0)
        build.ended, build.status = time.time(), build.told or status

    async def _ended(self, build: Build, process: asyncio.subprocess.Process) -> Status:
        """Wait for the end of a build's process; returns what that end is by itself."""
        if build.told:
            # It was stopped before it had a process.
            await build.end(build.told, grace=0)
        gone_wrong = asyncio.create_task(self._go_wrong(build))
        try:
            code = await asyncio.wait_for(process.wait(), build.minutes * 60)
        except TimeoutError:
            await build.end("TIMED_OUT")
            return "TIMED_OUT"
        finally:
            gone_wrong.cancel()
        return "FAULT" if code < 0 else "FAILED" if code else "SUCCEEDED"

    async def _begin(self, build: Build, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
        order = Order(
            location=build.project["source"]["location"],
            version=build.asked.get("sourceVersion") or build.project.get("sourceVersion") or "",
            buildspec=build.asked.get("buildspecOverride") or build.project["source"].get("buildspec") or "",
            times=2 if build.way.kind == "twice" else 1,
        )
        (build.folder / ORDER).write_text(json.dumps(order._asdict()), encoding="utf-8")
        with (build.folder / LOG).open("wb") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sandbox.aws.codebuild.worker", str(build.folder)),
                cwd=ROOT,
                env=dict(variables),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _go_wrong(self, build: Build) -> None:
        """Do what its way says, when its log says that it is time."""
        if build.way.kind not in ("hangs", "dies", "lost"):
            return
        while build.way.behind.encode() not in build.log:  # noqa: ASYNC110 - nobody tells what a process prints
            await asyncio.sleep(0.01)
        if build.way.kind == "hangs":
            processes.send(signal.SIGSTOP, build.pids())
            return
        if build.way.kind == "lost":
            del self._builds[build.id]
        await build.end("FAULT", grace=0)

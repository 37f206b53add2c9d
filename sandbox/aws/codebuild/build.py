"""One build: what was asked for, its processes, and how CodeBuild tells of it."""

import asyncio
import json
import signal
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sandbox.aws.codebuild.worker import NOTES
from sandbox.endpoints import ACCOUNT, CODEBUILD_ADDRESS, REGION
from sandbox.machine import processes

LOG = "log"
BEFORE = ("SUBMITTED", "QUEUED", "PROVISIONING")
"""Phases that take no time here."""

LOG_VARIABLE = "CODEBUILD_LOG_PATH"
"""The variable by which the processes of a build are known: its commands and their children have it."""

STOP_GRACE_S = 8.0
"""Seconds between TERM and KILL: a program may put away what it has begun."""

Status = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"]


@dataclass(frozen=True, slots=True)
class Way:
    """How a build goes, where a test wants it to go wrong.

    Attributes:
        kind: `hangs` until it is stopped; `dies`, as a machine does; `lost`: dies, and nobody knows it any more;
            `twice`: does everything a second time.
        behind: what its log holds when that happens; empty: it happens at once.
    """

    kind: Literal["works", "hangs", "dies", "lost", "twice"] = "works"
    behind: str = ""


WORKS = Way()


def pids_of(stream: str) -> tuple[int, ...]:
    """The processes of the build whose log has this name."""
    return processes.carrying(f"{LOG_VARIABLE}={stream}")


@dataclass
class Build:
    """A build.

    Attributes:
        project: as CodeBuild tells it.
        asked: what StartBuild was asked.
        number: in the project.
        folder: of its own.
        way: how it goes.
        environment: of the project with the variables of the build, as CodeBuild tells it.
        status: as long as any process of it lives, `IN_PROGRESS`.
        told: what its end is to be called, where something else than its own commands ends it.
    """

    project: dict[str, Any]
    asked: dict[str, Any]
    number: int
    folder: Path
    way: Way = WORKS
    environment: dict[str, Any] = field(default_factory=dict)
    status: Status = "IN_PROGRESS"
    told: Status | None = None
    began: float = field(default_factory=time.time)
    ended: float = 0.0
    id: str = ""
    stopping: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self.id = f"{self.project['name']}:{uuid.uuid4()}"
        self.folder /= self.stream

    @property
    def stream(self) -> str:
        """The name of its log, which no other build has."""
        return self.id.rpartition(":")[2]

    @property
    def arn(self) -> str:
        """The build's ARN."""
        return f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{self.id}"

    @property
    def minutes(self) -> float:
        """How long it may take."""
        return float(self.asked.get("timeoutInMinutesOverride") or self.project.get("timeoutInMinutes") or 60)

    @property
    def log(self) -> bytes:
        """What it has printed so far."""
        file = self.folder / LOG
        return file.read_bytes() if file.exists() else b""

    def pids(self) -> tuple[int, ...]:
        """Its processes."""
        return pids_of(self.stream)

    async def end(self, status: Status, grace: float = STOP_GRACE_S) -> None:
        """End all its processes, by KILL those that do not end in time, and return when none is left."""
        self.told = self.told or status
        if grace:
            # One that hangs hears it too.
            processes.end_together(self.pids, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self.pids():
            if time.monotonic() >= deadline:
                processes.end_together(self.pids)
            await asyncio.sleep(0.05)

    def document(self) -> dict[str, Any]:
        """What BatchGetBuilds says of it."""
        notes = self._notes()
        is_over = self.status != "IN_PROGRESS"
        name = str(self.project["name"])
        found: dict[str, Any] = {
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.began,
            "currentPhase": "COMPLETED" if is_over else notes["current"] or BEFORE[-1],
            "buildStatus": self.status,
            "sourceVersion": self.asked.get("sourceVersion") or notes["commit"] or "HEAD",
            "projectName": name,
            "phases": self._phases(notes),
            "source": {**self.project["source"], **self._buildspec()},
            "artifacts": {"location": ""},
            "environment": self.environment,
            "serviceRole": self.project["serviceRole"],
            "logs": {
                "groupName": f"/aws/codebuild/{name}",
                "streamName": self.stream,
                "deepLink": f"{CODEBUILD_ADDRESS}/_builds/log/{self.id}",
                "cloudWatchLogs": {"status": "ENABLED"},
            },
            "timeoutInMinutes": int(self.minutes),
            "queuedTimeoutInMinutes": int(self.asked.get("queuedTimeoutInMinutesOverride") or 480),
            "buildComplete": is_over,
            "initiator": "sandbox",
        }
        if notes["commit"]:
            found["resolvedSourceVersion"] = notes["commit"]
        return {**found, "endTime": self.ended} if is_over else found

    def _buildspec(self) -> dict[str, str]:
        given = self.asked.get("buildspecOverride")
        return {"buildspec": given} if given else {}

    def _phases(self, notes: dict[str, Any]) -> list[dict[str, Any]]:
        """The phases so far; the one that something else has cut off has its status."""
        at = {"startTime": self.began, "endTime": self.began, "durationInSeconds": 0}
        phases = [{"phaseType": name, "phaseStatus": "SUCCEEDED", **at} for name in BEFORE]
        phases += notes["phases"]
        if self.status == "IN_PROGRESS":
            return phases
        if self.status not in ("SUCCEEDED", "FAILED"):
            cut = notes["current"] or BEFORE[-1]
            why = [{"statusCode": self.status, "message": f"the build was cut off: {self.status}"}]
            phases.append({"phaseType": cut, "phaseStatus": self.status, **at, "endTime": self.ended, "contexts": why})
        return [*phases, {"phaseType": "COMPLETED", "startTime": self.ended}]

    def _notes(self) -> dict[str, Any]:
        """What its process has written down."""
        file = self.folder / NOTES
        nothing = {"commit": "", "current": "", "phases": []}
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else nothing

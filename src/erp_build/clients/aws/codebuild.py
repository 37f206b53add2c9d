"""Workers: builds that CodeBuild begins for a run, each with a line of ours in the place of the project's buildspec.

| call | what is relied on |
|---|---|
| StartBuild | `sourceVersion` is the commit; the same `idempotencyToken` begins no second build within five minutes |
| BatchGetBuilds | a hundred builds a call; one that is not known is missing, and no error |
| StopBuild | of a build that has ended it changes nothing |
| BatchGetProjects | a project that is not known is missing, and no error |
| ListBuildsForProject | the newest builds first; with `sortOrder` it fails for a project of more than a hundred |
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, error_code, translate_aws_errors
from erp_build.clients.effects import WorkerRequest
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.config.codebuild import PLANNED_COMMIT
from erp_build.errors import BuildFailed, FleetFull
from erp_build.model.codepipeline import BuildProject
from erp_build.model.commit import is_full_commit
from erp_build.model.images.fleet import WorkerLook, WorkerState

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient

BUILDS_A_CALL = 100
"""Builds that BatchGetBuilds takes."""

LIMIT_REACHED = "AccountLimitExceededException"
"""CodeBuild's code where the account has no room, and where the project's own limit of builds is reached."""

FLEET_VARIABLE, ONLY_VARIABLE = "ERP_BUILD_FLEET", "ERP_BUILD_ONLY"
"""Variables of a worker: whom it works for, and for a buildspec of the repository the names of its services."""

MAX_NAMES_LENGTH = 5000
"""Letters of names that a worker's variable may have: all variables of a build together may have some 5,500."""

SHORTEST_MINUTES, LONGEST_MINUTES, LONGEST_QUEUED_MINUTES = 5, 2160, 480

STATES: Mapping[str, WorkerState] = {
    "IN_PROGRESS": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "FAULT": "broken",
    "TIMED_OUT": "timed out",
    "STOPPED": "stopped",
}

OWN_PHASE = "BUILD"
"""The phase in which our line runs: a failure of another one is the machine's or the source's."""


@reads_answers_of("CodeBuild", BuildFailed, UNREADABLE_OF_AWS)
class BuildFleet:
    """Begins builds of CodeBuild, looks at them, and stops them."""

    def __init__(self, client: "CodeBuildClient") -> None:
        self._client = client

    def start(self, request: WorkerRequest) -> str:
        """Begin a build and return its id; raises `FleetFull` where CodeBuild has no room for it now."""
        minutes = ceil(request.timeout / 60)
        asked: dict[str, Any] = {
            "projectName": request.project,
            "sourceVersion": request.commit,
            "buildspecOverride": request.buildspec or one_line_buildspec(request.names),
            "environmentVariablesOverride": _variables(request),
            # The images are the result, and no report of a worker's belongs into the run's own place.
            "artifactsOverride": {"type": "NO_ARTIFACTS"},
            # Where nobody stops it any more, CodeBuild itself does.
            "timeoutInMinutesOverride": min(max(minutes, SHORTEST_MINUTES), LONGEST_MINUTES),
            "queuedTimeoutInMinutesOverride": min(max(minutes, SHORTEST_MINUTES), LONGEST_QUEUED_MINUTES),
            "idempotencyToken": request.token,
        }
        with translate_aws_errors("codebuild:StartBuild", request.project, BuildFailed):
            try:
                return str(self._client.start_build(**asked)["build"]["id"])
            except ClientError as error:
                if error_code(error) != LIMIT_REACHED:
                    raise
                raise FleetFull(
                    "CodeBuild begins no further build now",
                    where=request.project,
                    why=str(error),
                    next_step="fewer `workers` in [build.fan_out], or a higher quota of the account",
                ) from error

    def project(self, name: str) -> BuildProject | None:
        """The project whose builds are to be workers, or None where there is none with this name."""
        with translate_aws_errors("codebuild:BatchGetProjects", name, BuildFailed):
            found: Any = self._client.batch_get_projects(names=[name])["projects"]
        return project_of_answer(name, found)

    def look(self, builds: Sequence[str]) -> Mapping[str, WorkerLook]:
        """Id of a build -> how it stands; one that CodeBuild does not know is missing."""
        return {str(one["id"]): _look(one) for one in self._asked(builds)}

    def unfinished(self, project: str, fleet: str) -> tuple[str, ...]:
        """The builds of a project that have not ended and work for a release; the newest hundred are looked at."""
        with translate_aws_errors("codebuild:ListBuildsForProject", project, BuildFailed):
            newest = self._client.list_builds_for_project(projectName=project).get("ids", [])[:BUILDS_A_CALL]
        wanted = {"name": FLEET_VARIABLE, "value": fleet}
        return tuple(
            str(one["id"])
            for one in self._asked(newest)
            if one["buildStatus"] == "IN_PROGRESS"
            and any(
                wanted == {name: variable.get(name) for name in wanted}
                for variable in one.get("environment", {}).get("environmentVariables", ())
            )
        )

    def stop(self, build: str) -> None:
        """Stop a build; one that is not known is left as it is."""
        with (
            translate_aws_errors("codebuild:StopBuild", build, BuildFailed),
            suppress(self._client.exceptions.ResourceNotFoundException),
        ):
            self._client.stop_build(id=build)

    def _asked(self, builds: Sequence[str]) -> Iterator[Any]:
        for first in range(0, len(builds), BUILDS_A_CALL):
            some = list(builds[first : first + BUILDS_A_CALL])
            with translate_aws_errors("codebuild:BatchGetBuilds", some[0].partition(":")[0], BuildFailed):
                found: Any = self._client.batch_get_builds(ids=some)["builds"]
            yield from found


def project_of_answer(name: str, found: Sequence[Any]) -> BuildProject | None:
    """The project that BatchGetProjects has found, or None where there is none with this name."""
    if not found:
        return None
    project = found[0]
    source, environment = project.get("source", {}), project.get("environment", {})
    return BuildProject(
        name=name,
        role=project.get("serviceRole", ""),
        privileged=bool(environment.get("privilegedMode")),
        # CodeBuild's own defaults where the project says nothing.
        timeout=60.0 * project.get("timeoutInMinutes", 60),
        source=source.get("type", ""),
        clone_depth=source.get("gitCloneDepth", 0),
        location=source.get("location", ""),
        image=environment.get("image", ""),
        machine=environment.get("type", ""),
        compute=environment.get("computeType", ""),
        at_once=project.get("concurrentBuildLimit"),
    )


def one_line_buildspec(names: Sequence[str]) -> str:
    """The buildspec of a worker, whose only command makes the images of these names; JSON is YAML.

    Where the project has a cache, Maven's repository is kept in it.
    """
    command = f"python -m erp_build build --only {shlex.join(names)}"
    cache = {"paths": ["/root/.m2/**/*"]}
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": [command]}}, "cache": cache})


def _variables(request: WorkerRequest) -> list[dict[str, str]]:
    given = {FLEET_VARIABLE: request.fleet, PLANNED_COMMIT: request.commit}
    found = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in given.items()]
    if not request.buildspec:
        return found
    names = " ".join(request.names)
    if len(names) > MAX_NAMES_LENGTH:
        raise BuildFailed(
            "the names of a worker's services do not fit into a variable",
            where=request.project,
            why=f"they have {len(names)} letters, and all variables of a build may have some 5,500",
            next_step="more `workers` in [build.fan_out], or no `buildspec` there",
        )
    return [*found, {"name": ONLY_VARIABLE, "value": names, "type": "PLAINTEXT"}]


def _look(build: Any) -> WorkerLook:
    state = STATES[build["buildStatus"]]
    failed = [phase for phase in build.get("phases", ()) if phase.get("phaseStatus") not in (None, "SUCCEEDED")]
    if state == "failed" and failed and failed[0]["phaseType"] != OWN_PHASE:
        state = "broken"
    said = (
        f"{phase['phaseType']}: {context.get('message') or context.get('statusCode', '')}"
        for phase in failed
        for context in phase.get("contexts", ())
    )
    commit = str(build.get("resolvedSourceVersion") or "").lower()
    return WorkerLook(
        state=state,
        why="; ".join(said),
        log=str(build.get("logs", {}).get("deepLink") or ""),
        commit=commit if is_full_commit(commit) else "",
        ready=_ready_after(build.get("phases", ())),
    )


def _ready_after(phases: Sequence[Any]) -> float:
    """Seconds of the phases before our own: the queue, the machine, the clone; 0 while that has not begun."""
    kinds = [phase["phaseType"] for phase in phases]
    before = phases[: kinds.index(OWN_PHASE)] if OWN_PHASE in kinds else ()
    return float(sum(phase.get("durationInSeconds", 0) for phase in before))

"""Builds of CodeBuild: what they are begun with, and what is made of the answers; the API's own model checks both."""

import json
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from erp_build.clients.aws.codebuild import MAX_NAMES_LENGTH, BuildFleet, one_line_buildspec
from erp_build.clients.effects import ImageRequest, WorkerRequest
from erp_build.errors import BuildFailed, FleetFull
from erp_build.model.codepipeline import BuildProject
from erp_build.model.images.fleet import WorkerLook
from erp_build.model.project import Service
from tests.contract.aws.conftest import stubbed

COMMIT, TOKEN = "a" * 40, "0123"
RUNNING = {"id": "erp-workers:1", "buildStatus": "IN_PROGRESS"}


@pytest.fixture
def fleet() -> tuple[BuildFleet, Stubber]:
    client, stub = stubbed("codebuild")
    return BuildFleet(client), stub


def image(name: str) -> ImageRequest:
    service = Service(name, f"backend/{name}", name, f"services.{name}")
    return ImageRequest(target=service, repository=f"erp/{name}", tag="aaaaaaa", commit=COMMIT, key="1" * 40)


def request(*names: str, buildspec: str = "", timeout: float = 1800.0) -> WorkerRequest:
    return WorkerRequest(
        project="erp-workers",
        fleet="erp-dev/erp-dev/erp",
        commit=COMMIT,
        images=tuple(map(image, names)),
        buildspec=buildspec,
        timeout=timeout,
        token=TOKEN,
    )


def asked(**other: Any) -> dict[str, Any]:
    """What StartBuild is asked for two services."""
    return {
        "projectName": "erp-workers",
        "sourceVersion": COMMIT,
        "buildspecOverride": one_line_buildspec(["a", "b"]),
        "environmentVariablesOverride": [
            {"name": "ERP_BUILD_FLEET", "value": "erp-dev/erp-dev/erp", "type": "PLAINTEXT"},
            {"name": "ERP_BUILD_COMMIT", "value": COMMIT, "type": "PLAINTEXT"},
        ],
        "artifactsOverride": {"type": "NO_ARTIFACTS"},
        "timeoutInMinutesOverride": 30,
        "queuedTimeoutInMinutesOverride": 30,
        "idempotencyToken": TOKEN,
        **other,
    }


def test_a_worker_has_the_commit_one_line_and_a_time_and_keeps_nothing(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_response("start_build", {"build": RUNNING}, asked())
    assert builds.start(request("a", "b")) == "erp-workers:1"


@pytest.mark.parametrize(("seconds", "minutes", "queued"), [(10.0, 5, 5), (61.0, 5, 5), (1e6, 2160, 480)])
def test_the_time_keeps_to_the_limits_of_codebuild(
    seconds: float, minutes: int, queued: int, fleet: tuple[BuildFleet, Stubber]
) -> None:
    builds, stub = fleet
    times = {"timeoutInMinutesOverride": minutes, "queuedTimeoutInMinutesOverride": queued}
    stub.add_response("start_build", {"build": RUNNING}, asked(**times))
    builds.start(request("a", "b", timeout=seconds))


def test_a_buildspec_of_the_repository_gets_the_names_as_a_variable(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    variables = [
        *asked()["environmentVariablesOverride"],
        {"name": "ERP_BUILD_ONLY", "value": "a b", "type": "PLAINTEXT"},
    ]
    changed = {"buildspecOverride": "ci/worker.yml", "environmentVariablesOverride": variables}
    stub.add_response("start_build", {"build": RUNNING}, asked(**changed))
    builds.start(request("a", "b", buildspec="ci/worker.yml"))


def test_more_names_than_a_variable_takes_are_refused_before_anything_is_begun(
    fleet: tuple[BuildFleet, Stubber],
) -> None:
    names = [f"service-{number:04}" for number in range(MAX_NAMES_LENGTH // 12)]
    with pytest.raises(BuildFailed, match="do not fit into a variable"):
        fleet[0].start(request(*names, buildspec="ci/worker.yml"))


def test_the_line_is_one_command_whatever_the_names_are() -> None:
    document = json.loads(one_line_buildspec(["a-service", "b; rm -rf /"]))
    assert document["version"] == 0.2
    (command,) = document["phases"]["build"]["commands"]
    assert shlex.split(command) == ["python", "-m", "erp_build", "build", "--only", "a-service", "b; rm -rf /"]


@pytest.mark.parametrize(
    ("code", "kind", "passes"),
    [
        ("AccountLimitExceededException", FleetFull, False),
        ("ThrottlingException", BuildFailed, True),
        ("InvalidInputException", BuildFailed, False),
        ("ResourceNotFoundException", BuildFailed, False),
    ],
)
def test_a_refusal_says_whether_it_passes(
    code: str, kind: type[BuildFailed], *, passes: bool, fleet: tuple[BuildFleet, Stubber]
) -> None:
    builds, stub = fleet
    stub.add_client_error("start_build", code, "no", 400)
    with pytest.raises(kind, match=r"CodeBuild|codebuild:StartBuild") as caught:
        builds.start(request("a"))
    assert type(caught.value) is kind
    assert caught.value.passes == passes


def test_a_missing_right_is_named(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    said = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: codebuild:StartBuild on resource: x"
    stub.add_client_error("start_build", "AccessDeniedException", said, 400)
    with pytest.raises(BuildFailed, match="codebuild:StartBuild is not allowed"):
        builds.start(request("a"))


@pytest.mark.parametrize(
    ("build", "look"),
    [
        ({}, WorkerLook(state="running")),
        ({"logs": {"deepLink": "https://logs"}}, WorkerLook(state="running", log="https://logs")),
        ({"buildStatus": "SUCCEEDED"}, WorkerLook(state="succeeded")),
        ({"buildStatus": "STOPPED"}, WorkerLook(state="stopped")),
        ({"resolvedSourceVersion": COMMIT}, WorkerLook(state="running", commit=COMMIT)),
        # What CodePipeline and S3 give is no commit.
        ({"resolvedSourceVersion": "arn:aws:s3:::artifacts/erp/Source/1"}, WorkerLook(state="running")),
        ({"buildStatus": "TIMED_OUT"}, WorkerLook(state="timed out")),
        ({"buildStatus": "FAULT"}, WorkerLook(state="broken")),
        (
            {
                "buildStatus": "FAILED",
                "phases": [
                    {"phaseType": "QUEUED", "phaseStatus": "SUCCEEDED", "durationInSeconds": 30},
                    {"phaseType": "DOWNLOAD_SOURCE", "phaseStatus": "SUCCEEDED", "durationInSeconds": 12},
                    {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [{"message": "exit status 4"}]},
                    {"phaseType": "COMPLETED"},
                ],
            },
            WorkerLook(state="failed", why="BUILD: exit status 4", ready=42.0),
        ),
        (
            {
                "buildStatus": "FAILED",
                "phases": [
                    {
                        "phaseType": "DOWNLOAD_SOURCE",
                        "phaseStatus": "CLIENT_ERROR",
                        "contexts": [{"statusCode": "CLIENT_ERROR"}],
                    }
                ],
            },
            WorkerLook(state="broken", why="DOWNLOAD_SOURCE: CLIENT_ERROR"),
        ),
    ],
)
def test_a_build_is_told_by_its_status_and_by_the_phase_that_failed(
    build: dict[str, Any], look: WorkerLook, fleet: tuple[BuildFleet, Stubber]
) -> None:
    builds, stub = fleet
    stub.add_response("batch_get_builds", {"builds": [{**RUNNING, **build}]}, {"ids": ["erp-workers:1"]})
    assert builds.look(["erp-workers:1"]) == {"erp-workers:1": look}


def test_a_build_that_is_not_known_is_missing(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_response("batch_get_builds", {"builds": [], "buildsNotFound": ["erp-workers:1"]}, {"ids": ANY})
    assert builds.look(["erp-workers:1"]) == {}


def test_a_hundred_builds_are_asked_for_at_once(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    names = [f"erp-workers:{number}" for number in range(150)]
    for some in (names[:100], names[100:]):
        stub.add_response("batch_get_builds", {"builds": [{**RUNNING, "id": name} for name in some]}, {"ids": some})
    assert len(builds.look(names)) == 150
    stub.assert_no_pending_responses()
    assert builds.look([]) == {}


def test_the_workers_of_a_release_are_found_by_their_variable(fleet: tuple[BuildFleet, Stubber]) -> None:
    def build(number: int, fleet: str | None, status: str = "IN_PROGRESS") -> dict[str, Any]:
        variables = [{"name": "ERP_BUILD_FLEET", "value": fleet, "type": "PLAINTEXT"}] if fleet else []
        environment = {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}
        return {
            "id": f"erp-workers:{number}",
            "buildStatus": status,
            "startTime": datetime(2026, 1, 1, tzinfo=UTC),
            "environment": {**environment, "environmentVariables": variables},
        }

    builds, stub = fleet
    found = [build(1, "ours"), build(2, "ours", "SUCCEEDED"), build(3, "another"), build(4, None)]
    ids = [one["id"] for one in found]
    stub.add_response("list_builds_for_project", {"ids": ids}, {"projectName": "erp-workers"})
    stub.add_response("batch_get_builds", {"builds": found}, {"ids": ids})
    assert builds.unfinished("erp-workers", "ours") == ("erp-workers:1",)


def test_a_project_without_builds_has_no_workers(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_response("list_builds_for_project", {}, {"projectName": "erp-workers"})
    assert builds.unfinished("erp-workers", "ours") == ()


def test_a_project_tells_where_its_source_is_and_what_runs_it(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "runner:1",
        "computeType": "BUILD_GENERAL1_LARGE",
        "privilegedMode": True,
    }
    source = {"type": "GITHUB", "location": "https://github.com/kim/erp.git"}
    project = {
        "name": "erp-workers",
        "serviceRole": "arn:aws:iam::123456789012:role/workers",
        "source": source,
        "environment": environment,
        "timeoutInMinutes": 90,
        "concurrentBuildLimit": 4,
    }
    stub.add_response("batch_get_projects", {"projects": [project]}, {"names": ["erp-workers"]})
    assert builds.project("erp-workers") == BuildProject(
        name="erp-workers",
        role="arn:aws:iam::123456789012:role/workers",
        privileged=True,
        timeout=5400.0,
        source="GITHUB",
        location="https://github.com/kim/erp.git",
        image="runner:1",
        machine="LINUX_CONTAINER",
        compute="BUILD_GENERAL1_LARGE",
        at_once=4,
    )


def test_a_project_that_is_not_there_is_none(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_response("batch_get_projects", {"projects": [], "projectsNotFound": ["erp-workers"]})
    assert builds.project("erp-workers") is None


def test_what_is_not_known_need_not_be_stopped(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_client_error("stop_build", "ResourceNotFoundException", "no", 400)
    builds.stop("erp-workers:1")


def test_an_answer_of_another_form_is_told(fleet: tuple[BuildFleet, Stubber]) -> None:
    builds, stub = fleet
    stub.add_response("batch_get_builds", {"builds": [{"id": "erp-workers:1", "buildStatus": "DREAMING"}]})
    with pytest.raises(BuildFailed, match="CodeBuild"):
        builds.look(["erp-workers:1"])

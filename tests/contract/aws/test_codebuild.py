"""The sandbox's CodeBuild behind its fault proxy: the contract of the fake, real processes, the model of the API."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests
from aiohttp import web

from erp_build.clients.aws.codebuild import BuildFleet
from erp_build.clients.aws.session import CLIENT_CONFIG
from erp_build.clients.clock import SystemClock
from erp_build.clients.patience import Patience
from erp_build.errors import BuildFailed
from sandbox.aws.codebuild import server
from sandbox.aws.codebuild.build import Way as ScriptedWay
from sandbox.aws.codebuild.client import Workers
from sandbox.aws.fault_proxy import server as fault_proxy
from sandbox.endpoints import ACCOUNT, REGION
from tests.support.aws_answers import hold_to_model
from tests.support.fleet_contract import CONTRACT, Place, Way
from tests.support.git import Checkout
from tests.support.serving import served

PYTHON = """#!/bin/sh
# In the place of `python -m erp_build build --only NAME ...`: an image of each takes a moment. Where something is to
# happen behind the first one, there is time for it.
shift 4
code=0 first="$1"
for name in "$@"; do
  if [ -e "$SLOW" ] && [ "$name" != "$first" ]; then sleep 60; else sleep 0.1; fi
  if [ "$name" = broken ]; then code=4; continue; fi
  : > "$REGISTRY/$name"
  echo "pushed $name"
done
exit $code
"""
SURROUNDINGS = """version: 0.2
phases:
  install:
    commands:
      - test -f worker.yml
  build:
    commands:
      - printenv HOME CODEBUILD_SRC_DIR TMPDIR > "$REGISTRY/$ERP_BUILD_ONLY"
      - printenv CODEBUILD_RESOLVED_SOURCE_VERSION AWS_ENDPOINT_URL ROLE >> "$REGISTRY/$ERP_BUILD_ONLY"
"""
KINDS: dict[Way, ScriptedWay] = {
    "breaks": ScriptedWay("dies", "pushed "),
    "hangs": ScriptedWay("hangs", "pushed "),
    "lost": ScriptedWay("lost", "pushed "),
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/erp-dev-codebuild-role"


@dataclass
class StandIn:
    """What lies behind: it keeps projects, and forgets how many builds of them may go on at once."""

    projects: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if request.headers["X-Amz-Target"].endswith("BatchGetProjects"):
            found = [self.projects[name] for name in asked["names"] if name in self.projects]
            return web.json_response({"projects": found})
        told = {name: value for name, value in asked.items() if name != "concurrentBuildLimit"}
        project = self.projects.setdefault(asked["name"], {})
        project.update(told)
        return web.json_response({"project": project})


@dataclass(frozen=True)
class Account:
    """The addresses of AWS and of CodeBuild behind it, and a client of the first."""

    aws: str
    codebuild: str
    folder: Path
    client: Any

    def fault(self, **rule: Any) -> None:
        requests.post(f"{self.aws}/_faults", json=rule, timeout=10).raise_for_status()


def credentials(role: str) -> dict[str, str]:
    return {"ROLE": role.rpartition("/")[2]}


def client_at(address: str) -> Any:
    return boto3.client(
        "codebuild",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="sandbox",
        config=CLIENT_CONFIG,
    )


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("codebuild")
    behind = web.Application()
    behind.router.add_post("/{path:.*}", StandIn().answer)
    with (
        served(behind) as upstream,
        served(server.application(upstream, folder / "builds", credentials)) as codebuild,
        served(fault_proxy.application(upstream, folder, 0, codebuild)) as aws,
    ):
        client = client_at(aws)
        hold_to_model(client)
        yield Account(aws, codebuild, folder / "builds", client)
        client.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.create(tmp_path_factory.mktemp("source") / "erp", **{"worker.yml": SURROUNDINGS})


@pytest.fixture
def place(account: Account, source: Checkout, tmp_path: Path) -> Place:
    """A project of its own; an image is a file."""
    name, registry, programs = f"workers-{uuid4().hex[:8]}", tmp_path / "registry", tmp_path / "bin"
    for folder in (registry, programs):
        folder.mkdir()
    (programs / "python").write_text(PYTHON, encoding="ascii")
    (programs / "python").chmod(0o755)
    slow = tmp_path / "slow"
    variables = {"PATH": f"{programs}:{os.defpath}", "REGISTRY": str(registry), "SLOW": str(slow)}
    account.client.create_project(
        name=name,
        source={"type": "GITHUB", "location": str(source.root)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": one, "value": value} for one, value in variables.items()],
        },
        serviceRole=ROLE,
    )
    clock = SystemClock()

    def script(way: Way) -> None:
        slow.touch()
        Workers(name, account.codebuild).script(KINDS[way])

    return Place(
        builds=BuildFleet(account.client),
        project=name,
        commit=source.git("rev-parse", "HEAD"),
        script=script,
        limit=lambda number: account.client.update_project(name=name, concurrentBuildLimit=number),
        made=lambda: {file.name for file in registry.iterdir()},
        pass_time=lambda: clock.sleep(0.05),
    )


@pytest.mark.parametrize("number", range(len(CONTRACT)), ids=[one.__name__ for one in CONTRACT])
def test_it_answers_as_the_fake_does(place: Place, number: int) -> None:
    CONTRACT[number](place)


def test_each_build_has_a_clone_a_home_and_a_folder_of_its_own_the_role_and_the_address_of_aws(
    place: Place, account: Account, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        build = place.builds.start(replace(place.request(name), buildspec="worker.yml"))
        assert place.end(build).state == "succeeded"
    found = [(tmp_path / "registry" / name).read_text(encoding="utf-8").split() for name in ("a", "b")]
    for home, clone, temporary, *known in found:
        assert len({home, clone, temporary}) == 3
        assert Path(clone).is_relative_to(account.folder)
        assert known == [place.commit, account.aws, "erp-dev-codebuild-role"]
    assert not set(found[0][:3]) & set(found[1][:3])


def test_what_a_build_says_is_in_its_log(place: Place, account: Account) -> None:
    build = place.start("a")
    look = place.end(build)
    assert "pushed a" in Workers(place.project, account.codebuild).log(build)
    assert look.log.endswith(build)


def test_a_commit_that_is_not_there_is_no_failure_of_the_command(place: Place) -> None:
    look = place.end(place.builds.start(replace(place.request("a"), commit="b" * 40)))
    assert (look.state, look.why.partition(":")[0]) == ("broken", "DOWNLOAD_SOURCE")


def test_a_build_that_does_everything_twice_succeeds(place: Place, account: Account) -> None:
    workers = Workers(place.project, account.codebuild)
    workers.script(ScriptedWay("twice"))
    build = place.start("a")
    assert place.end(build).state == "succeeded"
    assert workers.log(build).count("pushed a") == 2


@pytest.mark.parametrize("step", [{"error": "ThrottlingException"}, {"drop": "after"}], ids=["throttled", "no answer"])
def test_a_start_that_is_asked_again_begins_one_build(place: Place, account: Account, step: dict[str, str]) -> None:
    account.fault(match="^StartBuild$", steps=[step], target=place.project)
    clock = SystemClock()
    build = Patience(clock).ask(place.builds.start, place.request("a"))
    assert account.client.list_builds_for_project(projectName=place.project)["ids"] == [build]
    assert place.end(build).state == "succeeded"


def test_a_project_without_a_source_or_without_a_name_begins_nothing(place: Place, account: Account) -> None:
    account.client.update_project(name=place.project, source={"type": "CODEPIPELINE"})
    with pytest.raises(BuildFailed, match="StartBuild failed"):
        place.start("a")
    with pytest.raises(BuildFailed, match="ListBuildsForProject failed"):
        place.builds.unfinished(f"{place.project}-other", "ours")


def test_a_project_shows_the_limit_that_it_was_given(place: Place, account: Account) -> None:
    place.limit(3)
    (project,) = account.client.batch_get_projects(names=[place.project])["projects"]
    assert project["concurrentBuildLimit"] == 3
    assert project["source"]["type"] == "GITHUB"


def test_when_the_server_ends_no_process_of_a_build_is_left(source: Checkout, tmp_path: Path) -> None:
    behind = web.Application()
    behind.router.add_post("/{path:.*}", StandIn().answer)
    spec = json.dumps({"version": 0.2, "phases": {"build": {"commands": ["setsid sleep 300 & echo begun; sleep 300"]}}})
    with (
        served(behind) as upstream,
        served(server.application(upstream, tmp_path / "builds", credentials)) as codebuild,
    ):
        client = client_at(codebuild)
        client.create_project(
            name="left",
            source={"type": "GITHUB", "location": str(source.root), "buildspec": spec},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=ROLE,
        )
        build = client.start_build(projectName="left")["build"]["id"]
        client.close()
        workers = Workers("left", codebuild)
        clock = SystemClock()
        for _ in range(400):
            if "begun" in workers.log(build):
                break
            clock.sleep(0.05)
        pids = workers.pids(build)
        assert len(pids) >= 3
    assert workers.pids(build) == ()

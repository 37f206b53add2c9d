"""Twenty-four services on three workers of CodeBuild: the images of one host, whatever becomes of the workers.

The builds are real: StartBuild runs `python -m erp_build build --only ...` in a clone, with the build role. Nothing is
compiled, because two processors cannot show that three machines are faster. Instead a check of each service waits.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import erp_build_process
from sandbox.aws.client import client, ignore_missing
from sandbox.aws.codebuild.build import Way
from sandbox.aws.codebuild.client import Workers
from sandbox.aws.fault_proxy.client import Faults
from sandbox.codebuild.buildspec import full_clone
from sandbox.endpoints import ACCOUNT
from sandbox.erp_build_process import Finished, Started
from sandbox.lanes import in_lane
from sandbox.sample import erp_repository, many_repository
from sandbox.tenants import provisioning, roles
from sandbox.tenants.tenant import Tenant
from tests.world.pairs import wait_for, wait_until

pytestmark = pytest.mark.world

SERVICES = many_repository.names(24)
LOOK_EVERY_S = 2
PAUSE_S = 0.5
"""Seconds that the check of a service takes, one after the other on each machine, where it is to wait."""

HANGS_AFTER_S = 45
"""Seconds that a worker has where one hangs; the others take ten, and on a busy machine some more."""

TIMEOUT_S = 300
"""Seconds that a worker has where none hangs, however busy the machine is."""

FAN_OUT = """
[build.fan_out]
workers = 3
from = 6
project = "{project}"
timeout = "{timeout}s"

[[check]]
name = "pause"
command = ["sh", "-c", "sleep ${{CODEBUILD_PAUSE_S:-0}}"]
alone = true
"""
PUSHED = "pushed "
"""What a worker says when an image is in the registry; the keys follow when it has all."""

Images = dict[str, dict[str, str]]
"""Service -> tag -> digest."""


@dataclass(frozen=True)
class Crowd:
    """The repository of the services, the project of their workers, and what one host makes of the commit."""

    tenant: Tenant
    repository: Path
    project: str
    images: Images

    @property
    def workers(self) -> Workers:
        return Workers(self.project)

    def start(self, timeout: int = TIMEOUT_S) -> Started:
        """A run that has workers build, up to the images; `timeout`: seconds that a worker has."""
        report, config = (self.repository.parent / name for name in ("report.json", "erp-build.toml"))
        given = (self.repository / erp_repository.CONFIG).read_text(encoding="utf-8")
        config.write_text(given.replace(f'"{TIMEOUT_S}s"', f'"{timeout}s"'), encoding="utf-8")
        return Started(
            ("run", "--repo", str(self.repository), "--config", str(config), "--report", str(report)),
            erp_build_process.environment(0, role_of=self.tenant),
            report,
            module=("tests.support.fanned_out", str(LOOK_EVERY_S)),
        )

    def pause(self, seconds: float) -> None:
        """Let the check of each service wait on the workers."""
        variables = [{"name": "CODEBUILD_PAUSE_S", "value": str(seconds)}]
        client("codebuild").update_project(name=self.project, environment=environment(variables))

    def builds(self) -> list[dict[str, Any]]:
        """All builds of the project, as CodeBuild tells them, the first one first."""
        api = client("codebuild")
        ids = api.list_builds_for_project(projectName=self.project).get("ids", [])
        found = {one["id"]: one for one in api.batch_get_builds(ids=ids)["builds"]} if ids else {}
        return [found[one] for one in reversed(ids)]

    def wrongs(self) -> list[str]:
        """Services that two builds had at the same time, and processes that are left."""
        spans = [
            (name, one["id"], one["startTime"], one["endTime"])
            for one in self.builds()
            for name in shlex.split(json.loads(one["source"]["buildspec"])["phases"]["build"]["commands"][0])[5:]
        ]
        twice = [
            f"{name} was built by {first} and {second} at once"
            for place, (name, first, begin, end) in enumerate(spans)
            for other, second, begin_other, end_other in spans[place + 1 :]
            if name == other and begin < end_other and begin_other < end
        ]
        return [*twice, *(f"{one['id']} goes on" for one in self.builds() if self.workers.pids(one["id"]))]


def environment(variables: list[dict[str, str]]) -> dict[str, Any]:
    """Where the builds of the project run: without an engine."""
    image = {"type": "LINUX_CONTAINER", "image": "erp-build-runner-slim", "computeType": "BUILD_GENERAL1_SMALL"}
    return {**image, "privilegedMode": False, "environmentVariables": variables}


def in_registry(tenant: Tenant) -> Images:
    """Everything in the image repositories; an image without a tag is named `-`."""
    ecr, found = client("ecr"), Images()
    for name in SERVICES:
        details = ecr.describe_images(repositoryName=f"{tenant.name}/{name}")["imageDetails"]
        found[name] = {tag: str(one["imageDigest"]) for one in details for tag in one.get("imageTags") or ["-"]}
    return found


def forget(tenant: Tenant) -> None:
    """Empty the image repositories."""
    ecr = client("ecr")
    for name in SERVICES:
        repository = f"{tenant.name}/{name}"
        if images := ecr.list_images(repositoryName=repository)["imageIds"]:
            ecr.batch_delete_image(repositoryName=repository, imageIds=images)


def on_one_host(tenant: Tenant, repository: Path, config: str) -> Images:
    """Build all services here, without workers and without waiting, and return the images."""
    alone = repository.parent / "alone.toml"
    alone.write_text(config, encoding="utf-8")
    words = ("build", "--repo", str(repository), "--config", str(alone))
    done = erp_build_process.run(*words, env=erp_build_process.environment(0, role_of=tenant))
    assert done.code == 0, done.stderr
    return in_registry(tenant)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Iterator[Crowd]:
    Faults().clear()
    tenant = provisioning.create(in_lane("crowd"), images=SERVICES)
    project, folder = f"{tenant.name}-workers", tmp_path_factory.mktemp("crowd")
    roles.create_role(tenant.build_role, roles.shipped_policy(tenant, WorkerProject=project))
    origin = folder / "origin"
    many_repository.make(origin, tenant.name, SERVICES)
    file = origin / erp_repository.CONFIG
    config = file.read_text(encoding="utf-8")
    file.write_text(config + FAN_OUT.format(project=project, timeout=TIMEOUT_S), encoding="utf-8")
    # A clone as the workers have one: images say where their source comes from.
    repository = full_clone(origin, erp_repository.commit(origin, "빌드 분산"), folder / "repository")
    ignore_missing(client("codebuild").delete_project, name=project)
    client("codebuild").create_project(
        name=project,
        source={"type": "GITHUB", "location": str(origin)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=environment([]),
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/{tenant.build_role}",
        concurrentBuildLimit=3,
    )
    yield Crowd(tenant, repository, project, on_one_host(tenant, repository, config))
    client("codebuild").delete_project(name=project)
    provisioning.remove(tenant)


@pytest.fixture
def crowd(prepared: Crowd) -> Iterator[Crowd]:
    """No service has an image, and nothing is scripted."""
    Faults().clear()
    forget(prepared.tenant)
    yield prepared
    prepared.workers.script()
    Faults().clear()


def finished(run: Started) -> Finished:
    done = run.finish(120)
    assert done.code == 0, done.stderr
    return done


def test_three_workers_make_the_images_of_one_host_and_wait_at_the_same_time(crowd: Crowd) -> None:
    crowd.pause(PAUSE_S)
    done = finished(crowd.start())
    crowd.pause(0)
    workers = done.report["workers"]
    assert [(one["end"], len(one["made"])) for one in workers] == [("done", 8)] * 3, done.stderr
    assert sorted(name for one in workers for name in one["made"]) == sorted(SERVICES)
    # The same tags, those of the content keys among them, and the same digests.
    assert in_registry(crowd.tenant) == crowd.images
    assert {len(set(tags.values())) for tags in crowd.images.values()} == {1}
    # Nothing was left to the run itself.
    assert {one["action"] for one in done.report["targets"] if one["kind"] != "chart"} == {"reuse"}
    seconds = {one["name"]: one["seconds"] for one in done.report["stages"]}["build on workers"]
    assert all(one["seconds"] > PAUSE_S * len(one["targets"]) for one in workers)
    assert sum(one["seconds"] for one in workers) > 2 * seconds
    assert crowd.wrongs() == []


def test_workers_that_die_hang_or_do_all_twice_and_a_coordinator_that_is_killed_leave_one_right_image_each(
    crowd: Crowd,
) -> None:
    # The coordinator is killed while its workers hang, each with an image that has no key yet.
    crowd.workers.script(*[Way("hangs", PUSHED)] * 3)
    before = len(crowd.builds())
    killed = crowd.start()
    wait_for(before + 3, lambda: len(crowd.builds()))
    former = [one["id"] for one in crowd.builds()[before:]]
    wait_until(lambda: all(PUSHED in crowd.workers.log(one) for one in former))
    killed.kill()
    killed.finish(20)
    assert all(crowd.workers.pids(one) for one in former)

    # The next one stops them. One of its own workers dies, one hangs, one does all twice; a start is throttled.
    crowd.workers.script(Way("dies", PUSHED), Way("hangs", PUSHED), Way("twice"))
    throttled = {"error": "ThrottlingException"}
    Faults().script("^StartBuild$", [throttled], target=crowd.project)
    done = finished(crowd.start(HANGS_AFTER_S))
    assert all(f"worker {one} of an earlier run is stopped" in done.stderr for one in former)
    starts = [one["step"] for one in Faults().log() if one["operation"] == "StartBuild"]
    assert starts.count(throttled) == 1
    ids = re.findall(r"worker (\S+) builds ", done.stderr)
    ends = {one["build"]: one["end"] for one in done.report["workers"]}
    assert [ends[one] for one in ids] == ["broken", "hung", "done", "done", "done"]
    assert crowd.workers.log(ids[2]).count("nothing was built") == 8
    assert {one["action"] for one in done.report["targets"] if one["kind"] != "chart"} == {"reuse"}
    assert in_registry(crowd.tenant) == crowd.images
    assert crowd.wrongs() == []
    assert {one["buildStatus"] for one in crowd.builds()[before:]} == {"STOPPED", "FAULT", "SUCCEEDED"}

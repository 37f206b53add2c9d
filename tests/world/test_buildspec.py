"""The two buildspecs, run by a small CodeBuild as CodePipeline starts it, in a sandbox that knows nothing of tests."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.codebuild.buildspec import Build, full_clone, run_buildspec
from sandbox.demo.acts import CRITICAL, EMPLOYEE, SERVICES
from sandbox.lanes import in_lane
from sandbox.paths import ROOT
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants import deployed_state, provisioning
from sandbox.tenants.tenant import Tenant
from tests.support.sources import copy_sources

pytestmark = pytest.mark.world

LEFT_OUT = shutil.ignore_patterns(".git", "target")


@dataclass(frozen=True, slots=True)
class First:
    """The first deployment: whose it is, the developers' repository, and the build that deployed its first commit."""

    tenant: Tenant
    origin: Path
    commit: str
    build: Build
    report: dict[str, Any]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a build image with Java, Maven, Git, Helm and a Python that has nothing installed."""
    python = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    (python / "bin" / "start-engine").symlink_to(ROOT / "scripts" / "start-engine.sh")
    reach = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    known = erp_build_process.environment()
    return {**known, **reach, "PATH": f"{python / 'bin'}:{known['PATH']}"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, machine: dict[str, str]) -> Iterator[First]:
    """The sample with a vendored erp_build, deployed by its buildspec from a source without `.git` (CODE_ZIP)."""
    folder = tmp_path_factory.mktemp("buildspec")
    owner = provisioning.create(in_lane("buildspec"))
    try:
        origin = erp_repository.make(folder / "origin", tenant=owner.name).root
        commit = erp_commits.vendor(origin)
        source = folder / "zip"
        shutil.copytree(origin, source, ignore=LEFT_OUT)
        build = run_buildspec(source, commit, machine)
        yield First(owner, origin, commit, build, _report(source))
    finally:
        provisioning.remove(owner)


def test_its_own_buildspec_deploys_the_sample(first: First) -> None:
    assert first.build.succeeded, first.build.output
    assert first.report["outcome"] == "deployed"
    assert first.report["head"] == first.commit
    targets = {item["name"]: item for item in first.report["targets"]}
    assert {name for name, item in targets.items() if item["action"] == "build"} == {*SERVICES, EMPLOYEE}
    running = deployed_state.deployments(first.tenant)
    for name in SERVICES:
        assert (running[name].tag, running[name].pinned) == (first.commit[:7], targets[name]["running"])
        assert set(running[name].digests) == {targets[name]["running"]}
    assert deployed_state.function_digest(first.tenant) == targets[EMPLOYEE]["running"]
    assert deployed_state.invoke_function(first.tenant)["commit"] == first.commit


def test_a_critical_finding_fails_the_build_phase_and_moves_nothing(
    first: First, machine: dict[str, str], tmp_path: Path
) -> None:
    commit = erp_commits.change_service(first.origin, "notification-service")
    source = full_clone(first.origin, commit, tmp_path / "clone")
    before = deployed_state.snapshot(first.tenant, first.origin)
    Faults().scans(f"{first.tenant.name}/notification-service", [CRITICAL])
    try:
        build = run_buildspec(source, commit, machine)
    finally:
        Faults().clear()
    assert build.code("install") == 0, build.output
    assert build.code("build") == 6, build.output
    assert not build.succeeded
    assert _report(source)["outcome"] == "failed"
    assert deployed_state.snapshot(first.tenant, first.origin) == before


def test_the_projects_buildspec_has_nothing_to_do_for_what_is_deployed(
    first: First, machine: dict[str, str], tmp_path: Path
) -> None:
    source = copy_sources(tmp_path / "erp_build")
    repository = full_clone(first.origin, first.commit, tmp_path / "clone")
    build = run_buildspec(source, first.commit, {**machine, "ERP_REPOSITORY": str(repository)})
    assert build.succeeded, build.output
    assert _report(source)["outcome"] == "nothing", build.output


def _report(source: Path) -> dict[str, Any]:
    path = source / "erp-build-report" / "report.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

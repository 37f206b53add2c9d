"""Detection in the world: superseded runs, a source without Git, and a revert, each up to what runs in the end."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox import erp_build_process
from sandbox.demo.acts import EMPLOYEE, SERVICES
from sandbox.sample import erp_commits
from tests.world.conftest import Erp
from tests.world.pairs import wait_for

pytestmark = pytest.mark.world


def targets(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {target["name"]: target for target in report["targets"]}


def actions(report: dict[str, Any]) -> dict[str, str]:
    return {name: target["action"] for name, target in targets(report).items()}


def live_commits(erp: Erp) -> dict[str, str]:
    status = json.loads(erp.call("status", "--json").stdout)
    return {**{item["name"]: item["commit"] for item in status["targets"]}, "helm-chart": status["release"]["commit"]}


def test_of_five_commits_only_the_last_one_runs_and_all_five_are_deployed(erp: Erp) -> None:
    baselines = live_commits(erp)
    for service in sorted(SERVICES):
        erp_commits.change_service(erp.repository, service)
    erp_commits.change_employee(erp.repository)
    last = erp_commits.change_replicas(erp.repository, 2)
    done = erp.run()
    assert done.code == 0, done.stderr
    assert set(actions(done.report)) == {*SERVICES, EMPLOYEE, "helm-chart"}
    # An edition that an earlier test has built already is taken from the registry.
    assert set(actions(done.report).values()) <= {"build", "reuse", "redeploy"}
    assert {name: target["baseline"]["commit"] for name, target in targets(done.report).items()} == baselines
    assert {target["baseline"]["source"] for target in targets(done.report).values()} == {"deployed"}
    proven = {name: (targets(done.report)[name]["running"],) * 2 for name in SERVICES}
    # A pod that is one too many may be there for a moment more.
    wait_for(proven, lambda: {name: erp.look().deployments[name].digests for name in SERVICES})
    after = erp.look()
    assert {after.deployments[name].tag for name in SERVICES} == {last[:7]}
    assert after.function == targets(done.report)[EMPLOYEE]["built"]
    assert erp.run().report["outcome"] == "nothing"


def test_without_git_only_what_differs_from_what_runs_is_built_and_the_rest_says_why(erp: Erp, tmp_path: Path) -> None:
    """The source is what CodePipeline's CODE_ZIP unpacks: files, and the commit in a variable."""
    erp_commits.change_service(erp.repository, "notification-service")
    assert erp.run().code == 0
    head = erp_commits.change_service(erp.repository, "approval-request-service")
    source = tmp_path / "source"
    unpack(erp, source)
    before = erp.look()
    report = tmp_path / "report.json"
    variables = {"CODEBUILD_RESOLVED_SOURCE_VERSION": head}
    words = ("run", "--repo", str(source), "--report", str(report))
    done = erp_build_process.run(*words, env=erp_build_process.environment(extra=variables), report=report)
    assert done.code == 0, done.stderr
    changed = "approval-request-service"
    assert actions(done.report)[changed] in ("build", "reuse")
    assert actions(done.report) == {
        changed: actions(done.report)[changed],
        "approval-processing-service": "none",
        "notification-service": "none",
        EMPLOYEE: "none",
        "helm-chart": "none",
    }
    because = {name: [reason["rule"] for reason in target["because"]] for name, target in targets(done.report).items()}
    assert all("same content as" in because[name][0] for name in because if name != changed)
    assert "no .git" in because[changed][0]
    after = erp.look()
    assert after.function == before.function
    assert after.deployments["notification-service"] == before.deployments["notification-service"]
    assert (
        targets(done.report)["approval-request-service"]["running"]
        in after.deployments["approval-request-service"].digests
    )
    erp.commit = head


def unpack(erp: Erp, folder: Path) -> None:
    """The files of HEAD, as a zip of the source has them."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    erp.git("archive", "--output", str(archive), "HEAD")
    shutil.unpack_archive(archive, folder, filter="data")
    assert subprocess.run(["git", "-C", str(folder), "rev-parse"], capture_output=True, check=False).returncode


def test_a_revert_takes_the_earlier_image_again_and_builds_nothing(erp: Erp) -> None:
    service = "notification-service"
    first = erp_commits.change_service(erp.repository, service)
    assert erp.run().code == 0
    wanted = erp.look().deployments[service].digests
    erp_commits.change_service(erp.repository, service)
    assert erp.run().code == 0
    erp.git("reset", "--quiet", "--hard")
    erp.git("revert", "--no-edit", "HEAD")
    done = erp.run()
    assert done.code == 0, done.stderr
    assert actions(done.report)[service] == "reuse"
    names = {effect["name"] for effect in done.report["effects"]}
    assert names - {"notify"} == {"tag", "write_file", "upgrade_release"}
    assert erp.look().deployments[service].digests == wanted
    assert live_commits(erp)[service] == first

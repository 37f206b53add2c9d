"""What a run shows, keeps to itself, rehearses and survives, on the deployed ERP."""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.sample import erp_commits
from sandbox.tenants.tenant import FUNCTION_PASSWORD
from tests.world import snapshots
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

READS = re.compile(r"(Get|BatchGet|Describe|List|DryRunOf)\w+")
"""Operations of AWS that change nothing."""


def test_the_same_commit_again_finds_nothing_to_do_and_says_what_it_compared(erp: Erp) -> None:
    before = erp.look()
    done = erp.run()
    assert done.code == 0, done.stderr
    assert done.report["outcome"] == "nothing"
    assert "Nothing to do: no target differs from its baseline." in done.stdout
    assert done.stdout.count("(deployed)") == 5
    assert done.report["effects"] == []
    assert erp.look() == before


def test_a_rehearsal_shows_what_would_change_and_writes_nothing_anywhere(erp: Erp, tmp_path: Path) -> None:
    erp.new_content("employee-service")
    commit = erp.new_content("notification-service")
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    env = {**erp_build_process.environment(), "HOME": str(home), "TMPDIR": str(temporary)}
    before = snapshots.everything(erp.tenant, erp.repository)
    asked = len(Faults().registry_log(erp.tenant.name))
    Faults().clear()
    done = erp.run("--rehearse", "--json", env=env)
    assert done.code == 0, done.stderr
    # Nothing that changes something was called: in AWS, at the registry, in the cluster, in the engine, in the files.
    assert [call["operation"] for call in Faults().log() if not READS.fullmatch(call["operation"])] == []
    assert {method for method, _ in Faults().registry_log(erp.tenant.name)[asked:]} <= {"GET", "HEAD"}
    assert snapshots.everything(erp.tenant, erp.repository) == before
    assert list(temporary.iterdir()) == []
    assert {path.parts[0] for path in snapshots.files_below(home)} <= {".cache"}

    report = json.loads(done.stdout)
    assert report["outcome"] == "rehearsed"
    assert {effect["state"] for effect in report["effects"]} == {"assumed"}
    assert Counter(effect["name"] for effect in report["effects"]) == {
        **dict.fromkeys(("package", "build_image", "push"), 2),
        **dict.fromkeys(("write_file", "update_function", "publish", "upgrade_release"), 1),
        "tag": 6,
    }
    _is_shown(report["changes"], commit)


def _is_shown(changes: dict[str, Any], commit: str) -> None:
    """What the rehearsal of a change of notification and employee service says that would change."""
    lines = changes["values"].splitlines()[2:]
    assert {line[1:].split()[0] for line in lines if not line.startswith("@@")} == {"tag:"}
    made = f"{commit[:7]}@sha256:(known after the build)"
    assert sum(f'"{made}"' in line for line in lines) == 1
    (one,) = changes["objects"]
    assert (one["kind"], one["change"]) == ("Deployment", "changed")
    assert [field["path"].rpartition(".")[2] for field in one["fields"]] == ["image"]
    assert one["fields"][0]["after"].endswith(f"/notification-service:{made}")
    assert {image["target"]: image["how"] for image in changes["images"]} == {
        "approval-request-service": "keep",
        "approval-processing-service": "keep",
        "notification-service": "build",
        "employee-service": "build",
    }


def test_a_plan_against_the_live_state_names_each_targets_own_baseline(erp: Erp) -> None:
    erp.new_content("notification-service")
    done = erp.call("plan", "--live", "--json")
    assert done.code == 0, done.stderr
    targets = {target["name"]: target for target in json.loads(done.stdout)["targets"]}
    assert {name: target["action"] for name, target in targets.items() if target["action"] != "none"} == {
        "notification-service": "build"
    }
    assert {target["baseline"]["source"] for target in targets.values()} == {"deployed"}
    commits = {target["baseline"]["commit"] for target in targets.values()}
    assert len(commits) > 1
    assert commits <= set(erp.git("log", "--format=%H").splitlines())


def test_status_shows_the_commit_of_every_target(erp: Erp) -> None:
    done = erp.call("status", "--json")
    assert done.code == 0, done.stderr
    status = json.loads(done.stdout)
    log = erp.git("log", "--format=%H").splitlines()
    assert status["release"]["commit"] in log
    # The newest commit may have moved one half alone.
    assert erp.commit in {status["release"]["commit"], *(target["commit"] for target in status["targets"])}
    assert len(status["targets"]) == 4
    assert all(target["commit"] in log and target["trouble"] is None for target in status["targets"])


def test_an_older_commit_is_not_deployed_over_a_newer_one(erp: Erp) -> None:
    before = erp.look()
    erp.git("reset", "--quiet", "--hard", "HEAD~1")
    done = erp.run()
    assert done.code == 11, done.stderr
    assert "a newer commit is already deployed" in done.stderr
    erp.git("reset", "--quiet", "--hard", erp.commit)
    assert erp.look() == before


def test_lambda_is_updated_although_another_update_is_in_progress(erp: Erp) -> None:
    erp_commits.change_employee(erp.repository)
    conflict = {"error": "ResourceConflictException", "status": 409, "message": "An update is in progress"}
    Faults().script("UpdateFunctionCode", [conflict, conflict], target=erp.tenant.function)
    done = erp.run()
    assert done.code == 0, done.stderr
    assert "the function is being changed" in done.stderr
    target = next(target for target in done.report["targets"] if target["kind"] == "lambda")
    assert target["built"] == target["scanned"] == target["running"] == erp.look().function


def test_no_secret_of_the_account_reaches_what_a_run_prints_or_writes(erp: Erp) -> None:
    erp.new_content("approval-request-service")
    done = erp.run("-v")
    assert done.code == 0, done.stderr
    values = (erp.repository / "helm-chart/values-dev.yaml").read_text(encoding="utf-8")
    password = values.partition("://")[2].partition(":")[2].partition("@")[0]
    assert password
    forms = ("report.json", "report.html", "report.md", "junit.xml", "gate.sarif")
    written = [(erp.repository.parent / name).read_text(encoding="utf-8") for name in forms]
    everything = "".join((done.stdout, done.stderr, *written))
    for secret in (
        FUNCTION_PASSWORD,
        password,
        "ministack-auth-token",
        "QVdTOm1pbmlzdGFjay1hdXRoLXRva2Vu",
        "k8s-aws-v1",
    ):
        assert secret not in everything


@pytest.mark.parametrize("signals", [1, 2])
def test_a_run_that_is_asked_to_stop_ends_maven_writes_its_report_and_leaves_nothing(
    erp: Erp, tmp_path: Path, signals: int
) -> None:
    erp.new_content("notification-service")
    before, report = erp.look(), tmp_path / "report.json"
    words = ["-m", "erp_build", "run", "--repo", str(erp.repository), "--report", str(report)]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {**erp_build_process.environment(), "TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        _wait_for_maven(erp.repository)
        start = time.monotonic()
        for _ in range(signals):
            child.send_signal(signal.SIGTERM)
            time.sleep(0.05)  # the kernel makes one of two that are not heard yet
        _, stderr = child.communicate(timeout=30)
        seconds = time.monotonic() - start
    assert child.returncode == 143, stderr.decode()
    assert seconds < 5
    assert json.loads(report.read_text(encoding="utf-8"))["exit_code"] == 143
    assert {"report.html", "report.md", "junit.xml"} <= {path.name for path in tmp_path.iterdir()}
    assert _mavens(erp.repository) == []
    assert [path for path in temporary.iterdir() if path.name.startswith("erp-build")] == []
    assert erp.look() == before


def _wait_for_maven(repository: Path) -> None:
    deadline = time.monotonic() + 90
    while not _mavens(repository):
        assert time.monotonic() < deadline, "Maven did not start"
        time.sleep(0.1)


def _mavens(repository: Path) -> list[str]:
    """The Maven processes that work in the repository."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                inside = (process / "cwd").readlink().is_relative_to(repository)
                words = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if inside and b"maven" in words:
                found.append(process.name)
    return found

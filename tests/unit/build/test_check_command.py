"""A check as a child process: its arguments, its environment, its end, and the files that it leaves."""

import os
import sys
from pathlib import Path

import pytest

from erp_build.build.check_command import MAX_REPORT_BYTES, run_check
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.maven.call import call_for_goals
from erp_build.clients.maven.checkout import MavenCheckout
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun
from tests.support.poms import modules, needs, parent, write_pom


def run(folder: Path, check: Check, **secrets: str) -> CheckRun:
    return run_check(check, folder, secrets, lambda _: None)


def script(text: str, **more: object) -> Check:
    return Check("c", command=(sys.executable, "-c", text))._replace(**more)  # type: ignore[arg-type]


def test_a_program_that_ends_well_passes(tmp_path: Path) -> None:
    done = run(tmp_path, script("import os; assert os.getcwd() == os.path.realpath('.')"))
    assert (done.outcome, done.why) == ("passed", "")
    assert done.seconds > 0


def test_a_program_that_does_not_fails_with_its_last_words(tmp_path: Path) -> None:
    done = run(tmp_path, script("print('a'); import sys; print('b', file=sys.stderr); sys.exit(3)"))
    assert (done.outcome, done.why) == ("failed", "exit code 3\na\nb")


def test_of_maven_its_errors_and_warnings_are_told(tmp_path: Path) -> None:
    (tmp_path / "mvnw").write_text('echo "$@" > arguments; echo noise; echo "[ERROR] bad style"; echo noise; exit 1\n')
    done = run(tmp_path, Check("c", maven=("compile", "checkstyle:check", "-Dx=1")))
    assert done.why == "exit code 1\n[ERROR] bad style"
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[-3:] == ["compile", "checkstyle:check", "-Dx=1"]
    assert "--batch-mode" in arguments


def goals_in_the_shop(root: Path) -> tuple[CheckRun, CheckRun]:
    """A check by Maven of a service with a sibling, and of one without; each writes its arguments and its folder."""
    write_pom(root, modules("common", "order", "stock"), artifact="shop")
    write_pom(root / "common", parent("shop"))
    write_pom(root / "order", parent("shop"), needs("common"))
    write_pom(root / "stock", parent("shop"))
    for folder in (root, root / "stock"):
        (folder / "mvnw").write_text('echo "$@" > arguments; echo "[ERROR] bad style"; exit 1\n', encoding="utf-8")
    checkout, clock = MavenCheckout(root), SimulatedClock()

    def run_in(name: str) -> CheckRun:
        return run_check(
            Check("c", maven=("verify", "checkstyle:check")),
            root / name,
            {},
            lambda _: None,
            lambda folder, timeout: call_for_goals(folder, checkout, root, clock, timeout),
        )

    return run_in("order"), run_in("stock")


def test_of_a_service_with_a_sibling_maven_gets_what_it_needs_as_well(tmp_path: Path) -> None:
    assert [done.why for done in goals_in_the_shop(tmp_path)] == ["exit code 1\n[ERROR] bad style"] * 2
    told = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert told.startswith(f"--file {tmp_path}/pom.xml --projects ./order --also-make --batch-mode")
    assert told.endswith("verify checkstyle:check\n")
    assert (tmp_path / "stock" / "arguments").read_text(encoding="utf-8").startswith("--file pom.xml --batch-mode")


def test_a_check_does_not_begin_while_another_maven_writes_what_it_needs(tmp_path: Path) -> None:
    with hold_folders([tmp_path], SimulatedClock(), lambda _: None):
        with_sibling, alone = goals_in_the_shop(tmp_path)
    assert with_sibling.outcome == "inconclusive"
    assert with_sibling.why.startswith("another Maven is running in the service's directory")
    assert alone.outcome == "failed"


def test_of_a_long_row_of_complaints_the_first_are_told_and_the_goal_that_sums_them_up(tmp_path: Path) -> None:
    lines = [f"[ERROR] complaint {number}" for number in range(14)]
    lines += ["[ERROR] Failed to execute goal x: You have 14 violations", "[ERROR] Re-run Maven using -X"]
    (tmp_path / "mvnw").write_text("".join(f"echo '{line}'\n" for line in lines) + "exit 1\n")
    assert run(tmp_path, Check("c", maven=("x",))).why.splitlines() == [
        "exit code 1",
        lines[14],
        *lines[:10],
        "... and 4 more",
    ]


def test_secrets_are_variables_of_the_child_and_its_other_variables_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "erp:1")
    code = "import os, json; open('env', 'w').write(json.dumps(dict(os.environ)))"
    assert run(tmp_path, script(code), SONAR_TOKEN="s3cret").outcome == "passed"
    environment = (tmp_path / "env").read_text()
    assert '"SONAR_TOKEN": "s3cret"' in environment
    assert "CODEBUILD_BUILD_ID" in environment
    assert "AWS_SECRET" not in environment


def test_a_check_that_takes_too_long_is_ended_and_inconclusive(tmp_path: Path) -> None:
    done = run(tmp_path, script("import time; print('begun', flush=True); time.sleep(60)", timeout=1.0))
    assert (done.outcome, done.why) == ("inconclusive", "took longer than 1 s\nbegun")


def test_a_program_that_is_not_there_is_inconclusive(tmp_path: Path) -> None:
    done = run(tmp_path, Check("c", command=("no-such-program",)))
    assert (done.outcome, done.why) == ("inconclusive", "no-such-program cannot be started: No such file or directory")


def test_the_reports_of_this_run_are_kept_also_when_it_fails(tmp_path: Path) -> None:
    old = tmp_path / "target" / "old.xml"
    old.parent.mkdir()
    old.write_text("of another run")
    os.utime(old, (1, 1))
    (tmp_path / "outside.xml").write_text("x")
    code = (
        "import os; open('target/new.xml', 'w').write('<a/>'); os.symlink('/etc/hostname', 'target/link.xml');"
        f"open('target/large.xml', 'wb').truncate({MAX_REPORT_BYTES + 1}); raise SystemExit(1)"
    )
    done = run(tmp_path, script(code, reports=("target/*.xml", "none/*")))
    assert done.reports == (("target/new.xml", b"<a/>"),)

"""Maven's logs: recorded ones of every failure, and texts of versions and plugins that are not on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.formats.maven.causes import Kind, kinds
from erp_build.formats.maven.failure import Failure, failures
from tests.support.cases import rows

RECORDED = Path(__file__).parents[2] / "recorded/maven"
SERVICE = "notification-service"
SOURCE = "src/main/java/com/erp/notification"


def read(name: str) -> tuple[dict[str, Any], list[str]]:
    """What made a log (its first line), and its lines."""
    head, *lines = (RECORDED / f"{name}.log").read_text(encoding="utf-8").split("\n")
    return json.loads(head.removeprefix("# ")), lines


CASES = rows("maven_failures")


def failure(name: str) -> Failure:
    head, lines = read(name)
    return failures(lines, head["exit"])[0]


def _failure_of(case: dict[str, Any]) -> Failure:
    if "log" in case:
        return failure(case["log"])
    return failures(case["lines"], case.get("exit", 1))[0]


KINDS: list[tuple[str, Kind, str, str]] = [
    ("compile-ansi", "compile", SERVICE, f"/src/{SOURCE}/Message.java:[2,23] package com.erp.nowhere does not exist"),
    (
        "compile-korean",
        "compile",
        SERVICE,
        f"/src/{SOURCE}/알림함.java:[5,26] cannot find symbol\nsymbol:   variable 찾을수없음",
    ),
    ("test-compile", "compile", SERVICE, "BrokenTest.java:[2,35] cannot find symbol"),
    ("reactor-compile", "compile", SERVICE, "알림함.java:[2,25] incompatible types"),
    ("reactor-compile-ansi", "compile", SERVICE, "알림함.java:[2,25] incompatible types"),
    ("reactor-fail-fast", "compile", SERVICE, "알림함.java:[2,25] incompatible types"),
    ("tests-failure", "tests", SERVICE, "OnceTest.알림은_한_번만_간다:7"),
    ("tests-exit", "tests", SERVICE, "Process Exit Code: 3\nCrashed tests:\ncom.erp.notification.ExitTest"),
    ("tests-killed", "memory", SERVICE, "Process Exit Code: 137\nCrashed tests:\ncom.erp.notification.KilledTest"),
    ("tests-out-of-memory", "memory", SERVICE, "Java heap space"),
    ("memory-heap", "memory", SERVICE, "java.lang.OutOfMemoryError: Java heap space"),
    ("memory-heap-32m", "memory", "", "Java heap space"),
    ("memory-killed", "memory", "", "Maven was killed"),
    ("memory-native", "memory", "", "There is insufficient memory for the Java Runtime Environment to continue."),
    ("memory-reserve", "memory", "", "Could not reserve enough space for 6291456KB object heap"),
    ("disk-full", "disk", SERVICE, "No space left on device"),
    ("jdk-release", "jdk", SERVICE, "release version 21 not supported"),
    ("jdk-target", "jdk", SERVICE, "invalid target release: 21"),
    ("jdk-class-file", "jdk", SERVICE, "class file has wrong version 65.0, should be 61.0"),
    ("jdk-class-file-tests", "jdk", SERVICE, "(class file version 65.0)"),
    ("jdk-too-new", "jdk", SERVICE, "release version 7 not supported"),
    ("jdk-java-home", "jdk", "", "The JAVA_HOME environment variable is not defined correctly"),
    ("pom-absent", "pom", "", "there is no POM in this directory (/src)"),
    ("pom-module-absent", "pom", "all", "Child module /src/gone-service of /src/pom.xml does not exist"),
    ("pom-parent", "dependency", SERVICE, "Non-resolvable parent POM for com.erp:notification-service:1.0.0"),
    ("pom-unreadable", "pom", "", "Non-parseable POM /src/pom.xml"),
    ("pom-version", "pom", SERVICE, "spring-boot-starter-webb:jar is missing. @ line 26, column 17"),
    ("dependency-401", "dependency", SERVICE, "status: 401 Unauthorized"),
    ("dependency-403", "dependency", SERVICE, "status: 403 Forbidden"),
    ("dependency-cached", "dependency", SERVICE, "nowhere-at-all:jar:9.9.9 was not found in"),
    (
        "dependency-missing",
        "dependency",
        SERVICE,
        "Could not find artifact com.erp:nowhere-at-all:jar:9.9.9 in central",
    ),
    ("dependency-offline", "dependency", SERVICE, "in offline mode and the artifact"),
    ("plugin-missing", "dependency", "", "Plugin com.erp:nowhere-maven-plugin:1.0"),
    ("pom-parent-cached", "dependency", SERVICE, "spring-boot-starter-parent:pom:3.3.1300 was not found in"),
    ("transfer-429", "dependency", SERVICE, "status: 429"),
    ("transfer-503", "dependency", SERVICE, "status: 503 Service Unavailable"),
    ("transfer-503-parent", "dependency", SERVICE, "status: 503 Service Unavailable"),
    ("transfer-refused", "dependency", SERVICE, "Connection refused"),
    ("transfer-refused-parent", "dependency", SERVICE, "Connection refused"),
    ("transfer-reset", "dependency", SERVICE, "Connection reset"),
    ("transfer-timeout", "dependency", SERVICE, "Read timed out"),
    ("transfer-truncated", "dependency", SERVICE, "Premature end of Content-Length"),
    ("transfer-unknown-host", "dependency", SERVICE, "mirror.invalid: Name or service not known"),
    ("reactor-two", "compile", SERVICE, "알림함.java:[2,25] incompatible types"),
    (
        "reactor-needed",
        "compile",
        "common",
        "Common.java:[4,13] incompatible types: java.lang.String cannot be converted",
    ),
    ("other-goal", "pom", "", 'Unknown lifecycle phase "pakcage"'),
]


@pytest.mark.parametrize(("name", "kind", "module", "told"), [pytest.param(*row, id=row[0]) for row in KINDS])
def test_a_recorded_failure_is_told_by_its_kind_module_and_cause(name: str, kind: Kind, module: str, told: str) -> None:
    found = failure(name)
    assert (found.kind, found.module) == (kind, module)
    assert told in found.summary
    assert found.next_step
    assert "\x1b" not in found.summary
    assert "[ERROR]" not in found.summary
    assert "[Help" not in found.summary


@pytest.mark.parametrize("case", [pytest.param(case, id=case["about"]) for case in CASES])
def test_a_text_is_told_by_its_cause_and_says_what_to_do(case: dict[str, Any]) -> None:
    found = _failure_of(case)
    assert (found.kind, found.module) == (case["kind"], case["module"])
    assert case["told"] in found.summary
    assert case["what"] in found.what
    assert case["next"] in found.next_step
    assert "[Help" not in found.summary
    again = "transfer" if case["about"].startswith("transfer-") else case.get("again", "")
    assert (found.transfer, found.cached) == (again == "transfer", again == "update")


def test_every_cause_is_that_of_a_case() -> None:
    told = {found.next_step for name, *_ in KINDS for found in [failure(name)]}
    told |= {found.next_step for case in CASES for found in [_failure_of(case)]}
    causes = [cause for signs in kinds().values() for cause in signs.causes]
    assert [cause.next_step for cause in causes if cause.next_step not in told] == []


def test_every_recorded_failure_is_looked_at() -> None:
    failed = {path.stem for path in RECORDED.glob("*.log") if read(path.stem)[0]["exit"] != 0}
    assert failed == {name for name, *_ in KINDS} | {case["log"] for case in CASES if "log" in case}


def test_every_recorded_log_names_its_tool_and_version() -> None:
    assert {(read(path.stem)[0]["tool"], read(path.stem)[0]["version"]) for path in RECORDED.glob("*.log")} == {
        ("Apache Maven", "3.8.7"),
        ("Apache Maven Wrapper", "3.3.2"),
    }


@pytest.mark.parametrize("name", [name for name, *_ in KINDS])
def test_only_what_may_pass_is_worth_another_try(name: str) -> None:
    found = failure(name)
    assert found.transfer == name.startswith("transfer-")
    assert found.cached == name.endswith("-cached")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("dependency-cached", "run again with -U"),
        ("dependency-offline", "run once without -o"),
        ("dependency-403", "settings.xml"),
        ("dependency-missing", "correct its coordinates"),
        ("transfer-429", "run again"),
        ("jdk-release", "build with JDK 21 or newer (JAVA_21_HOME or JAVA_HOME)"),
        ("jdk-target", "build with JDK 21 or newer"),
        ("jdk-class-file", "build with JDK 21 or newer"),
        ("jdk-class-file-tests", "build with JDK 21 or newer"),
        ("jdk-too-new", "ask for a newer release than 7"),
        ("jdk-java-home", "set JAVA_HOME"),
        ("tests-exit", "System.exit"),
        ("tests-failure", "target/surefire-reports"),
        ("memory-heap", "MAVEN_OPTS"),
    ],
)
def test_the_next_step_fits_the_cause(name: str, step: str) -> None:
    assert step in failure(name).next_step


def test_each_module_of_a_reactor_that_failed_has_its_own_cause() -> None:
    head, lines = read("reactor-two")
    found = [(one.module, one.kind) for one in failures(lines, head["exit"])]
    assert found == [(SERVICE, "compile"), ("employee-service", "dependency")]


@pytest.mark.parametrize(
    ("exit_code", "kind"),
    [
        pytest.param(None, "timeout", id="our own time was over"),
        pytest.param(-15, "timeout", id="TERM"),
        pytest.param(143, "timeout", id="TERM, as a shell says it"),
        pytest.param(137, "memory", id="KILL, as a shell says it"),
        pytest.param(-9, "memory", id="KILL"),
        pytest.param(1, "other", id="nothing that is known"),
    ],
)
def test_the_exit_code_tells_what_the_log_cannot(exit_code: int | None, kind: Kind) -> None:
    found = failures(["[INFO] ---", "[INFO] Compiling 4 source files"], exit_code)[0]
    assert found.kind == kind
    assert "Compiling 4 source files" in found.summary


def test_a_log_of_nothing_is_a_failure_too() -> None:
    assert failures([], 1)[0].kind == "other"
    assert failures([], 1)[0].summary


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        pytest.param("[ERROR] There was a timeout in the fork", "timeout", id="surefire's own timeout"),
        pytest.param("[ERROR] The forked VM terminated without properly saying goodbye.", "memory", id="no exit code"),
        pytest.param("[ERROR] GC overhead limit exceeded", "memory", id="GC overhead"),
        pytest.param("[ERROR] No compiler is provided in this environment.", "jdk", id="a JRE"),
    ],
)
def test_rarer_words_are_known(line: str, kind: Kind) -> None:
    goal = "[ERROR] Failed to execute goal g:maven-surefire-plugin:3:test (t) on project a: "
    assert failures([goal, line], 1)[0].kind == kind


def test_a_summary_is_short_and_holds_no_password_of_an_address() -> None:
    errors = [f"[ERROR] A.java:[{number},1] from https://erp:hunter2@mirror.invalid/ \x1b[2J" for number in range(20)]
    goal = "[ERROR] Failed to execute goal g:maven-compiler-plugin:3:compile (c) on project a: Compilation failure"
    found = failures([goal, *errors], 1)[0]
    assert "hunter2" not in found.summary
    assert "\x1b" not in found.summary
    assert found.summary.endswith("and 12 lines more")

"""SonarQube's quality gate: a check waits for it, and says what the gate says. The server is a stand-in on loopback."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erp_build.build.quality_gate import judged_by_gate
from erp_build.clients.clock import SimulatedClock
from erp_build.formats.sonarqube import Condition, read_report_task
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun
from tests.support.loopback import Loopback, loopback

TOKEN = "squ_invented"
TASK, STATUS = "/api/ce/task", "/api/qualitygates/project_status"
CHECK = Check("sonar", maven=("sonar:sonar",), quality_gate="sonarqube", timeout=600.0)
PASSED = CheckRun(outcome="passed", seconds=30.0)
DONE = {"task": {"id": "AX1", "type": "REPORT", "status": "SUCCESS", "analysisId": "AN1", "componentKey": "com.erp:a"}}
OK = {"projectStatus": {"status": "OK", "conditions": [], "ignoredConditions": False}}
ERROR = {
    "projectStatus": {
        "status": "ERROR",
        "conditions": [
            {
                "status": "ERROR",
                "metricKey": "new_coverage",
                "comparator": "LT",
                "errorThreshold": "80",
                "actualValue": "42.5",
            },
            {
                "status": "ERROR",
                "metricKey": "new_security_rating",
                "comparator": "GT",
                "errorThreshold": "1",
                "actualValue": "3",
            },
            {"status": "OK", "metricKey": "new_bugs", "comparator": "GT", "errorThreshold": "0", "actualValue": "0"},
        ],
    }
}


class Changing(SimulatedClock):
    """Calls what is next whenever time passes, so that a server answers differently then."""

    def __init__(self, *changes: Callable[[], object]) -> None:
        super().__init__()
        self._changes = list(changes)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._changes:
            self._changes.pop(0)()


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as found:
        found.serve(TASK, DONE)
        found.serve(STATUS, OK)
        yield found


def sent(folder: Path, server: Loopback, place: str = "target/sonar") -> Path:
    """What the scanner leaves behind."""
    (folder / place).mkdir(parents=True)
    path = folder / place / "report-task.txt"
    path.write_text(
        f"projectKey=com.erp:a\nserverUrl={server.address}\nserverVersion=10.6.0\n"
        f"dashboardUrl={server.address}/dashboard?id=com.erp%3Aa\nceTaskId=AX1\nceTaskUrl={server.address}/x\n"
    )
    return path


def judged(folder: Path, clock: SimulatedClock | None = None, check: Check = CHECK, **secrets: str) -> CheckRun:
    return judged_by_gate(check, folder, PASSED, secrets or {"SONAR_TOKEN": TOKEN}, clock or SimulatedClock())


@pytest.mark.parametrize("place", ["target/sonar", ".scannerwork", "build/sonar"])
def test_a_gate_that_is_passed_passes_the_check(tmp_path: Path, server: Loopback, place: str) -> None:
    sent(tmp_path, server, place)
    assert judged(tmp_path) == PASSED
    assert [asked.path for asked in server.asked] == [f"{TASK}?id=AX1", f"{STATUS}?analysisId=AN1"]


def test_the_token_is_in_a_header_and_nowhere_else(tmp_path: Path, server: Loopback) -> None:
    sent(tmp_path, server)
    server.serve(STATUS, {"projectStatus": {"status": "ERROR", "conditions": []}})
    done = judged(tmp_path)
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {TOKEN}"}
    assert TOKEN not in "".join(asked.path for asked in server.asked) + repr(done)


def test_an_older_server_gets_the_token_as_a_user(tmp_path: Path, server: Loopback) -> None:
    sent(tmp_path, server)
    answer = server.answer

    def only_basic(asked: Any) -> tuple[int, Any]:
        found = answer(asked)
        return found if asked.headers["authorization"].startswith("Basic ") else (401, {})

    server.answer = only_basic  # type: ignore[method-assign]
    assert judged(tmp_path).outcome == "passed"
    assert [asked.headers["authorization"].split()[0] for asked in server.asked] == ["Bearer", "Basic", "Basic"]


def test_a_gate_that_fails_says_each_condition_that_is_not_met(tmp_path: Path, server: Loopback) -> None:
    sent(tmp_path, server)
    server.serve(STATUS, ERROR)
    done = judged(tmp_path)
    assert done.outcome == "failed"
    assert done.why.splitlines() == [
        "SonarQube's quality gate failed",
        "new coverage is 42.5, must be at least 80",
        "new security rating is C, must be A or better",
        f"{server.address}/dashboard?id=com.erp%3Aa",
    ]


def test_the_analysis_is_waited_for_through_answers_that_pass(tmp_path: Path, server: Loopback) -> None:
    sent(tmp_path, server)
    server.serve(TASK, {"task": {"id": "AX1", "status": "PENDING"}})
    clock = Changing(
        lambda: server.serve(TASK, {"task": {"id": "AX1", "status": "IN_PROGRESS"}}),
        lambda: server.serve(TASK, {}, 503),
        lambda: server.serve(TASK, {}, 429),
        lambda: server.serve(TASK, DONE),
    )
    done = judged(tmp_path, clock)
    assert done.outcome == "passed"
    assert done.seconds == 30.0 + clock.monotonic()
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("path", "status", "document", "told"),
    [
        pytest.param(TASK, 200, {"task": {"status": "FAILED", "errorMessage": "no line 7"}}, "no line 7", id="failed"),
        pytest.param(TASK, 200, {"task": {"status": "CANCELED"}}, "CANCELED: no reason", id="cancelled"),
        pytest.param(TASK, 200, {"task": {"status": "IN_PROGRESS"}}, "in time", id="without an end"),
        pytest.param(TASK, 401, {}, "does not accept the token", id="no sign-in"),
        pytest.param(TASK, 403, {}, "does not accept the token", id="no right"),
        pytest.param(TASK, 404, {}, "status 404", id="another server"),
        pytest.param(TASK, 302, {}, "status 302", id="led elsewhere"),
        pytest.param(TASK, 503, {}, "status 503", id="down"),
        pytest.param(TASK, 200, b"<html>", "cannot be read", id="a page"),
        pytest.param(TASK, 200, {"task": {"status": 7}}, "cannot be read", id="another form"),
        pytest.param(STATUS, 200, {"projectStatus": {"status": "NONE"}}, "no quality gate", id="no gate"),
        pytest.param(STATUS, 200, {"projectStatus": {"status": "ERROR", "conditions": 7}}, "cannot be", id="odd"),
    ],
)
def test_without_a_judgement_nothing_passes(
    tmp_path: Path, server: Loopback, path: str, status: int, document: Any, told: str
) -> None:
    sent(tmp_path, server)
    server.serve(path, document, status)
    done = judged(tmp_path)
    assert done.outcome == "inconclusive"
    assert told in done.why


def test_the_wait_ends_with_the_time_of_the_check(tmp_path: Path, server: Loopback) -> None:
    sent(tmp_path, server)
    server.serve(TASK, {"task": {"status": "PENDING"}})
    done = judged(tmp_path, check=CHECK._replace(timeout=60.0))
    assert done.outcome == "inconclusive"
    assert 60.0 <= done.seconds <= 70.0
    assert "raise `timeout`" in done.why


def test_a_server_that_is_not_there_is_no_judgement(tmp_path: Path) -> None:
    with loopback() as gone:
        sent(tmp_path, gone)
    done = judged(tmp_path)
    assert done.outcome == "inconclusive"
    assert "SonarQube does not answer" in done.why


def test_the_server_that_the_scanner_reached_is_asked(tmp_path: Path, server: Loopback) -> None:
    """Its own address may be one for people."""
    sent(tmp_path, Loopback("https://sonar.invalid"))
    assert judged(tmp_path, SONAR_TOKEN=TOKEN, SONAR_HOST_URL=f"{server.address}/").outcome == "passed"


@pytest.mark.parametrize("left", ["nothing", "of an earlier run", "without a task"])
def test_a_check_that_has_sent_nothing_does_not_pass(tmp_path: Path, server: Loopback, left: str) -> None:
    if left != "nothing":
        path = sent(tmp_path, server)
        if left == "without a task":
            path.write_text("serverUrl=x\n")
        else:
            os.utime(path, (1, 1))
    done = judged(tmp_path)
    assert done.outcome == "inconclusive"
    assert "has sent nothing to SonarQube" in done.why
    assert server.asked == []


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (("coverage", "LT", "80", "", "ERROR"), "coverage is unknown, must be at least 80"),
        (("bugs", "GT", "0", "3", "ERROR"), "bugs is 3, must be at most 0"),
        (("bugs", "NE", "0", "3", "ERROR"), "bugs is 3, NE 0"),
        (("reliability_rating", "GT", "1.0", "5.0", "ERROR"), "reliability rating is E, must be A or better"),
        (("reliability_rating", "GT", "x", "9", "ERROR"), "reliability rating is 9, must be x or better"),
    ],
)
def test_a_condition_is_told_as_a_sentence(condition: tuple[str, str, str, str, str], words: str) -> None:
    assert Condition(*condition).words == words


@pytest.mark.parametrize("text", ["", "serverUrl=x", "ceTaskId=1", "no equals sign", "=\n=="])
def test_a_file_that_names_no_task_is_none(text: str) -> None:
    assert read_report_task(text) is None

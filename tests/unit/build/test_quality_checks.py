"""Checks before the image: of all that is built, blocking or warning, with secrets in the environment only."""

import json
import threading

import pytest

from erp_build.clients.effects import CheckRequest
from erp_build.errors import ConfigurationError, GateBlocked, GateInconclusive
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun
from erp_build.report.document import report_document
from erp_build.report.junit import junit_text
from erp_build.report.text.run import report_text
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION

LONG = 60.0
"""Seconds after which a check that waits for another one gives up; never reached."""

STYLE, BUGS = Check("style", maven=("checkstyle:check",)), Check("bugs", command=("bugs",))
NO = CheckRun(outcome="failed", why="exit code 1\nline too long", seconds=1.5)


def with_checks(world: FakeWorld, *checks: Check) -> FakeWorld:
    world.project = world.project._replace(checks=checks)
    return world


def checked(world: FakeWorld) -> list[str]:
    return [target for verb, _, target in (line.partition(" ") for line in world.done()) if verb == "check"]


def test_every_service_that_is_built_is_checked_before_anything_is_built(world: FakeWorld) -> None:
    with_checks(world, STYLE, BUGS).change(NOTIFICATION, EMPLOYEE)
    world.run()
    done = checked(world)
    assert sorted(done) == sorted(f"{check} {name}" for name in (NOTIFICATION, EMPLOYEE) for check in ("style", "bugs"))
    for name in (NOTIFICATION, EMPLOYEE):
        assert [one for one in done if one.endswith(name)] == [f"style {name}", f"bugs {name}"]
    assert world.verbs()[:5] == ["check"] * 4 + ["package"]


class Meeting:
    """Notes how many checks are at work together; a check waits for another one as long as it may have company."""

    def __init__(self, world: FakeWorld, company: int) -> None:
        self.at_once: dict[str, int] = {}
        self._together = threading.Barrier(company)
        self._at_work: list[str] = []
        self._check = world.effects.check
        self._lock = threading.Lock()
        world.effects.check = self.check  # type: ignore[method-assign]

    def check(self, request: CheckRequest) -> CheckRun:
        name = request.check.name
        with self._lock:
            self._at_work.append(name)
            self.at_once[name] = max(self.at_once.get(name, 0), self._at_work.count(name))
        if not request.check.takes_turns:
            self._together.wait(LONG)
        with self._lock:
            self._at_work.remove(name)
        return self._check(request)


def test_commands_of_several_services_run_at_once_and_mavens_take_turns(world: FakeWorld) -> None:
    port, wrapper = Check("port", command=("./serve",), alone=True), Check("wrapper", command=("sh", "./mvnw", "-v"))
    with_checks(world, STYLE, BUGS, port, wrapper).change(NOTIFICATION, EMPLOYEE)
    meeting = Meeting(world, company=2)
    report = world.run()
    assert meeting.at_once == {"style": 1, "bugs": 2, "port": 1, "wrapper": 1}
    names = [step.target.name for step in report.plan.builds] if report.plan else []
    assert [(one.target, one.check.name) for one in report.checked] == [
        (name, check) for name in names for check in ("style", "bugs", "port", "wrapper")
    ]


def test_a_check_may_be_for_some_services_alone(world: FakeWorld) -> None:
    with_checks(world, STYLE._replace(targets=(EMPLOYEE,))).change(NOTIFICATION, EMPLOYEE)
    world.run()
    assert checked(world) == [f"style {EMPLOYEE}"]


def test_what_is_not_built_is_not_checked(world: FakeWorld) -> None:
    with_checks(world, STYLE).change("helm-chart")
    world.run()
    assert checked(world) == []


def test_a_check_that_fails_builds_nothing_and_says_what_it_found(world: FakeWorld) -> None:
    with_checks(world, STYLE, BUGS).change(NOTIFICATION)
    world.effects.check_runs["style", NOTIFICATION] = NO
    with pytest.raises(GateBlocked, match="1 of 2 checks failed") as caught:
        world.run()
    assert caught.value.why == f"style, {NOTIFICATION}: exit code 1\nline too long"
    assert caught.value.code == 6
    assert set(world.verbs()) == {"check"}
    assert len(checked(world)) == 2


def test_a_check_that_warns_is_told_and_stops_nothing(world: FakeWorld) -> None:
    with_checks(world, STYLE._replace(blocks=False)).change(NOTIFICATION)
    world.effects.check_runs["style", NOTIFICATION] = NO
    report = world.run()
    assert report.outcome == "deployed"
    assert f"{NOTIFICATION}: style: warning in 1.5 s" in world.progress.lines
    assert "style  notification-service  warning  1.5 s" in report_text(report)
    assert report_document(report)["checks"] == [
        {
            "name": "style",
            "target": NOTIFICATION,
            "outcome": "warning",
            "seconds": 1.5,
            "why": "exit code 1\nline too long",
            "reports": [],
        }
    ]


def test_a_check_that_did_not_end_is_no_pass(world: FakeWorld) -> None:
    with_checks(world, STYLE).change(NOTIFICATION)
    world.effects.check_runs["style", NOTIFICATION] = CheckRun(outcome="inconclusive", why="took longer than 600 s")
    with pytest.raises(GateInconclusive, match="did not finish") as caught:
        world.run()
    assert caught.value.code == 7


def test_a_failure_goes_before_a_doubt(world: FakeWorld) -> None:
    with_checks(world, STYLE, BUGS).change(NOTIFICATION)
    world.effects.check_runs["style", NOTIFICATION] = CheckRun(outcome="inconclusive")
    world.effects.check_runs["bugs", NOTIFICATION] = NO
    with pytest.raises(GateBlocked, match="1 of 2 checks failed"):
        world.run()


def test_secrets_reach_the_check_and_no_report(world: FakeWorld) -> None:
    secrets = (("SONAR_TOKEN", "sonar-token"), ("NVD_API_KEY", "/shared/nvd"))
    with_checks(world, STYLE._replace(secrets=secrets)).change(NOTIFICATION)
    world.parameters.secrets = {"/erp/dev/sonar-token": "squ_invented", "/shared/nvd": "nvd-invented"}
    report = world.run()
    assert world.effects.given_secrets == {"SONAR_TOKEN": "squ_invented", "NVD_API_KEY": "nvd-invented"}
    everything = json.dumps(report_document(report)) + report_text(report) + "\n".join(world.progress.lines)
    assert "invented" not in everything


def test_a_secret_that_is_not_there_stops_before_the_first_check(world: FakeWorld) -> None:
    with_checks(world, STYLE._replace(secrets=(("SONAR_TOKEN", "sonar-token"),))).change(NOTIFICATION)
    with pytest.raises(ConfigurationError, match="secrets cannot be read"):
        world.run()
    assert world.verbs() == []


def test_a_rehearsal_assumes_that_checks_pass(world: FakeWorld) -> None:
    with_checks(world, STYLE).change(NOTIFICATION)
    report = world.rehearse()
    assert ("check", "assumed") in {(effect.name, effect.state) for effect in report.effects}


def test_checks_are_test_cases(world: FakeWorld) -> None:
    with_checks(world, STYLE, BUGS, replace_name(STYLE)).change(NOTIFICATION)
    world.effects.check_runs["style", NOTIFICATION] = NO
    with pytest.raises(GateBlocked, match="1 of 3 checks failed"):
        world.run()
    text = junit_text(None, world.report.checked)
    assert '<testsuite name="checks" tests="3" failures="1" errors="0" skipped="0"' in text
    assert "line too long" in text


def replace_name(check: Check) -> Check:
    return check._replace(name="third", blocks=False)

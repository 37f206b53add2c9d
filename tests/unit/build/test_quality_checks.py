"""Checks before the image: of all that is built, blocking or warning, with secrets in the environment only."""

import json

import pytest

from erp_build.errors import ConfigurationError, GateBlocked, GateInconclusive
from erp_build.model.check_run import CheckRun
from erp_build.model.project import Check
from erp_build.report.document import report_document
from erp_build.report.junit import junit_text
from erp_build.report.text.run import report_text
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION

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
    assert checked(world) == [f"{check} {name}" for name in (NOTIFICATION, EMPLOYEE) for check in ("style", "bugs")]
    assert world.verbs()[:5] == ["check"] * 4 + ["package"]


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

"""What runs is judged by today's findings: every digest, not what a tag says, and a doubt is no pass."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from erp_build.errors import ConfigurationError, GateBlocked, GateInconclusive
from erp_build.gate.cleared import read_cleared
from erp_build.gate.filter import Known
from erp_build.gate.result import Judgement
from erp_build.gate.running import find_running_images, judge_running
from erp_build.gate.stage import clear_images, read_rules
from erp_build.model.project import GatePolicy
from erp_build.report.document import report_document
from tests.fakes.deployments import Trouble
from tests.fakes.registry import completed_at, error, scan
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION

REPOSITORY = f"erp/{NOTIFICATION}"
ALL = sorted(target.name for target in ERP.image_targets)


def judge(world: FakeWorld, cleared: dict[str, Known] | None = None) -> Judgement:
    """Judge what runs, two days after everything was scanned."""
    world.clock.sleep(timedelta(days=2).total_seconds())
    site = world.site()
    return judge_running(site, read_rules(site.clients, site.project.gate), cleared)


def outcomes(judgement: Judgement) -> dict[str, str]:
    return {row.image.target: row.verdict.outcome for row in judgement.rows}


def test_every_running_image_is_scanned_anew_and_passes(world: FakeWorld) -> None:
    judgement = judge(world)
    assert outcomes(judgement) == dict.fromkeys(ALL, "passed")
    assert len(world.registry.started) == len(ALL)
    assert len(clear_images(judgement)) == len(ALL)


def test_a_finding_of_today_in_what_runs_is_told(world: FakeWorld) -> None:
    running, before = world.cluster.digest(NOTIFICATION), len(world.done())
    today = world.clock.now() + timedelta(days=2)
    world.registry.answers(running, scan(), completed_at(today, scan(CRITICAL=1)))
    judgement = judge(world)
    with pytest.raises(GateBlocked, match="1 of 4 images over the policy") as caught:
        clear_images(judgement)
    assert "CVE-CRITICAL-0" in caught.value.why
    assert {effect.split()[0] for effect in world.done()[before:]} == {"start_scan"}


def test_that_it_runs_already_is_no_excuse(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=GatePolicy(new_only=True))
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    assert outcomes(judge(world))[NOTIFICATION] == "blocked"


def test_what_the_verdict_that_cleared_it_let_pass_is_not_new(world: FakeWorld, tmp_path: Path) -> None:
    world.project = world.project._replace(gate=GatePolicy(new_only=True))
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    world.change(NOTIFICATION)
    world.run()
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report_document(world.report)), encoding="utf-8")
    known = read_cleared(path)
    today = world.clock.now() + timedelta(days=2)
    world.registry.answers(REPOSITORY, completed_at(today, scan(CRITICAL=1)))
    assert outcomes(judge(world, known))[NOTIFICATION] == "passed"
    later = today + timedelta(days=2)
    world.registry.answers(REPOSITORY, completed_at(later, scan(CRITICAL=2)))
    row = next(row for row in judge(world, known).rows if row.image.target == NOTIFICATION)
    assert row.verdict.why == "1 new CRITICAL, 1 already running"


def test_a_result_that_cannot_be_renewed_is_no_verdict(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, scan())
    judgement = judge(world)
    assert outcomes(judgement)[NOTIFICATION] == "inconclusive"
    with pytest.raises(GateInconclusive, match="1 of 4 images without a verdict") as caught:
        clear_images(judgement)
    assert "older than `max_age` of [gate] allows" in caught.value.why


def test_a_scan_that_may_not_be_read_is_no_verdict(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, error("AccessDeniedException"))
    with pytest.raises(GateInconclusive):
        clear_images(judge(world))


def test_the_digest_of_the_pods_is_judged_and_not_that_of_a_moved_tag(world: FakeWorld) -> None:
    other = world.registry.push(REPOSITORY, "other", "d" * 40)
    world.cluster.troubles[NOTIFICATION] = Trouble(digest=other, ready=True)
    found = [one.digest for one in find_running_images(world.site()) if one.target == NOTIFICATION]
    assert found == [other]


def test_the_old_pods_of_a_rollout_are_judged_too(world: FakeWorld) -> None:
    old = world.cluster.digest(NOTIFICATION)
    world.change(NOTIFICATION)
    world.run()
    world.cluster.rolls_out_again(NOTIFICATION)
    found = {one.digest for one in find_running_images(world.site()) if one.target == NOTIFICATION}
    assert found == {old, world.cluster.digest(NOTIFICATION)}


def test_a_service_without_pods_is_judged_by_the_image_of_its_deployment(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = 0
    found = [one.digest for one in find_running_images(world.site()) if one.target == NOTIFICATION]
    assert found == [world.cluster.digest(NOTIFICATION)]


def test_what_the_alias_leads_to_is_judged_beside_the_function(world: FakeWorld) -> None:
    aliased = [one._replace(publish=True, alias="live") for one in world.project.functions]
    world.project = world.project._replace(functions=tuple(aliased))
    called = world.registry.push(FUNCTION_REPOSITORY, "called", "c" * 40)
    world.functions.aliases[f"{FUNCTION}:live"] = called
    found = [one.digest for one in find_running_images(world.site()) if one.target == EMPLOYEE]
    assert found == [world.functions.states[FUNCTION].digest, called]
    del world.functions.aliases[f"{FUNCTION}:live"]
    assert [one.digest for one in find_running_images(world.site()) if one.target == EMPLOYEE] == found[:1]


def test_a_function_that_does_not_say_what_it_runs_is_no_verdict(world: FakeWorld) -> None:
    world.functions.states[FUNCTION] = replace(world.functions.states[FUNCTION], resolved="")
    judgement = judge(world)
    assert outcomes(judgement)[EMPLOYEE] == "inconclusive"
    row = next(row for row in judgement.rows if row.image.target == EMPLOYEE)
    assert "is not known by its digest" in row.verdict.why


def test_an_image_that_the_registry_has_lost_is_no_verdict(world: FakeWorld) -> None:
    world.registry.expired.add(REPOSITORY)
    assert outcomes(judge(world))[NOTIFICATION] == "inconclusive"


def test_what_does_not_run_is_told_and_where_nothing_runs_is_no_pass(world: FakeWorld) -> None:
    del world.cluster.deployments[NOTIFICATION]
    judgement = judge(world)
    assert f"{NOTIFICATION}: nothing runs of it, so nothing of it was judged" in judgement.notes
    world.cluster.deployments.clear()
    world.functions.states.clear()
    with pytest.raises(GateInconclusive, match="nothing runs that could be judged"):
        judge(world)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"gate": null}', '{"images": [{"outcome": "passed"}]}', '{"images": 1}']
)
def test_a_report_that_is_none_is_a_mistake_of_the_caller(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="report of the run that cleared what runs cannot be read"):
        read_cleared(path)


def test_only_what_passed_by_already_running_is_taken_from_a_report(tmp_path: Path) -> None:
    finding = {"name": "CVE-1", "severity": "HIGH", "package": "a, b"}
    nameless = {"name": "CVE-2", "severity": "LOW", "package": ""}
    image = {"digest": "sha256:1", "outcome": "passed", "known": [finding, nameless], "waived": [finding]}
    blocked = {"digest": "sha256:2", "outcome": "blocked", "known": [finding]}
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"gate": {"images": [image, blocked]}}), encoding="utf-8")
    assert read_cleared(path) == {"sha256:1": {(("CVE-1", ("a", "b")), "HIGH"): 1, (("CVE-2", ()), "LOW"): 1}}

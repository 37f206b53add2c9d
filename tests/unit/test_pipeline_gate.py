"""The gate in a whole run: waivers and their last day, every image of the plan, and what a stopped run reports."""

import ast
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.errors import ConfigurationError, GateBlocked, GateInconclusive
from erp_build.model.project import GatePolicy
from erp_build.report.document import report_document
from erp_build.report.text.run import report_text
from tests.fakes.registry import completed_at, error, scan
from tests.fakes.world import FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION

REPOSITORY = f"erp/{NOTIFICATION}"
SOURCES = Path(__file__).parents[2] / "src" / "erp_build"
FINDING = {"name": "CVE-1", "severity": "CRITICAL", "attributes": [{"key": "package_name", "value": "openssl"}]}
FINDINGS = {
    "imageScanCompletedAt": "2030-01-01T00:00:00Z",
    "findingSeverityCounts": {"CRITICAL": 1},
    "findings": [FINDING],
}
BLOCKED = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": FINDINGS}
WAIVER = '[[waiver]]\nid = "CVE-1"\npackage = "openssl"\nreason = "not reachable"\nowner = "kim"\nuntil = 2026-03-31\n'


def on(world: FakeWorld, year: int, month: int, day: int) -> FakeWorld:
    """The same world on another day, with an hour to go."""
    world.clock = SimulatedClock(datetime(year, month, day, 23, tzinfo=UTC))
    return world


def with_waivers(world: FakeWorld, text: str = WAIVER) -> FakeWorld:
    world.project = world.project._replace(gate=GatePolicy(waivers="waivers.toml"))
    world.commit({"waivers.toml": text})
    return world


def test_a_blocked_run_passes_with_a_waiver_and_blocks_again_the_day_after_its_last(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, BLOCKED)
    with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
        on(world, 2026, 3, 30).run()

    with_waivers(world)
    report = on(world, 2026, 3, 31).run()
    assert report.outcome == "deployed"
    assert "waived: CVE-1 (openssl), CRITICAL: not reachable (kim, until 2026-03-31)" in report_text(report)

    world.change(NOTIFICATION, text="again")
    before = world.latest()
    with pytest.raises(GateBlocked) as caught:
        on(world, 2026, 4, 1).run()
    assert "the waiver of CVE-1 expired on 2026-03-31" in caught.value.why
    assert (world.moved(), world.latest()) == (set(), before)


def test_a_waiver_file_that_is_not_right_stops_before_anything_is_built(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    with_waivers(world, WAIVER + 'note = "x"\n')
    with pytest.raises(ConfigurationError, match="unknown key `note`"):
        world.run()
    assert world.verbs() == []


@pytest.mark.parametrize("names", [(CHART,), (NOTIFICATION, EMPLOYEE)])
def test_every_image_of_the_plan_is_judged_also_those_that_run_already(
    names: tuple[str, ...], world: FakeWorld
) -> None:
    world.change(*names)
    report = world.run()
    assert report.judgement
    deployed = {image.target for image in report.images}
    assert {row.image.target for row in report.judgement.rows} == deployed
    assert len(deployed) == (3 if CHART in names else 2)


def test_a_chart_change_does_not_wait_for_scans_of_images_that_run(world: FakeWorld) -> None:
    world.change(CHART)
    on(world, 2026, 3, 30)
    report = world.run()
    assert (report.outcome, world.registry.started) == ("deployed", [])
    assert report_text(report).count("it runs already, and its scan is of 2026-01-01") == 3


def test_an_image_that_the_gate_blocked_is_judged_again_without_a_build(world: FakeWorld) -> None:
    commit = world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked):
        world.run()
    built = world.registry.tags[REPOSITORY, commit[:7]]
    assert "build_image" in world.verbs()
    world.registry.answers(REPOSITORY, scan(LOW=1))
    report = world.run()
    assert report.outcome == "deployed"
    assert "build_image" not in world.verbs()
    assert [image.digest for image in report.images] == [built]


def test_an_image_that_the_gate_blocked_days_ago_is_scanned_anew_without_a_build(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked):
        world.run()
    newer = completed_at(datetime(2026, 3, 30, 23, 1, tzinfo=UTC), scan(LOW=1))
    world.registry.answers(REPOSITORY, scan(CRITICAL=1), scan(CRITICAL=1), newer)
    on(world, 2026, 3, 30)
    assert world.run().outcome == "deployed"
    assert world.registry.started == [REPOSITORY]
    assert "build_image" not in world.verbs()


def test_findings_of_days_ago_block_where_no_newer_scan_comes(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    on(world, 2026, 3, 30)
    with pytest.raises(GateBlocked) as caught:
        world.run()
    assert "1 CRITICAL found" in caught.value.why
    assert world.seconds("judge images") == world.project.gate.timeout


def test_findings_of_days_ago_block_at_once_where_ecr_scans_no_second_time(world: FakeWorld) -> None:
    commit = world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked):
        world.run()
    world.registry.scanned_today.add(world.registry.tags[REPOSITORY, commit[:7]])
    on(world, 2026, 3, 30)
    with pytest.raises(GateBlocked):
        world.run()
    assert world.seconds("judge images") == 0


def test_a_redeployed_image_with_a_new_finding_stops_the_chart(world: FakeWorld) -> None:
    world.change(CHART)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="1 of 3 images over the policy"):
        world.run()
    assert world.moved() == set()


def test_where_only_new_findings_count_a_chart_change_is_deployed_over_known_ones(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=GatePolicy(new_only=True))
    world.change(CHART)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    assert world.run().outcome == "deployed"


def test_where_only_new_findings_count_the_deployed_image_is_the_one_that_runs(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=GatePolicy(new_only=True))
    running = world.registry.tags[REPOSITORY, "latest"]
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=2))
    world.registry.answers(running, scan(CRITICAL=1))
    with pytest.raises(GateBlocked) as caught:
        world.run()
    assert "1 new CRITICAL, 1 already running" in caught.value.why


def test_a_policy_that_blocks_nothing_is_said_loudly(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=GatePolicy(block=()))
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    report = world.run()
    assert any(line.startswith("THE GATE BLOCKS NOTHING") for line in world.progress.lines)
    assert "THE GATE BLOCKS NOTHING" in report_text(report)


def test_a_stopped_run_reports_the_judgement_of_every_image(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.registry.answers(REPOSITORY, BLOCKED)
    with pytest.raises(GateBlocked, match="1 of 2 images over the policy"):
        world.run()
    gate = report_document(world.report)["gate"]
    assert gate is not None
    assert {image["target"]: image["outcome"] for image in gate["images"]} == {
        NOTIFICATION: "blocked",
        EMPLOYEE: "passed",
    }
    assert "CVE-1" in report_text(world.report)
    json.dumps(gate["images"])


def test_what_is_not_allowed_ends_the_wait_and_names_the_action(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, error("AccessDeniedException"))
    with pytest.raises(GateInconclusive) as caught:
        world.run()
    assert caught.value.next_step == "add ecr:DescribeImageScanFindings to the role's policy"
    assert world.seconds("judge images") == 0


def test_only_the_gate_makes_a_cleared_image() -> None:
    makers = [
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "ClearedImage"
    ]
    assert makers == ["gate/stage.py"]

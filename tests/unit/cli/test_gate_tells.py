"""`gate --running --tell`: who watches the topic hears what is not well in what runs, and that nobody could look."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from erp_build.cli.verbs import gate
from erp_build.clients.effects import NotifyRequest
from erp_build.errors import ConfigurationError, ErpBuildError, GateBlocked, GateInconclusive, OutOfReach
from erp_build.gate.running import judge_releases
from erp_build.gate.stage import read_rules
from tests.fakes.cluster import FakeCluster
from tests.fakes.deployments import Deployments
from tests.fakes.registry import completed_at, error, scan
from tests.fakes.world import FakeWorld
from tests.support.cli import CommandLine
from tests.support.samples import NOTIFICATION, REQUEST
from tests.support.world_console import WorldConsole

REPOSITORY = f"erp/{NOTIFICATION}"


def enhanced(now: datetime, *findings: dict[str, Any]) -> dict[str, Any]:
    """An answer of continuous scanning with these findings."""
    found = {"imageScanCompletedAt": now, "enhancedFindings": list(findings)}
    return {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": found}


def finding(name: str, first_seen: datetime, fixed_in: str = "", manager: str = "OS") -> dict[str, Any]:
    package = {"name": "libssl3", "version": "3.0.13", "fixedInVersion": fixed_in or "NotAvailable"}
    package["packageManager"] = manager
    return {
        "severity": "CRITICAL",
        "status": "ACTIVE",
        "findingArn": f"arn:aws:inspector2:ap-northeast-2:123456789012:finding/{name}",
        "firstObservedAt": first_seen,
        "fixAvailable": "YES" if fixed_in else "NO",
        "packageVulnerabilityDetails": {"vulnerabilityId": name, "vulnerablePackages": [package]},
    }


def tell(world: FakeWorld, *, tells: bool = True) -> tuple[ErpBuildError | None, list[NotifyRequest]]:
    """What a check ends with, and what it has sent; nothing else is changed by it but scans that begin."""
    world.effects.messages.clear()
    options = gate.Options()
    vars(options).update(running=True, tell=tells, repo=str(world.root))
    console = WorldConsole(world, options)
    try:
        gate.main(options, console)
    except ErpBuildError as ended:
        return ended, list(world.effects.messages)
    return None, list(world.effects.messages)


def test_what_passes_is_no_news(world: FakeWorld) -> None:
    assert tell(world) == (None, [])
    assert world.progress.lines[-1].endswith("everything that runs was judged, and passes")


def test_a_finding_is_told_with_its_image_its_fix_since_when_and_what_next(world: FakeWorld) -> None:
    now, digest = world.clock.now(), world.cluster.digest(NOTIFICATION)
    old, new = finding("CVE-2026-1", now - timedelta(days=9), "3.0.15"), finding("CVE-2026-2", now)
    world.registry.answers(REPOSITORY, enhanced(now, old, new))
    ended, (message,) = tell(world)
    assert isinstance(ended, GateBlocked)
    assert message.topic == "erp-dev-alarms"
    assert message.subject == "erp dev: FINDINGS in what runs: 1 of 4 images, 1 NEW"
    lines = message.text.splitlines()
    assert any(line.startswith(f"{NOTIFICATION} ({REPOSITORY}@{digest}): 2 CRITICAL found") for line in lines)
    seen = f"{now - timedelta(days=9):%Y-%m-%d %H:%M}"
    assert f"  CVE-2026-1 CRITICAL in libssl3 3.0.13: fixed in 3.0.15; since {seen}" in lines
    (line,) = (line for line in lines if "CVE-2026-2" in line)
    assert line.endswith("no fix; since 2026-01-01 00:00, NEW in the last 24 hours") or "NEW in the last" in line
    assert "Next: erp-build run --rebuild" in message.text
    assert json.loads(message.chat)["content"]["nextSteps"][0].startswith("erp-build run --rebuild")


def test_a_library_of_java_is_raised_by_people_and_no_rebuild_is_advised_for_it_alone(world: FakeWorld) -> None:
    now = world.clock.now()
    library, package = finding("CVE-2026-1", now, "2.17.1", "JAR"), finding("CVE-2026-2", now, "3.0.15")
    world.registry.answers(REPOSITORY, enhanced(now, library, package))
    _, (message,) = tell(world)
    steps = [line for line in message.text.splitlines() if line.startswith("Next: ")]
    assert [line.partition(":")[2].split()[0] for line in steps] == ["erp-build", "a", "a"]
    assert "raise its version in the pom" in steps[1]
    world.registry.answers(REPOSITORY, enhanced(now, library))
    _, (message,) = tell(world)
    assert "erp-build run --rebuild" not in message.text
    assert "raise its version in the pom" in message.text


def test_the_same_news_says_that_it_is_none(world: FakeWorld) -> None:
    now = world.clock.now()
    world.registry.answers(REPOSITORY, enhanced(now, finding("CVE-2026-1", now - timedelta(days=9))))
    _, (message,) = tell(world)
    assert message.subject.endswith("1 of 4 images, none new in 24 hours")
    assert "This is told at each check until everything passes" in message.text


def test_a_basic_scan_does_not_say_since_when(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, completed_at(world.clock.now(), scan(CRITICAL=1)))
    _, (message,) = tell(world)
    assert message.subject.endswith("1 of 4 images, since when is not known")
    assert "whether there is a fix is not said; since when is not said" in message.text


def test_an_image_that_could_not_be_judged_is_told_and_no_all_is_well(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, error("AccessDeniedException", "not authorized: ecr:DescribeImageScanFindings"))
    ended, (message,) = tell(world)
    assert isinstance(ended, GateInconclusive)
    assert message.subject == "erp dev: NOT JUDGED: 1 of what runs"
    assert "ecr:DescribeImageScanFindings" in message.text
    assert "nobody knows whether" in message.text


def test_a_check_that_could_not_be_done_is_told(world: FakeWorld) -> None:
    world.cluster.is_away(seconds=10_000.0)
    ended, (message,) = tell(world)
    assert isinstance(ended, OutOfReach)
    assert message.subject == "erp dev: what runs was NOT JUDGED"
    assert "the cluster cannot be reached; erp-dev; connection refused" in message.text


def test_a_release_that_cannot_be_judged_keeps_no_other_one_from_it(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, completed_at(world.clock.now(), scan(CRITICAL=1)))
    here = world.site()
    nowhere = FakeCluster(Deployments(world.clock), world.registry)
    empty = replace(here, project=here.project._replace(functions=()), clients=replace(here.clients, cluster=nowhere))
    judged = judge_releases([empty, here], read_rules(here.clients, here.project.gate))
    assert [one.what for _, one in judged.undone] == ["nothing runs that could be judged"]
    assert {row.verdict.outcome for row in judged.judgement.rows} == {"blocked", "passed"}


def test_a_topic_that_takes_no_message_changes_no_exit_code_and_is_said(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, completed_at(world.clock.now(), scan(CRITICAL=1)))
    denied = ConfigurationError("sns:Publish is not allowed", where="arn:aws:sns:x", why="no policy")
    world.effects.failures["notify", "erp-dev-alarms"] = denied
    ended, messages = tell(world)
    assert (type(ended), messages) == (GateBlocked, [])
    assert "nobody is notified: sns:Publish is not allowed: arn:aws:sns:x no policy" in world.progress.lines


def test_only_who_asks_for_it_is_told(world: FakeWorld) -> None:
    world.registry.answers(REPOSITORY, completed_at(world.clock.now(), scan(CRITICAL=1)))
    ended, messages = tell(world, tells=False)
    assert (type(ended), messages) == (GateBlocked, [])


def test_no_secret_and_no_mention_is_told(world: FakeWorld) -> None:
    world.secrets.add("hunter2-hunter2")
    page = scan(CRITICAL=1)
    page["imageScanFindings"]["findings"][0]["name"] = "CVE hunter2-hunter2 <!channel>"
    world.registry.answers(REPOSITORY, completed_at(world.clock.now(), page))
    _, (message,) = tell(world)
    assert "hunter2" not in message.text + message.chat + message.subject
    assert "<!channel>" not in message.chat


def test_a_long_list_is_cut_and_says_so(world: FakeWorld) -> None:
    for name in (NOTIFICATION, REQUEST):
        world.registry.answers(f"erp/{name}", completed_at(world.clock.now(), scan(CRITICAL=500)))
    _, (message,) = tell(world)
    assert message.text.count("CVE-CRITICAL-") < 60
    assert message.text.count("... and 480 more") == 2
    assert len(message.text.encode()) + len(message.chat.encode()) < 200_000


def test_to_tell_is_for_what_runs(erp_build: CommandLine) -> None:
    told = erp_build("gate", "--recorded", "x.json", "--tell")
    assert (told.code, "--tell is for --running" in told.err) == (2, True)


@pytest.mark.parametrize("tells", [True, False])
def test_a_check_changes_nothing_that_runs(world: FakeWorld, *, tells: bool) -> None:
    before = len(world.done())
    tell(world, tells=tells)
    assert {effect.split()[0] for effect in world.done()[before:]} <= {"start_scan", "notify"}

"""The gate against a scanner as ECR's is on bad days: after each run, what was deployed and what `latest` names.

The images that are blocked are built once: a run that was stopped leaves its image in the registry, and the next one
takes it from there.
"""

import json
import time
from typing import Any

import pytest

from sandbox.aws.fault_proxy.client import Faults
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants import deployed_state
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

SERVICE = "notification-service"


AHEAD = time.time() + 6 * 3600
"""When every scan is complete: after each push of these hours, and for all pages of an answer the same."""

Whole = dict[str, int] | None


def scanned(
    status: str = "COMPLETE",
    token: str = "",
    enhanced: bool = False,  # noqa: FBT001, FBT002 - reads as a word of the answer
    whole: Whole = None,
    **counts: int,
) -> dict[str, Any]:
    """An answer whose findings are as many as its counts say; `whole` are the counts of all its pages."""
    key = "enhancedFindings" if enhanced else "findings"
    listed = [
        {
            "name": f"CVE-2026-{severity}-{number}",
            "severity": severity,
            "attributes": [{"key": "package_name", "value": "openssl"}],
            "packageVulnerabilityDetails": {
                "vulnerabilityId": f"CVE-2026-{severity}-{number}",
                "vulnerablePackages": [{"name": "openssl"}],
            },
        }
        for severity, count in counts.items()
        for number in range(count)
    ]
    found = {"imageScanCompletedAt": AHEAD, "findingSeverityCounts": counts if whole is None else whole, key: listed}
    answer: dict[str, Any] = {"imageScanStatus": {"status": status}, "imageScanFindings": found}
    return {**answer, "nextToken": token} if token else answer


def status(name: str) -> dict[str, Any]:
    return {"imageScanStatus": {"status": name, "description": f"{name} as scripted"}}


def error(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": f"{code} as scripted"}}


ALL = {"LOW": 1, "MEDIUM": 1, "CRITICAL": 1}
PAGES = [
    scanned(token="2", whole=ALL, LOW=1),
    scanned(token="3", whole=ALL, MEDIUM=1),
    scanned(whole=ALL, CRITICAL=1),
]
BLOCKED = [
    pytest.param(
        [scanned(token="2"), scanned(whole={"CRITICAL": 3})],
        7,
        ["page 2 has another counts than page 1"],
        id="pages that contradict each other",
    ),
    pytest.param(PAGES, 6, ["1 CRITICAL found", "CVE-2026-CRITICAL-0 (openssl)"], id="CRITICAL on page 3"),
    pytest.param(
        [scanned("ACTIVE", enhanced=True), scanned("ACTIVE", enhanced=True, LOW=1)]
        + [scanned("ACTIVE", enhanced=True, LOW=1, CRITICAL=2)] * 2,
        6,
        ["2 CRITICAL found"],
        id="ACTIVE empty, then 1, then 3",
    ),
    pytest.param([status("IN_PROGRESS")], 7, ["not finished in time: IN_PROGRESS", "timeout"], id="never ends"),
    pytest.param([status("UNSUPPORTED_IMAGE")], 7, ["UNSUPPORTED_IMAGE", "base image"], id="UNSUPPORTED_IMAGE"),
    pytest.param([status("SOMETHING_NEW")], 7, ["SOMETHING_NEW", "not known"], id="a status of next year"),
    pytest.param([error("AccessDeniedException")], 7, ["ecr:DescribeImageScanFindings"], id="AccessDenied"),
    pytest.param(
        [error("ThrottlingException")], 7, ["not finished in time: ThrottlingException"], id="throttled for ever"
    ),
    pytest.param([error("ScanNotFoundException")], 7, ["there is no scan yet"], id="no scan for ever"),
]


@pytest.fixture(scope="module")
def candidate(demonstrated: Erp) -> str:
    """A commit whose image is in the registry and runs nowhere: the gate stopped it."""
    Faults().clear()
    demonstrated.git("reset", "--quiet", "--hard", demonstrated.commit)
    commit = demonstrated.new_content(SERVICE)
    Faults().scans(f"{demonstrated.tenant.name}/{SERVICE}", [scanned(CRITICAL=1)])
    assert demonstrated.run(config=_short(demonstrated)).code == 6
    return commit


@pytest.mark.parametrize(("answers", "code", "said"), BLOCKED)
def test_a_run_that_the_gate_stops_deploys_nothing_and_leaves_latest(
    erp: Erp, candidate: str, answers: list[dict[str, Any]], code: int, said: list[str]
) -> None:
    erp.git("reset", "--quiet", "--hard", candidate)
    before = erp.look()
    Faults().scans(f"{erp.tenant.name}/{SERVICE}", answers)
    done = erp.run(config=_short(erp))
    assert done.code == code, done.stderr
    assert [word for word in said if word not in done.stderr] == []
    assert erp.look() == before
    image = done.report["gate"]["images"][0]
    assert image["outcome"] == ("blocked" if code == 6 else "inconclusive")
    assert {effect["name"] for effect in done.report["effects"]} <= {"tag", "start_scan", "notify"}


def test_the_findings_are_there_for_other_tools_also_when_the_gate_stops(erp: Erp, candidate: str) -> None:
    erp.git("reset", "--quiet", "--hard", candidate)
    Faults().scans(f"{erp.tenant.name}/{SERVICE}", PAGES)
    assert erp.run(config=_short(erp)).code == 6
    folder = erp.repository.parent
    sarif = json.loads((folder / "gate.sarif").read_text(encoding="utf-8"))
    assert [result["properties"]["blocks"] for result in sarif["runs"][0]["results"]] == [False, False, True]
    assert 'failures="1"' in (folder / "junit.xml").read_text(encoding="utf-8")


def test_an_image_in_the_registry_is_judged_by_its_name(erp: Erp, candidate: str) -> None:
    name = f"{erp.tenant.name}/{SERVICE}"
    Faults().scans(name, [scanned(HIGH=2)])
    passed = erp.call("gate", f"{name}:{candidate[:7]}", "--json")
    assert passed.code == 0, passed.stderr
    assert json.loads(passed.stdout)["counts"] == {"HIGH": 2}
    Faults().scans(name, [scanned(CRITICAL=1)])
    assert erp.call("gate", f"{name}:{candidate[:7]}").code == 6
    assert erp.call("gate", f"{name}:no-such-tag").code == 2


def test_what_runs_is_judged_by_todays_findings(erp: Erp) -> None:
    before, name = erp.look(), f"{erp.tenant.name}/{SERVICE}"
    clean = erp.call("gate", "--running", "--json")
    assert clean.code == 0, clean.stderr
    judged = {image["target"]: image["digest"] for image in json.loads(clean.stdout)["images"]}
    assert set(before.deployments[SERVICE].digests) == {judged[SERVICE]}
    Faults().scans(name, [scanned(CRITICAL=1)])
    found = erp.call("gate", "--running")
    assert found.code == 6, found.stderr
    assert "CVE-2026-CRITICAL-0 (openssl)" in found.stderr
    Faults().scans(name, [error("AccessDeniedException")])
    assert erp.call("gate", "--running").code == 7
    assert erp.look() == before


def test_four_images_share_one_deadline(erp: Erp) -> None:
    erp_commits.change_proto(erp.repository)
    before = erp.look()
    for repository in erp.tenant.repositories:
        Faults().scans(repository, [status("IN_PROGRESS")])
    done = erp.run(config=erp.config.replace('timeout = "10m"', 'timeout = "6s"'))
    assert done.code == 7, done.stderr
    assert "4 of 4 images without a verdict" in done.stderr
    seconds = next(stage["seconds"] for stage in done.report["stages"] if stage["name"] == "judge images")
    assert 6 <= seconds < 8
    assert erp.look() == before


def test_scans_that_are_late_settling_or_never_started_are_waited_for_at_once(erp: Erp) -> None:
    """Three images with one deadline: trouble on the way, an enhanced scan that finds more, and no scan at all."""
    late, settling, manual = SERVICE, "approval-request-service", "approval-processing-service"
    commit = [erp.new_content(service) for service in (late, settling, manual)][-1]
    not_found = error("ScanNotFoundException")
    answers = {
        late: [*[not_found] * 3, status("PENDING"), status("IN_PROGRESS"), scanned(LOW=2)],
        settling: [scanned("ACTIVE", enhanced=True, LOW=count) for count in (0, 1, 3)],
        manual: [*[not_found] * 6, scanned(LOW=1)],
    }
    for service, given in answers.items():
        Faults().scans(f"{erp.tenant.name}/{service}", given)
    trouble: list[dict[str, Any]] = [{"error": "ThrottlingException"}, {"drop": "before"}, {"http": 503}]
    Faults().script("DescribeImageScanFindings", trouble, target=late)
    nobody = {"scanningConfigurations": [{"scanOnPush": False, "scanFrequency": "MANUAL"}], "failures": []}
    Faults().script("BatchGetRepositoryScanningConfiguration", [{"json": nobody}], then="sticky", target=manual)
    Faults().script("StartImageScan", [{"error": "LimitExceededException"}], target=manual)
    done = erp.run()
    assert done.code == 0, done.stderr
    for word in ("ThrottlingException", "ConnectionError", "there is no scan yet", "PENDING", "IN_PROGRESS", "2 LOW"):
        assert word in done.stderr
    counts = {image["target"]: image["counts"] for image in done.report["gate"]["images"]}
    assert counts == {late: {"LOW": 2}, settling: {"LOW": 3}, manual: {"LOW": 1}}
    started = [effect for effect in done.report["effects"] if effect["name"] == "start_scan"]
    assert [(effect["target"].partition("@")[0].rpartition("/")[2], effect["state"]) for effect in started] == [
        (manual, "performed")
    ]
    _deployed(erp, commit, done.report)


def test_a_waiver_lets_a_blocked_commit_pass_and_stands_in_the_report(erp: Erp) -> None:
    erp.new_content(SERVICE)
    config = erp.config.replace("[gate]\n", '[gate]\nwaivers = "waivers.toml"\n')
    waivers = erp.repository / "waivers.toml"
    row = '[[waiver]]\nid = "CVE-2026-CRITICAL-0"\npackage = "openssl"\nreason = "not reachable"\nowner = "kim"\n'
    waivers.write_text(f"{row}until = 2026-01-31\n", encoding="utf-8")
    erp_repository.commit(erp.repository, "gate: 예외")
    Faults().scans(f"{erp.tenant.name}/{SERVICE}", [scanned(CRITICAL=1)])
    expired = erp.run(config=config)
    assert expired.code == 6, expired.stderr
    assert "the waiver of CVE-2026-CRITICAL-0 expired on 2026-01-31" in expired.stderr
    waivers.write_text(f"{row}until = 9999-12-31\n", encoding="utf-8")
    commit = erp_repository.commit(erp.repository, "gate: 예외 연장")
    done = erp.run(config=config)
    assert done.code == 0, done.stderr
    assert "waived: CVE-2026-CRITICAL-0 (openssl), CRITICAL: not reachable (kim, until 9999-12-31)" in done.stdout
    assert done.report["gate"]["images"][0]["waived"][0]["waiver"]["owner"] == "kim"
    _deployed(erp, commit, done.report)


def _short(erp: Erp) -> str:
    """The configuration with less patience; the configuration is an input of every image, so all runs have this one."""
    return erp.config.replace('timeout = "10m"', 'timeout = "9s"')


def _deployed(erp: Erp, commit: str, report: dict[str, Any]) -> None:
    """What runs and what `latest` names are the images that the report says were judged."""
    after, latest = erp.look(), deployed_state.latest_digests(erp.tenant)
    for image in report["gate"]["images"]:
        service, digest = image["target"], image["digest"]
        assert (after.deployments[service].tag, after.deployments[service].pinned) == (commit[:7], digest)
        assert set(after.deployments[service].digests) == {digest}
        assert latest[f"{erp.tenant.name}/{service}"] == digest

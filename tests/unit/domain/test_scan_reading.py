"""What is read from the pages of a DescribeImageScanFindings answer."""

from typing import Any

import pytest

from erp_build.domain.verdict import Finding, read_scan

COMPLETED = "2026-11-20T10:00:00+09:00"
BASIC = {"name": "CVE-1", "severity": "HIGH", "attributes": [{"key": "package_name", "value": "openssl"}]}
ENHANCED = {
    "severity": "CRITICAL",
    "title": "CVE-2 - log4j",
    "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2", "vulnerablePackages": [{"name": "log4j-core"}]},
}


def page(status: str = "COMPLETE", **findings: Any) -> dict[str, Any]:
    return {
        "imageScanStatus": {"status": status, "description": ""},
        "imageScanFindings": {"imageScanCompletedAt": COMPLETED, **findings},
    }


def test_a_basic_finding_is_read() -> None:
    reading = read_scan([page(findings=[BASIC], findingSeverityCounts={"HIGH": 1})])
    assert reading.findings == (Finding(name="CVE-1", severity="HIGH", package="openssl"),)
    assert reading.counts == {"HIGH": 1}
    assert reading.completed == COMPLETED
    assert not reading.continuous


def test_an_enhanced_finding_is_read_and_the_scan_is_continuous_whatever_its_status() -> None:
    reading = read_scan([page(enhancedFindings=[ENHANCED], findingSeverityCounts={"CRITICAL": 1})])
    assert reading.findings == (Finding(name="CVE-2", severity="CRITICAL", package="log4j-core"),)
    assert reading.continuous


def test_an_active_scan_is_continuous_without_any_finding() -> None:
    assert read_scan([page("ACTIVE", findingSeverityCounts={})]).continuous


@pytest.mark.parametrize(
    ("stated", "listed", "counts"),
    [
        pytest.param({"HIGH": 1}, [BASIC], {"HIGH": 1}, id="they agree"),
        pytest.param({"CRITICAL": 2}, [], {"CRITICAL": 2}, id="only the map knows"),
        pytest.param({}, [BASIC], {"HIGH": 1}, id="only the list knows"),
        pytest.param({"HIGH": 1}, [BASIC, BASIC], {"HIGH": 2}, id="the list has more"),
        pytest.param({"HIGH": 5}, [BASIC], {"HIGH": 5}, id="the map has more"),
        pytest.param({"CRITICAL": 0}, [], {}, id="a zero is nothing"),
        pytest.param({"critical": 1}, [], {"CRITICAL": 1}, id="another case is the same severity"),
    ],
)
def test_the_larger_of_map_and_list_counts(stated: dict[str, int], listed: list[Any], counts: dict[str, int]) -> None:
    assert read_scan([page(findings=listed, findingSeverityCounts=stated)]).counts == counts


def test_findings_of_all_pages_are_counted_and_the_first_page_states_the_counts() -> None:
    first = page(findings=[BASIC], findingSeverityCounts={"HIGH": 1})
    second = {"imageScanFindings": {"findings": [{"name": "CVE-9", "severity": "CRITICAL"}]}}
    assert read_scan([first, second]).counts == {"CRITICAL": 1, "HIGH": 1}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="an empty answer"),
        pytest.param({"imageScanStatus": {"status": "COMPLETE"}}, id="a status alone"),
        pytest.param({"imageScanStatus": None, "imageScanFindings": None}, id="nulls"),
        pytest.param(page(), id="a time of completion alone"),
        pytest.param(page(findings=None, findingSeverityCounts=None), id="nulls for map and list"),
    ],
)
def test_a_missing_map_is_not_a_count_of_zero(answer: dict[str, Any]) -> None:
    assert read_scan([answer]).counts is None


def test_an_empty_map_and_an_empty_list_are_a_count_of_zero() -> None:
    assert read_scan([page(findingSeverityCounts={})]).counts == {}
    assert read_scan([page(findings=[])]).counts == {}


def test_a_finding_without_severity_has_no_rating() -> None:
    assert read_scan([page(findings=[{"name": "CVE-1"}])]).counts == {"UNDEFINED": 1}


def test_a_finding_without_any_name_is_still_counted() -> None:
    assert read_scan([page(findings=[{"severity": "LOW"}])]).findings == (Finding(name="unnamed", severity="LOW"),)

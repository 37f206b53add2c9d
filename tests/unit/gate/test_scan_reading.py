"""What is read from the pages of a DescribeImageScanFindings answer."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from erp_build.gate.scans import NoReading, UnratedFinding, UnreadableScan, read_scan, read_time
from erp_build.model.images.finding import Finding

COMPLETED = "2026-11-20T10:00:00+09:00"
BAD_NUMBERS: list[object] = ["1", 1.5, -1, True, None, []]
BASIC: dict[str, Any] = {
    "name": "CVE-1",
    "severity": "HIGH",
    "attributes": [{"key": "package_name", "value": "openssl"}],
}
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
    assert reading.findings == (Finding(name="CVE-1", severity="HIGH", packages=("openssl",)),)
    assert reading.counts == {"HIGH": 1}
    assert reading.completed == datetime(2026, 11, 20, 10, tzinfo=timezone(timedelta(hours=9)))
    assert reading.scanner == "basic"


def test_an_enhanced_finding_is_read_and_so_is_the_scan_whatever_its_status() -> None:
    reading = read_scan([page(enhancedFindings=[ENHANCED], findingSeverityCounts={"CRITICAL": 1})])
    assert reading.findings == (Finding(name="CVE-2", severity="CRITICAL", packages=("log4j-core",)),)
    assert reading.scanner == "enhanced"


def test_the_version_with_the_fix_is_none_that_inspector_says_is_not_available() -> None:
    packages = [{"name": "curl", "fixedInVersion": "NotAvailable"}, {"name": "libcurl4", "fixedInVersion": "8.5.0-2"}]
    details = {"vulnerabilityId": "CVE-3", "vulnerablePackages": packages}
    partly = {"severity": "HIGH", "fixAvailable": "PARTIAL", "packageVulnerabilityDetails": details}
    (finding,) = read_scan([page(enhancedFindings=[partly])]).findings
    assert (finding.fixable, finding.fixed_in) == (True, "8.5.0-2")


@pytest.mark.parametrize(
    ("managers", "is_library"),
    [
        pytest.param(["JAR"], True, id="a jar"),
        pytest.param(["JAR", "POM"], True, id="a jar and its pom"),
        pytest.param(["OS", "JAR"], False, id="a package of the system as well"),
        pytest.param(["JAR", ""], False, id="one of which it is not said"),
        pytest.param(["OS"], False, id="a package of the system"),
        pytest.param([""], False, id="it is not said"),
    ],
)
def test_a_library_of_java_is_told_from_what_a_system_installs(managers: list[str], *, is_library: bool) -> None:
    packages = [{"name": "log4j-core", "packageManager": one} for one in managers]
    details = {"vulnerabilityId": "CVE-2", "vulnerablePackages": packages}
    (finding,) = read_scan([page(enhancedFindings=[{**ENHANCED, "packageVulnerabilityDetails": details}])]).findings
    assert finding.is_library is is_library


def test_an_active_scan_is_enhanced_without_any_finding() -> None:
    assert read_scan([page("ACTIVE", findings=[], findingSeverityCounts={})]).scanner == "enhanced"


def test_an_answer_without_any_list_does_not_say_what_scanned() -> None:
    assert read_scan([page(findingSeverityCounts={})]).scanner == "unknown"


@pytest.mark.parametrize(
    ("stated", "listed", "counts"),
    [
        pytest.param({"HIGH": 1}, [BASIC], {"HIGH": 1}, id="they agree"),
        pytest.param({"CRITICAL": 2}, [], {"CRITICAL": 2}, id="only the map knows"),
        pytest.param({}, [BASIC], {"HIGH": 1}, id="only the list knows"),
        pytest.param({"HIGH": 1}, [BASIC, {**BASIC, "name": "CVE-7"}], {"HIGH": 2}, id="the list has more"),
        pytest.param({"HIGH": 1}, [BASIC, BASIC], {"HIGH": 1}, id="the list has the same finding twice"),
        pytest.param({"HIGH": 2}, [BASIC, BASIC], {"HIGH": 2}, id="the map counts it twice, which nobody can explain"),
        pytest.param({"HIGH": 5}, [BASIC], {"HIGH": 5}, id="the map has more"),
        pytest.param({"CRITICAL": 0}, [], {}, id="a zero is nothing"),
        pytest.param({"critical": 1}, [], {"CRITICAL": 1}, id="another case is the same severity"),
    ],
)
def test_the_larger_of_map_and_list_counts(stated: dict[str, int], listed: list[Any], counts: dict[str, int]) -> None:
    assert read_scan([page(findings=listed, findingSeverityCounts=stated)]).counts == counts


def test_findings_of_all_pages_are_counted_and_the_first_page_states_the_counts() -> None:
    first = page(findings=[BASIC], findingSeverityCounts={"HIGH": 1})
    second = {
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findings": [{"name": "CVE-9", "severity": "CRITICAL"}]},
    }
    assert read_scan([first, second]).counts == {"CRITICAL": 1, "HIGH": 1}


def test_a_finding_that_two_pages_list_is_one() -> None:
    stated = {"HIGH": 1}
    one = page(findings=[BASIC], findingSeverityCounts=stated)
    reading = read_scan([one, one])
    assert (len(reading.findings), reading.counts, reading.unlisted) == (1, {"HIGH": 1}, {})


@pytest.mark.parametrize("field", ["findingArn", "status", "severity"])
def test_findings_of_one_name_that_differ_are_several(field: str) -> None:
    other = {**ENHANCED, field: "SUPPRESSED" if field == "status" else "HIGH"}
    assert len(read_scan([page(enhancedFindings=[ENHANCED, other])]).findings) == 2


ABOUT = {"imageId": {"imageDigest": "sha256:1"}}
LOWS: dict[str, Any] = {"findings": [], "findingSeverityCounts": {"LOW": 1}}


@pytest.mark.parametrize(
    ("second", "what"),
    [
        pytest.param(page(**{**LOWS, "findingSeverityCounts": {"CRITICAL": 3}}), "another counts", id="more"),
        pytest.param(page(**{**LOWS, "findingSeverityCounts": {}}), "another counts", id="none"),
        pytest.param(page("IN_PROGRESS", **LOWS), "another status", id="a scan that goes on"),
        pytest.param({"imageScanFindings": {}}, "another status", id="no status"),
        pytest.param({}, "says nothing about a scan", id="an empty page"),
        pytest.param({"items": []}, "says nothing about a scan", id="a page of something else"),
        pytest.param(page(**LOWS, imageScanCompletedAt="2026-11-21T10:00:00Z"), "another time", id="a newer scan"),
        pytest.param({**page(**LOWS), "imageId": {"imageDigest": "sha256:2"}}, "another image", id="another image"),
    ],
)
def test_pages_that_contradict_each_other_are_no_reading(second: dict[str, Any], what: str) -> None:
    with pytest.raises(NoReading, match=what):
        read_scan([{**page(**LOWS), **ABOUT, "nextToken": "2"}, second])


def test_a_later_page_adds_nothing_that_the_first_one_left_out() -> None:
    first = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": []}}
    with pytest.raises(NoReading, match=r"page 2 has another counts than page 1: {'LOW': 1} instead of None"):
        read_scan([first, page(**LOWS)])


def test_pages_that_agree_are_one_reading_of_their_image() -> None:
    silent = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": [BASIC]}}
    reading = read_scan([{**page(**LOWS), **ABOUT}, {**page(**LOWS), **ABOUT}, silent])
    assert (reading.digest, reading.counts) == ("sha256:1", {"LOW": 1, "HIGH": 1})


@pytest.mark.parametrize("answer", [{}, {"message": "<html>"}, {"items": []}])
def test_an_answer_that_says_nothing_about_a_scan_is_no_reading(answer: dict[str, Any]) -> None:
    with pytest.raises(NoReading, match="no status: the answer says nothing about a scan"):
        read_scan([answer])


@pytest.mark.parametrize(("status", "closed"), [
    ("SUPPRESSED", "SUPPRESSED"), ("CLOSED", "CLOSED"), ("closed", "CLOSED"), ("ACTIVE", ""), (None, ""), ("NEW", "")
])  # fmt: skip
def test_a_finding_says_whether_inspector_has_closed_it(status: str | None, closed: str) -> None:
    reading = read_scan([page(enhancedFindings=[{**ENHANCED, "status": status}])])
    assert reading.findings[0].closed == closed
    assert reading.counts == {"CRITICAL": 1}


@pytest.mark.parametrize(
    "answer",
    [
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


NO_SEVERITIES: list[object] = [0, 1, False, True, None, {}, [], "", " ", ["CRITICAL"], {"name": "LOW"}]


@pytest.mark.parametrize("key", ["findings", "enhancedFindings"])
@pytest.mark.parametrize("severity", NO_SEVERITIES, ids=repr)
def test_a_severity_that_is_no_text_cannot_be_read(severity: object, key: str) -> None:
    findings: Any = {key: [{"name": "CVE-1", "severity": severity}]}
    with pytest.raises(UnratedFinding, match="the severity of CVE-1 is "):
        read_scan([page(**findings)])


@pytest.mark.parametrize(("finding", "name"), [({"name": "CVE-1"}, "CVE-1"), ({"title": "x"}, "x"), ({}, "a finding")])
def test_a_finding_without_a_severity_cannot_be_read(finding: dict[str, str], name: str) -> None:
    with pytest.raises(UnratedFinding, match=f"the severity of {name} is missing"):
        read_scan([page(findings=[finding])])


def test_a_finding_that_ecr_rates_as_undefined_is_undefined() -> None:
    assert read_scan([page(findings=[{"name": "CVE-1", "severity": "UNDEFINED"}])]).counts == {"UNDEFINED": 1}


def test_a_finding_without_any_name_is_still_counted() -> None:
    assert read_scan([page(findings=[{"severity": "LOW"}])]).findings == (Finding(name="unnamed", severity="LOW"),)


def test_a_basic_finding_has_its_version_and_a_page_about_it() -> None:
    item = {
        **BASIC,
        "uri": "https://cve/1",
        "attributes": [*BASIC["attributes"], {"key": "package_version", "value": "3.1"}],
    }
    finding = read_scan([page(findings=[item])]).findings[0]
    assert (finding.version, finding.uri, finding.fixable) == ("3.1", "https://cve/1", None)


@pytest.mark.parametrize(
    ("said", "fixable"), [("YES", True), ("PARTIAL", True), ("NO", False), (None, None), ("?", None)]
)
def test_an_enhanced_finding_says_whether_there_is_a_fix(said: str | None, fixable: object) -> None:
    assert read_scan([page(enhancedFindings=[{**ENHANCED, "fixAvailable": said}])]).findings[0].fixable is fixable


def test_an_enhanced_finding_of_several_packages_names_each_once() -> None:
    packages = [{"name": "b"}, {"name": "a", "version": "1", "fixedInVersion": "2"}, {"name": "b"}, {}]
    item = {**ENHANCED, "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2", "vulnerablePackages": packages}}
    finding = read_scan([page(enhancedFindings=[item])]).findings[0]
    assert (finding.packages, finding.version, finding.fixed_in) == (("a", "b"), "1", "2")
    assert str(finding) == "CVE-2 (a, b)"


def test_a_finding_without_a_package_says_so() -> None:
    finding = {"name": "CVE-1", "severity": "LOW"}
    assert str(read_scan([page(findings=[finding])]).findings[0]) == "CVE-1 (no package named)"


def test_what_is_counted_and_not_listed_is_known_by_its_number() -> None:
    reading = read_scan([page(findings=[BASIC], findingSeverityCounts={"HIGH": 3, "CRITICAL": 1, "LOW": 0})])
    assert reading.unlisted == {"HIGH": 2, "CRITICAL": 1}


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 20, 1, tzinfo=UTC),
        datetime(2026, 11, 20, 1),  # noqa: DTZ001 - an SDK's time without a zone is taken for UTC
        1_795_136_400,
        1_795_136_400.0,
        "2026-11-20T01:00:00Z",
        "2026-11-20T10:00:00+09:00",
        "2026-11-20T01:00:00",
    ],
)
def test_a_time_is_read_in_every_form_that_it_comes_in(value: object) -> None:
    assert read_time(value) == datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "soon", True, float("nan"), 1e30, [], {}])
def test_what_is_no_time_is_none(value: object) -> None:
    assert read_time(value) is None


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        pytest.param({"imageScanStatus": "COMPLETE"}, "imageScanStatus is not an object", id="a text for a status"),
        pytest.param({"imageScanFindings": [1]}, "imageScanFindings is not an object", id="a list for the findings"),
        pytest.param({"imageScanFindings": {"findings": {"a": 1}}}, "findings is not a list", id="a map for a list"),
        pytest.param(
            {"imageScanFindings": {"findings": ["CVE-1"]}}, "a finding is not an object", id="a text for a finding"
        ),
        pytest.param(
            {"imageScanFindings": {"enhancedFindings": [{"packageVulnerabilityDetails": []}]}},
            "packageVulnerabilityDetails is not an object",
            id="details",
        ),
        *(
            pytest.param(
                {"imageScanFindings": {"findingSeverityCounts": {"LOW": number}}},
                "LOW is .*, not a number of findings",
                id=f"{number!r} for a number",
            )
            for number in BAD_NUMBERS
        ),
    ],
)
def test_an_answer_of_another_form_is_not_read(answer: dict[str, Any], what: str) -> None:
    with pytest.raises(UnreadableScan, match=what):
        read_scan([answer])

"""The table of statuses (botocore ecr 2015-09-21, ScanStatus), and what a reading must have to pass."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.domain.project import SEVERITIES, GatePolicy
from erp_build.domain.verdict import (
    HOPELESS,
    READABLE,
    UNFINISHED,
    ClearedImage,
    Finding,
    ScanReading,
    Verdict,
    Wait,
    judge,
    read_scan,
)
from tests.support.samples import DIGEST, OTHER_DIGEST, PASSED, built

POLICY = GatePolicy()
CLEAN = ScanReading(status="COMPLETE", completed="2026-11-20T10:00:00Z", counts={})
ACTIVE = replace(CLEAN, status="ACTIVE", continuous=True)


def outcome(reading: ScanReading, previous: ScanReading | None = None, policy: GatePolicy = POLICY) -> str:
    answer = judge(reading, policy, previous)
    return "wait" if isinstance(answer, Wait) else answer.outcome


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("PENDING", "wait"),
        ("IN_PROGRESS", "wait"),
        ("FINDINGS_UNAVAILABLE", "wait"),
        ("COMPLETE", "passed"),
        ("ACTIVE", "passed"),
        ("FAILED", "inconclusive"),
        ("UNSUPPORTED_IMAGE", "inconclusive"),
        ("SCAN_ELIGIBILITY_EXPIRED", "inconclusive"),
        ("LIMIT_EXCEEDED", "inconclusive"),
        ("IMAGE_ARCHIVED", "inconclusive"),
        ("SOMETHING_OF_NEXT_YEAR", "inconclusive"),
        ("complete", "inconclusive"),
        ("", "inconclusive"),
    ],
)
def test_a_status_has_its_outcome_when_nothing_was_found(status: str, expected: str) -> None:
    assert outcome(replace(CLEAN, status=status)) == expected


def test_the_three_kinds_of_status_do_not_overlap() -> None:
    assert not UNFINISHED & READABLE
    assert not (UNFINISHED | READABLE) & set(HOPELESS)


@pytest.mark.parametrize("status", sorted(HOPELESS))
def test_a_hopeless_status_says_what_it_means_and_what_the_registry_said(status: str) -> None:
    answer = judge(ScanReading(status=status, description="the registry's words"), POLICY)
    assert isinstance(answer, Verdict)
    assert answer.why == f"{status} (the registry's words): {HOPELESS[status]}"


def test_an_unknown_status_is_named() -> None:
    answer = judge(ScanReading(status="SOMETHING_OF_NEXT_YEAR"), POLICY)
    assert "SOMETHING_OF_NEXT_YEAR: this status is not known" in answer.why


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(replace(CLEAN, counts=None), id="no counts"),
        pytest.param(replace(CLEAN, completed=""), id="no time of completion"),
        pytest.param(replace(CLEAN, counts=None, completed=""), id="neither"),
    ],
)
def test_a_complete_scan_whose_findings_are_not_there_is_waited_for(reading: ScanReading) -> None:
    assert outcome(reading) == "wait"


def test_one_finding_over_the_policy_blocks() -> None:
    finding = Finding(name="CVE-2021-44228", severity="CRITICAL", package="log4j-core")
    answer = judge(replace(CLEAN, counts={"CRITICAL": 1, "LOW": 9}, findings=(finding,)), POLICY)
    assert answer == Verdict(
        outcome="blocked", why="1 CRITICAL found", counts={"CRITICAL": 1, "LOW": 9}, blocking=(finding,)
    )


def test_a_finding_blocks_also_before_the_scan_is_complete() -> None:
    assert outcome(replace(ACTIVE, counts={"CRITICAL": 1}, completed="")) == "blocked"


@pytest.mark.parametrize("severity", [name for name in SEVERITIES if name != "CRITICAL"])
def test_a_finding_under_the_policy_passes_and_is_told(severity: str) -> None:
    answer = judge(replace(CLEAN, counts={severity: 2}), POLICY)
    assert answer == Verdict(outcome="passed", why=f"2 {severity}", counts={severity: 2})


def test_a_severity_that_is_not_known_is_not_passed() -> None:
    answer = judge(replace(CLEAN, counts={"CATASTROPHIC": 1}), POLICY)
    assert answer == Verdict(
        outcome="inconclusive",
        why="severities that erp_build does not know: CATASTROPHIC",
        counts={"CATASTROPHIC": 1},
    )


def test_a_policy_may_block_more() -> None:
    policy = GatePolicy(block=("CRITICAL", "HIGH", "UNDEFINED"))
    assert outcome(replace(CLEAN, counts={"HIGH": 1}), policy=policy) == "blocked"
    assert outcome(replace(CLEAN, counts={"UNDEFINED": 1}), policy=policy) == "blocked"
    assert outcome(replace(CLEAN, counts={"MEDIUM": 1}), policy=policy) == "passed"


def test_counts_are_told_from_the_worst_down() -> None:
    answer = judge(replace(CLEAN, counts={"LOW": 3, "HIGH": 1, "MEDIUM": 2}), POLICY)
    assert answer.why == "1 HIGH, 2 MEDIUM, 3 LOW"


def test_a_continuous_scan_passes_only_when_two_readings_say_the_same() -> None:
    one_low = replace(ACTIVE, counts={"LOW": 1})
    readings = [ACTIVE, one_low, one_low]
    pairs = zip(readings, [None, *readings], strict=False)
    assert [outcome(now, before) for now, before in pairs] == ["wait", "wait", "passed"]


def test_a_basic_scan_needs_one_reading() -> None:
    assert outcome(CLEAN) == "passed"


@pytest.mark.parametrize(
    ("verdict", "scanned"),
    [
        pytest.param(Verdict(outcome="blocked", why="1 CRITICAL found"), DIGEST, id="blocked"),
        pytest.param(Verdict(outcome="inconclusive", why="not finished"), DIGEST, id="inconclusive"),
        pytest.param(PASSED, OTHER_DIGEST, id="another digest was scanned"),
        pytest.param(PASSED, "", id="nothing was scanned"),
    ],
)
def test_an_image_is_not_cleared(verdict: Verdict, scanned: str) -> None:
    with pytest.raises(ValueError, match="notification-service"):
        ClearedImage(built(), verdict, scanned)


def test_an_image_without_digest_is_not_cleared() -> None:
    with pytest.raises(ValueError, match="nothing was scanned"):
        ClearedImage(built(digest=""), PASSED, "")


def test_an_image_with_a_passing_verdict_of_its_own_digest_is_cleared() -> None:
    assert ClearedImage(built(), PASSED, DIGEST).scanned == DIGEST


NAMES = st.sampled_from([*UNFINISHED, *READABLE, *HOPELESS, "", "NEW", "complete"])
COUNTS = st.dictionaries(st.sampled_from([*SEVERITIES, "NEW", ""]), st.integers(0, 3), max_size=4)
READINGS = st.builds(
    ScanReading,
    status=NAMES,
    completed=st.sampled_from(["", "2026-11-20T10:00:00Z"]),
    counts=st.none() | COUNTS,
    continuous=st.booleans(),
)


@given(reading=READINGS, previous=st.none() | READINGS)
def test_nothing_passes_that_is_not_proven_good(reading: ScanReading, previous: ScanReading | None) -> None:
    if outcome(reading, previous) == "passed":
        assert reading.status in {"COMPLETE", "ACTIVE"}
        assert reading.completed
        assert reading.counts is not None
        assert not reading.counts.get("CRITICAL")
        assert {name for name, number in reading.counts.items() if number} <= set(SEVERITIES)
        assert not reading.continuous or reading == previous


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(extra=st.dictionaries(st.text(max_size=8), JSON, max_size=3), status=NAMES)
def test_an_answer_without_findings_never_passes(extra: dict[str, object], status: str) -> None:
    assert outcome(read_scan([{**extra, "imageScanStatus": {"status": status}}])) != "passed"

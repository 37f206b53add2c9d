"""From a reading to a verdict: what blocks, what passes, and what a reading must have to pass."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.gate.scans import read_scan
from erp_build.gate.verdict import (
    EMPTY_SETTLED_AFTER_S,
    SETTLED_AFTER_S,
    ScanContext,
    counts_text,
    doubt_of,
    inconclusive,
    judge,
)
from erp_build.model.images.scan import STATES, ScanReading
from erp_build.model.images.verdict import ClearedImage, Verdict, Wait
from erp_build.model.project import SEVERITIES, GatePolicy
from tests.support.readings import ACTIVE, CLEAN, DONE, LOG4J, POLICY, found, outcome, verdict
from tests.support.samples import DIGEST, OTHER_DIGEST, PASSED, built


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(replace(CLEAN, counts=None), id="no counts"),
        pytest.param(replace(CLEAN, completed=None), id="no time of completion"),
        pytest.param(replace(CLEAN, counts=None, completed=None), id="neither"),
    ],
)
def test_a_complete_scan_whose_findings_are_not_there_is_waited_for(reading: ScanReading) -> None:
    assert outcome(reading) == "wait"


def test_one_finding_over_the_policy_blocks() -> None:
    answer = verdict(found(LOG4J, LOW=9))
    assert (answer.outcome, answer.why) == ("blocked", "1 CRITICAL found")
    assert answer.counts == {"CRITICAL": 1, "LOW": 9}
    assert answer.blocking == answer.findings == (LOG4J,)
    assert answer.scanner == "basic"


def test_a_finding_blocks_also_before_the_scan_is_complete() -> None:
    assert outcome(replace(ACTIVE, counts={"CRITICAL": 1}, completed=None)) == "blocked"


@pytest.mark.parametrize("severity", [name for name in SEVERITIES if name != "CRITICAL"])
def test_a_finding_under_the_policy_passes_and_is_told(severity: str) -> None:
    answer = verdict(replace(CLEAN, counts={severity: 2}))
    assert (answer.outcome, answer.why, answer.counts) == ("passed", f"2 {severity}", {severity: 2})


def test_a_severity_that_is_not_known_is_not_passed() -> None:
    answer = verdict(replace(CLEAN, counts={"CATASTROPHIC": 1, "AWFUL": 1}))
    assert answer.outcome == "inconclusive"
    assert answer.why == "severities that erp_build does not know: AWFUL, CATASTROPHIC"
    assert answer.counts == {"CATASTROPHIC": 1, "AWFUL": 1}
    assert answer.next_step


def test_a_policy_may_block_more() -> None:
    policy = GatePolicy(block=("CRITICAL", "HIGH", "UNDEFINED"))
    assert outcome(replace(CLEAN, counts={"HIGH": 1}), policy=policy) == "blocked"
    assert outcome(replace(CLEAN, counts={"UNDEFINED": 1}), policy=policy) == "blocked"
    assert outcome(replace(CLEAN, counts={"MEDIUM": 1}), policy=policy) == "passed"


PATIENCE = "raise `timeout` of [gate], or run again later"
AGAIN = "reading again, because findings of a continuous scan arrive late"


@pytest.mark.parametrize(
    ("reading", "why", "next_step"),
    [
        pytest.param(ScanReading(status="PENDING", description="queued"), "PENDING (queued)", PATIENCE, id="queued"),
        pytest.param(
            ScanReading(status="FINDINGS_UNAVAILABLE"),
            "FINDINGS_UNAVAILABLE",
            STATES["FINDINGS_UNAVAILABLE"].next_step,
            id="no findings at the moment",
        ),
        pytest.param(
            replace(CLEAN, counts=None),
            "COMPLETE, neither a list of findings nor their number, so its findings are not there yet",
            STATES["COMPLETE"].next_step,
            id="no counts",
        ),
        pytest.param(
            replace(ACTIVE, completed=None),
            "ACTIVE, no findings, no time of completion, so its findings are not there yet",
            STATES["ACTIVE"].next_step,
            id="a clean enhanced scan without its time",
        ),
        pytest.param(ACTIVE, f"ACTIVE, no findings; {AGAIN}", STATES["ACTIVE"].next_step, id="not settled"),
    ],
)
def test_a_wait_says_for_what_and_what_helps(reading: ScanReading, why: str, next_step: str) -> None:
    assert judge(reading, POLICY) == Wait(why, next_step=next_step)
    assert doubt_of(reading, ScanContext()) == Wait(why, next_step=next_step)


def test_where_nothing_better_is_known_the_next_step_is_a_look_at_the_scan() -> None:
    assert inconclusive("x") == Verdict(
        outcome="inconclusive", why="x", next_step="look at the scan in ECR, then run again"
    )


def test_only_what_cannot_be_judged_has_a_next_step_of_its_own() -> None:
    assert verdict(found(LOG4J)).next_step == verdict(CLEAN).next_step == ""
    unknown = verdict(replace(CLEAN, counts={"NEW": 1}))
    assert unknown.next_step == "look at the finding in ECR; update erp_build"


def test_what_blocks_is_told_from_the_worst_down() -> None:
    policy = GatePolicy(block=("LOW", "MEDIUM"))
    assert verdict(replace(CLEAN, counts={"LOW": 1, "MEDIUM": 1}), policy).why == "1 MEDIUM, 1 LOW found"
    assert counts_text({"LOW": 1, "CRITICAL": 2, "ZZ": 3, "NEW": 4}) == "4 NEW, 3 ZZ, 2 CRITICAL, 1 LOW"


def test_counts_are_told_from_the_worst_down() -> None:
    answer = judge(replace(CLEAN, counts={"LOW": 3, "HIGH": 1, "MEDIUM": 2}), POLICY)
    assert isinstance(answer, Verdict)
    assert answer.why == "1 HIGH, 2 MEDIUM, 3 LOW"


@pytest.mark.parametrize(
    ("reading", "enhanced", "needed"),
    [
        pytest.param(CLEAN, False, 0, id="basic is complete at once"),
        pytest.param(
            replace(CLEAN, counts={"LOW": 1}), None, 0, id="basic with findings, in a registry that says nothing"
        ),
        pytest.param(CLEAN, None, EMPTY_SETTLED_AFTER_S, id="nothing found, in a registry that says nothing"),
        pytest.param(CLEAN, True, EMPTY_SETTLED_AFTER_S, id="nothing found yet, in an enhanced registry"),
        pytest.param(
            replace(CLEAN, counts={"LOW": 1}), True, SETTLED_AFTER_S, id="basic form, in an enhanced registry"
        ),
        pytest.param(ACTIVE, False, EMPTY_SETTLED_AFTER_S, id="active and empty"),
        pytest.param(replace(ACTIVE, counts={"LOW": 1}), False, SETTLED_AFTER_S, id="active with findings"),
        pytest.param(replace(CLEAN, scanner="unknown"), False, EMPTY_SETTLED_AFTER_S, id="a form that says nothing"),
    ],
)
def test_a_scan_that_may_go_on_must_say_the_same_for_a_while(
    reading: ScanReading,
    enhanced: bool | None,  # noqa: FBT001 - a column of the table
    needed: float,
) -> None:
    first = ScanContext(enhanced=enhanced)
    assert outcome(reading, first) == ("wait" if needed else "passed")
    assert outcome(reading, replace(first, settled=needed)) == "passed"
    if needed:
        assert outcome(reading, replace(first, settled=needed - 0.1)) == "wait"


def test_a_wait_for_anything_else_is_not_stale() -> None:
    for reading in (replace(CLEAN, status="PENDING"), replace(CLEAN, counts=None), ACTIVE):
        answer = judge(reading, POLICY)
        assert isinstance(answer, Wait)
        assert not answer.stale


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


NAMES = st.sampled_from([*STATES, "", "NEW", "complete"])
COUNTS = st.dictionaries(st.sampled_from([*SEVERITIES, "NEW", ""]), st.integers(0, 3), max_size=4)
READINGS = st.builds(
    ScanReading,
    status=NAMES,
    completed=st.sampled_from([None, DONE]),
    counts=st.none() | COUNTS,
    scanner=st.sampled_from(["basic", "enhanced", "unknown"]),
)
CONTEXTS = st.builds(
    ScanContext,
    not_before=st.sampled_from([None, DONE - timedelta(1), DONE, DONE + timedelta(1)]),
    settled=st.sampled_from([None, 0.0, SETTLED_AFTER_S, EMPTY_SETTLED_AFTER_S]),
    enhanced=st.sampled_from([None, True, False]),
)


@given(reading=READINGS, context=CONTEXTS)
def test_nothing_passes_that_is_not_proven_good(reading: ScanReading, context: ScanContext) -> None:
    if outcome(reading, context) == "passed":
        assert reading.status in {"COMPLETE", "ACTIVE"}
        assert reading.completed
        assert not context.not_before or reading.completed >= context.not_before
        assert reading.counts is not None
        assert not reading.counts.get("CRITICAL")
        assert {name for name, number in reading.counts.items() if number} <= set(SEVERITIES)
        assert reading.scanner == "basic" or context.settled


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(extra=st.dictionaries(st.text(max_size=8), JSON, max_size=3), status=NAMES)
def test_an_answer_without_findings_never_passes(extra: dict[str, object], status: str) -> None:
    assert outcome(read_scan([{**extra, "imageScanStatus": {"status": status}}])) != "passed"

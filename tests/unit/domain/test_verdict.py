"""From a reading to a verdict: what blocks, what passes, and what a reading must have to pass."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.domain.findings import identities
from erp_build.domain.project import SEVERITIES, GatePolicy
from erp_build.domain.scans import STATES, Finding, ScanReading, read_scan
from erp_build.domain.verdict import (
    EMPTY_SETTLED_AFTER,
    SETTLED_AFTER,
    Circumstances,
    ClearedImage,
    Verdict,
    Wait,
    join,
    judge,
)
from erp_build.domain.waivers import Waived, Waiver, Waivers
from tests.support.samples import DIGEST, OTHER_DIGEST, PASSED, built

POLICY = GatePolicy()
DONE = datetime(2026, 11, 20, 10, tzinfo=UTC)
CLEAN = ScanReading(status="COMPLETE", completed=DONE, counts={}, scanner="basic")
ACTIVE = replace(CLEAN, status="ACTIVE", scanner="enhanced")
LOG4J = Finding(name="CVE-2021-44228", severity="CRITICAL", packages=("log4j-core",))
OPENSSL = Finding(name="CVE-2024-1", severity="CRITICAL", packages=("openssl",))
TODAY = date(2026, 11, 23)
WAIVER = Waiver("CVE-2021-44228", ("log4j-core",), "not reachable", "kim", TODAY)


def outcome(reading: ScanReading, around: Circumstances | None = None, policy: GatePolicy = POLICY) -> str:
    answer = judge(reading, policy, around=around)
    return "wait" if isinstance(answer, Wait) else answer.outcome


def found(*findings: Finding, **more: int) -> ScanReading:
    """A complete basic scan with these findings, and with more that are counted only."""
    counts = Counter(finding.severity for finding in findings) + Counter(more)
    return replace(CLEAN, counts=dict(counts), findings=findings)


def verdict(reading: ScanReading, policy: GatePolicy = POLICY, rows: tuple[Waiver, ...] = (), today: date = TODAY,
            known: ScanReading | None = None) -> Verdict:  # fmt: skip
    answer = judge(
        reading,
        policy,
        waivers=Waivers(rows=rows, today=today),
        known=None if known is None else identities([known]),
    )
    assert isinstance(answer, Verdict)
    return answer


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
        pytest.param(CLEAN, None, EMPTY_SETTLED_AFTER, id="nothing found, in a registry that says nothing"),
        pytest.param(CLEAN, True, EMPTY_SETTLED_AFTER, id="nothing found yet, in an enhanced registry"),
        pytest.param(replace(CLEAN, counts={"LOW": 1}), True, SETTLED_AFTER, id="basic form, in an enhanced registry"),
        pytest.param(ACTIVE, False, EMPTY_SETTLED_AFTER, id="active and empty"),
        pytest.param(replace(ACTIVE, counts={"LOW": 1}), False, SETTLED_AFTER, id="active with findings"),
        pytest.param(replace(CLEAN, scanner="unknown"), False, EMPTY_SETTLED_AFTER, id="a form that says nothing"),
    ],
)
def test_a_scan_that_may_go_on_must_say_the_same_for_a_while(
    reading: ScanReading,
    enhanced: bool | None,  # noqa: FBT001 - a column of the table
    needed: float,
) -> None:
    first = Circumstances(enhanced=enhanced)
    assert outcome(reading, first) == ("wait" if needed else "passed")
    assert outcome(reading, replace(first, settled=needed)) == "passed"
    if needed:
        assert outcome(reading, replace(first, settled=needed - 0.1)) == "wait"


def test_a_result_from_before_the_push_is_waited_out_and_known_to_be_stale() -> None:
    answer = judge(CLEAN, POLICY, around=Circumstances(not_before=DONE + timedelta(minutes=1)))
    assert answer == Wait(
        "COMPLETE of 2026-11-20T10:00+00:00, older than 2026-11-20T10:01+00:00",
        stale=True,
        next_step="start the scan again: aws ecr start-image-scan (once in 24 hours)",
    )
    assert outcome(CLEAN, Circumstances(not_before=DONE)) == "passed"


def test_a_wait_for_anything_else_is_not_stale() -> None:
    for reading in (replace(CLEAN, status="PENDING"), replace(CLEAN, counts=None), ACTIVE):
        answer = judge(reading, POLICY)
        assert isinstance(answer, Wait)
        assert not answer.stale


def test_a_limit_is_how_many_may_pass() -> None:
    policy = GatePolicy(block=("CRITICAL",), limits=(("HIGH", 2),))
    assert outcome(replace(CLEAN, counts={"HIGH": 2}), policy=policy) == "passed"
    blocked = verdict(replace(CLEAN, counts={"HIGH": 3, "CRITICAL": 1}), policy)
    assert blocked.why == "1 CRITICAL, 3 HIGH (allowed: 2) found"


def test_a_policy_without_severities_blocks_nothing() -> None:
    assert outcome(replace(CLEAN, counts=dict.fromkeys(SEVERITIES, 9)), policy=GatePolicy(block=())) == "passed"


@pytest.mark.parametrize("unrated", ["UNDEFINED", "UNTRIAGED"])
def test_a_finding_without_a_rating_counts_as_what_the_policy_says(unrated: str) -> None:
    listed, counted = found(replace(LOG4J, severity=unrated)), replace(CLEAN, counts={unrated: 1})
    policy = GatePolicy(undefined="CRITICAL")
    assert [outcome(reading, policy=policy) for reading in (listed, counted)] == ["blocked", "blocked"]
    assert [outcome(reading) for reading in (listed, counted)] == ["passed", "passed"]
    assert verdict(listed, policy).blocking == listed.findings


def test_only_new_findings_count_where_the_policy_says_so() -> None:
    running = [replace(OPENSSL, name=f"CVE-{number}") for number in range(3)]
    policy = GatePolicy(new_only=True)
    answer = verdict(found(LOG4J, *running), policy, known=found(*running))
    assert answer.why == "1 new CRITICAL, 3 already running"
    assert answer.blocking == (LOG4J,)
    assert answer.known == tuple(running)
    passed = verdict(found(*running), policy, known=found(*running, LOG4J))
    assert (passed.outcome, passed.why) == ("passed", "3 CRITICAL; 3 already running")


def test_a_finding_that_the_image_has_more_often_is_new() -> None:
    assert verdict(found(LOG4J, LOG4J), GatePolicy(new_only=True), known=found(LOG4J)).blocking == (LOG4J,)


def test_the_same_finding_in_another_package_is_new() -> None:
    other = replace(LOG4J, packages=("log4j-api",))
    assert verdict(found(LOG4J), GatePolicy(new_only=True), known=found(other)).outcome == "blocked"


def test_without_a_known_deployed_image_everything_is_new() -> None:
    assert verdict(found(LOG4J), GatePolicy(new_only=True)).why == "1 new CRITICAL, 0 already running"


def test_what_runs_does_not_matter_unless_the_policy_says_so() -> None:
    assert verdict(found(LOG4J), known=found(LOG4J)).outcome == "blocked"


def test_a_finding_that_cannot_be_fixed_passes_only_where_the_policy_says_so() -> None:
    unfixable = found(replace(LOG4J, fixable=False))
    assert verdict(unfixable).outcome == "blocked"
    answer = verdict(unfixable, GatePolicy(fixable_only=True))
    assert (answer.outcome, answer.why) == ("passed", "1 CRITICAL; 1 without a fix")
    assert answer.unfixable == unfixable.findings


@pytest.mark.parametrize("finding", [replace(LOG4J, fixable=True), replace(LOG4J, fixable=None)])
def test_a_finding_that_may_be_fixed_counts(finding: Finding) -> None:
    assert verdict(found(finding), GatePolicy(fixable_only=True)).outcome == "blocked"


def test_a_waived_finding_passes_and_is_shown_with_its_waiver() -> None:
    answer = verdict(found(LOG4J), rows=(WAIVER,))
    assert (answer.outcome, answer.why) == ("passed", "1 CRITICAL; 1 waived")
    assert answer.waived == (Waived(LOG4J, WAIVER),)
    assert answer.counts == {"CRITICAL": 1}


def test_the_day_after_its_last_day_a_waiver_counts_no_longer() -> None:
    answer = verdict(found(LOG4J), rows=(WAIVER,), today=TODAY + timedelta(days=1))
    assert answer.why == "1 CRITICAL found; the waiver of CVE-2021-44228 expired on 2026-11-23"
    assert answer.expired == (WAIVER,)


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param(replace(LOG4J, name="CVE-2021-45046"), id="another finding"),
        pytest.param(replace(LOG4J, packages=("log4j-api",)), id="another package"),
        pytest.param(replace(LOG4J, packages=("log4j-core", "log4j-api")), id="one package more"),
        pytest.param(replace(LOG4J, packages=()), id="no package"),
    ],
)
def test_a_waiver_is_for_its_finding_and_packages_alone(finding: Finding) -> None:
    answer = verdict(found(finding), rows=(WAIVER,))
    assert (answer.outcome, answer.waived, answer.expired) == ("blocked", (), ())


def test_a_waiver_may_name_several_packages_or_none() -> None:
    both = WAIVER._replace(packages=("log4j-api", "log4j-core"))
    assert verdict(found(LOG4J), rows=(both,)).outcome == "passed"
    assert verdict(found(replace(LOG4J, packages=())), rows=(WAIVER._replace(packages=("-",)),)).outcome == "passed"


def test_a_finding_that_is_counted_and_not_listed_cannot_be_waived_compared_or_unfixable() -> None:
    reading = found(replace(LOG4J, fixable=False), CRITICAL=1)
    policy = GatePolicy(new_only=True, fixable_only=True)
    assert verdict(reading, policy, rows=(WAIVER,), known=reading).why == "1 new CRITICAL, 0 already running"


def test_an_image_of_several_platforms_is_as_good_as_its_worst() -> None:
    doubtful = Verdict(outcome="inconclusive", why="PENDING", next_step="wait")
    blocked = verdict(found(LOG4J, LOW=2))
    assert join([PASSED]) is PASSED
    assert join([PASSED, doubtful]).outcome == "inconclusive"
    assert join([]).outcome == "inconclusive"
    joined = join([PASSED, blocked, doubtful, verdict(found(OPENSSL, LOG4J))])
    assert (joined.outcome, joined.why) == ("blocked", "1 CRITICAL found; 2 CRITICAL found")
    assert joined.blocking == (LOG4J, OPENSSL)
    assert joined.counts == {"CRITICAL": 2, "LOW": 2}


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
AROUND = st.builds(
    Circumstances,
    not_before=st.sampled_from([None, DONE - timedelta(1), DONE, DONE + timedelta(1)]),
    settled=st.sampled_from([None, 0.0, SETTLED_AFTER, EMPTY_SETTLED_AFTER]),
    enhanced=st.sampled_from([None, True, False]),
)


@given(reading=READINGS, around=AROUND)
def test_nothing_passes_that_is_not_proven_good(reading: ScanReading, around: Circumstances) -> None:
    if outcome(reading, around) == "passed":
        assert reading.status in {"COMPLETE", "ACTIVE"}
        assert reading.completed
        assert not around.not_before or reading.completed >= around.not_before
        assert reading.counts is not None
        assert not reading.counts.get("CRITICAL")
        assert {name for name, number in reading.counts.items() if number} <= set(SEVERITIES)
        assert reading.scanner == "basic" or around.settled


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(extra=st.dictionaries(st.text(max_size=8), JSON, max_size=3), status=NAMES)
def test_an_answer_without_findings_never_passes(extra: dict[str, object], status: str) -> None:
    assert outcome(read_scan([{**extra, "imageScanStatus": {"status": status}}])) != "passed"

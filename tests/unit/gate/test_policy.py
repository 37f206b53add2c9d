"""What counts against a policy: limits, ratings, what runs already, what has no fix, what is waived."""

from dataclasses import replace
from datetime import timedelta

import pytest

from erp_build.gate.filter import known_findings
from erp_build.gate.verdict import ScanContext, join, judge
from erp_build.model.images.finding import Finding, Waived
from erp_build.model.images.verdict import Verdict, Wait
from erp_build.model.project import SEVERITIES, GatePolicy
from tests.support.readings import CLEAN, DONE, LOG4J, OPENSSL, POLICY, TODAY, WAIVER, found, outcome, verdict
from tests.support.samples import PASSED


def test_every_expired_waiver_is_named() -> None:
    rows = tuple(
        WAIVER._replace(id=one.name, packages=one.packages, until=TODAY - timedelta(1)) for one in (LOG4J, OPENSSL)
    )
    assert verdict(found(LOG4J, OPENSSL), rows=rows).why == (
        "2 CRITICAL found; the waiver of CVE-2021-44228 expired on 2026-11-22; "
        "the waiver of CVE-2024-1 expired on 2026-11-22"
    )


def test_a_result_from_before_the_push_is_waited_out_and_known_to_be_stale() -> None:
    answer = judge(CLEAN, POLICY, context=ScanContext(not_before=DONE + timedelta(minutes=1)))
    assert answer == Wait(
        "COMPLETE of 2026-11-20T10:00+00:00, older than 2026-11-20T10:01+00:00",
        stale=True,
        next_step="start the scan again: aws ecr start-image-scan (once in 24 hours)",
    )
    assert outcome(CLEAN, ScanContext(not_before=DONE)) == "passed"


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


def test_what_a_missing_rating_means_changes_no_other_severity() -> None:
    policy = GatePolicy(block=("CRITICAL", "UNTRIAGED"), undefined="UNDEFINED")
    assert outcome(replace(CLEAN, counts={"UNTRIAGED": 1}), policy=policy) == "blocked"
    assert outcome(replace(CLEAN, counts={"CRITICAL": 1}), policy=GatePolicy(undefined="LOW")) == "blocked"


def test_listed_and_unlisted_findings_count_together() -> None:
    high = replace(LOG4J, severity="HIGH")
    assert outcome(found(high, high, HIGH=1), policy=GatePolicy(limits=(("HIGH", 2),))) == "blocked"
    policy = GatePolicy(block=(), limits=(("CRITICAL", 2),), undefined="CRITICAL")
    assert outcome(replace(CLEAN, counts={"CRITICAL": 1, "UNDEFINED": 1, "UNTRIAGED": 1}), policy=policy) == "blocked"


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


def test_a_finding_that_both_have_equally_often_is_not_new() -> None:
    assert verdict(found(LOG4J, LOG4J), GatePolicy(new_only=True), known=found(LOG4J, LOG4J)).outcome == "passed"


def test_the_deployed_image_has_what_any_of_its_platforms_has() -> None:
    closed = replace(OPENSSL, name="CVE-0", closed="CLOSED")
    both = known_findings([(LOG4J, LOG4J), (LOG4J, OPENSSL, closed)])
    assert both == {(LOG4J.identity, "CRITICAL"): 2, (OPENSSL.identity, "CRITICAL"): 1}


def test_what_runs_already_is_counted_by_the_severity_that_it_counts_as() -> None:
    policy = GatePolicy(new_only=True, undefined="CRITICAL")
    old, low = replace(OPENSSL, severity="UNDEFINED"), replace(OPENSSL, name="CVE-3", severity="LOW")
    answer = verdict(found(LOG4J, old, low), policy, known=found(old, low))
    assert answer.why == "1 new CRITICAL, 1 already running"


@pytest.mark.parametrize(
    ("before", "now", "outcomes"),
    [
        pytest.param("HIGH", "CRITICAL", "blocked", id="upwards"),
        pytest.param("UNDEFINED", "CRITICAL", "blocked", id="rated at last"),
        pytest.param("CRITICAL", "CRITICAL", "passed", id="as it was"),
        pytest.param("UNTRIAGED", "UNDEFINED", "passed", id="without a rating, in both words"),
        pytest.param("UNDEFINED", "UNTRIAGED", "passed", id="without a rating, in both words, the other way round"),
        pytest.param("NEW", "CRITICAL", "blocked", id="of a severity that nobody knows"),
        pytest.param("LOW", "MEDIUM", "passed", id="upwards below the policy"),
        pytest.param("CRITICAL", "HIGH", "passed", id="downwards"),
        pytest.param("NEW", "NEW", "inconclusive", id="unknown twice"),
    ],
)
def test_a_finding_that_runs_already_counts_when_it_is_rated_higher_now(before: str, now: str, outcomes: str) -> None:
    old, new = (found(replace(LOG4J, severity=severity)) for severity in (before, now))
    answer = verdict(new, GatePolicy(new_only=True), known=old)
    assert answer.outcome == outcomes
    assert bool(answer.known) is (outcomes == "passed" and now != "MEDIUM")


def test_a_limit_counts_what_is_rated_higher_now_and_no_other_that_runs() -> None:
    policy = GatePolicy(new_only=True, limits=(("HIGH", 0),))
    old, new = found(LOG4J, replace(OPENSSL, severity="LOW")), found(LOG4J, replace(OPENSSL, severity="HIGH"))
    assert verdict(new, policy, known=old).why == (
        "1 new HIGH, 0 already running; CVE-2024-1 (openssl) rated lower in what runs"
    )


def test_every_finding_that_is_rated_higher_now_is_named() -> None:
    old = found(*(replace(one, severity="LOW") for one in (LOG4J, OPENSSL)))
    assert verdict(found(LOG4J, OPENSSL), GatePolicy(new_only=True), known=old).why == (
        "2 new CRITICAL, 0 already running; CVE-2021-44228 (log4j-core), CVE-2024-1 (openssl) rated lower in what runs"
    )


def test_a_severity_that_nobody_knows_is_not_told_as_lower() -> None:
    old = found(replace(LOG4J, severity="NEW"))
    assert verdict(found(LOG4J), GatePolicy(new_only=True), known=old).why == "1 new CRITICAL, 0 already running"


def test_what_an_unrated_finding_counts_as_is_what_it_is_compared_by() -> None:
    policy = GatePolicy(new_only=True, undefined="CRITICAL")
    assert verdict(found(LOG4J), policy, known=found(replace(LOG4J, severity="UNDEFINED"))).outcome == "passed"


def test_of_two_that_run_the_lower_one_is_compared_first() -> None:
    low, critical = replace(LOG4J, severity="LOW"), LOG4J
    answer = verdict(found(low, critical), GatePolicy(new_only=True), known=found(critical, low))
    assert (answer.outcome, answer.known) == ("passed", (low, critical))


@pytest.mark.parametrize("status", ["SUPPRESSED", "CLOSED"])
def test_a_finding_that_inspector_has_closed_does_not_count_and_is_told(status: str) -> None:
    closed = replace(LOG4J, closed=status)
    answer = verdict(found(closed), rows=(WAIVER,))
    assert (answer.outcome, answer.why) == ("passed", "1 CRITICAL; 1 suppressed or closed in Inspector")
    assert (answer.closed, answer.waived, answer.counts) == ((closed,), (), {"CRITICAL": 1})
    blocked = verdict(found(closed, OPENSSL))
    assert (blocked.why, blocked.blocking) == ("1 CRITICAL found; 1 suppressed or closed in Inspector", (OPENSSL,))


def test_a_closed_finding_hides_no_other_that_is_only_counted() -> None:
    assert verdict(found(replace(LOG4J, closed="CLOSED"), CRITICAL=1)).outcome == "blocked"


def test_a_finding_that_is_closed_for_what_runs_is_new_where_it_is_open() -> None:
    old = found(replace(LOG4J, closed="SUPPRESSED"))
    assert verdict(found(LOG4J), GatePolicy(new_only=True), known=old).outcome == "blocked"


def test_a_result_that_is_too_old_is_stale_unless_the_scan_goes_on() -> None:
    late = ScanContext(oldest=DONE + timedelta(minutes=1), settled=30)
    answer = judge(CLEAN, POLICY, context=late)
    assert answer == Wait(
        "COMPLETE of 2026-11-20T10:00+00:00, older than `max_age` of [gate] allows",
        stale=True,
        next_step="start the scan again: aws ecr start-image-scan (once in 24 hours)\nwhere Inspector scans on push "
        "alone, nobody can ask for a scan: let it scan continuously, or build the image anew "
        "(erp-build run --rebuild NAME)",
    )
    assert outcome(replace(CLEAN, status="ACTIVE"), late) == "passed"
    assert outcome(CLEAN, ScanContext(oldest=DONE)) == "passed"


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


def test_of_several_platforms_everything_that_was_found_is_kept() -> None:
    policy = GatePolicy(new_only=True, fixable_only=True)
    known, unfixable = replace(LOG4J, name="CVE-K"), replace(LOG4J, name="CVE-F", fixable=False)
    closed = replace(LOG4J, name="CVE-S", closed="SUPPRESSED")
    expired = WAIVER._replace(id=OPENSSL.name, packages=OPENSSL.packages, until=TODAY - timedelta(1))
    parts = [
        verdict(found(LOG4J, known, unfixable, OPENSSL, closed), policy, rows=(WAIVER, expired), known=found(known)),
        Verdict(outcome="blocked", why="x", scanner="enhanced", next_step="a"),
        Verdict(outcome="blocked", why="y", scanner="basic", next_step="b"),
        Verdict(outcome="passed", why="z", next_step="c"),
    ]
    joined = join(parts)
    assert joined.waived == (Waived(LOG4J, WAIVER),)
    assert (joined.known, joined.unfixable, joined.expired) == ((known,), (unfixable,), (expired,))
    assert joined.closed == (closed,)
    assert joined.findings == (LOG4J, known, unfixable, OPENSSL, closed)
    assert (joined.scanner, joined.next_step) == ("basic/enhanced", "a\nb")
    assert join([]).why == "nothing was scanned"


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
    ("packages", "text"),
    [
        (("log4j-core", "log4j-api"), "CVE-2021-44228 (log4j-core, log4j-api)"),
        ((), "CVE-2021-44228 (no package named)"),
    ],
)
def test_a_finding_is_named_with_its_packages(packages: tuple[str, ...], text: str) -> None:
    assert str(replace(LOG4J, packages=packages)) == text

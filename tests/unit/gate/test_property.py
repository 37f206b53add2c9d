"""Whatever a registry answers, in whatever order: only a complete, fresh, counted result clears an image.

The oracle knows nothing of the gate's code: it looks at the raw answers that were given last.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from erp_build.clients.clock import Deadline, SimulatedClock
from erp_build.errors import GateBlocked, GateInconclusive
from erp_build.formats.transient import PASSING_CODES
from erp_build.gate.filter import Waivers
from erp_build.gate.image_watch import DeployedWatch, ImageWatch
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.gate.scan_watch import ScanClient, ScanWatch
from erp_build.gate.stage import clear_images, watch
from erp_build.model.images.finding import Waiver
from erp_build.model.images.scan import STATES, Scanning
from erp_build.model.project import SEVERITIES, GatePolicy
from tests.support.samples import built

SEQUENCES = 2500
PUSHED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = PUSHED + timedelta(hours=1)
TODAY = date(2026, 1, 1)
TIMES = [PUSHED - timedelta(days=2), PUSHED - timedelta(minutes=1), PUSHED, NOW]

Page = dict[str, Any]

WHOLE = ("findingSeverityCounts", "imageScanCompletedAt")
"""What a page says about the whole image."""


@dataclass
class Tape:
    """Answers in the place of a registry: lists of pages, the last one repeats; keeps what it gave, and when."""

    polls: list[list[Page]]
    clock: SimulatedClock
    begun: bool
    given: list[tuple[float, list[Page]]] = field(default_factory=list)

    def page(self, repository: str, digest: str, token: str | None) -> Page:  # noqa: ARG002
        if token is None:
            self.given.append((self.clock.monotonic(), []))
        served = self.given[-1][1]
        pages = self.polls[min(len(self.given), len(self.polls)) - 1]
        served.append(pages[min(len(served), len(pages) - 1)])
        return served[-1]

    def start_scan(self, repository: str, digest: str) -> bool:  # noqa: ARG002
        return self.begun


FINDINGS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["CVE-1", "CVE-2"]),
        "severity": st.sampled_from([*SEVERITIES[:3] * 2, "UNDEFINED", "NEW", None, 0, ""]),
    },
    optional={
        "attributes": st.sampled_from(
            [[{"key": "package_name", "value": "a"}], [{"key": "package_name", "value": "b"}]]
        ),
        "fixAvailable": st.sampled_from(["YES", "NO"]),
    },
)
COUNTS = st.dictionaries(
    st.sampled_from([*SEVERITIES[:3], "UNDEFINED", "NEW", "critical"]), st.integers(0, 2), max_size=2
)
BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        "imageScanCompletedAt": st.sampled_from([*TIMES, *TIMES, None, "soon"]),
        "findingSeverityCounts": st.one_of(COUNTS, COUNTS, st.none()),
        "findings": st.one_of(st.just([]), st.lists(FINDINGS, max_size=2), st.none()),
        "enhancedFindings": st.just([]),
    },
)
STATUSES = st.sampled_from([*["COMPLETE", "ACTIVE"] * 8, *STATES, "NEXT_YEAR", "complete", "", None])
PAGES = st.fixed_dictionaries(
    {"imageScanStatus": st.fixed_dictionaries({"status": STATUSES}), "imageScanFindings": BLOCKS}
)
CLEAN: Page = {
    "imageScanStatus": {"status": "COMPLETE"},
    "imageScanFindings": {"imageScanCompletedAt": NOW, "findingSeverityCounts": {}, "findings": []},
}
ERRORS = st.sampled_from(["ScanNotFoundException", *sorted(PASSING_CODES)[:3], "AccessDenied", "NEW"])
FAILURES = ERRORS.map(lambda code: [{"Error": {"Code": code, "Message": ""}}])
EVIL = st.sampled_from(
    [{}, {"items": []}, {"imageScanStatus": None}, {"imageScanFindings": []}, {"imageScanStatus": "COMPLETE"}]
)


def paged(pages: list[Page]) -> list[Page]:
    return [{**page, "nextToken": str(number)} for number, page in enumerate(pages[:-1])] + pages[-1:]


def agreeing(pages: list[Page]) -> list[Page]:
    """The same pages with the status, the counts and the time of the first one."""
    first = pages[0]
    whole = {key: value for key, value in first["imageScanFindings"].items() if key in WHOLE}
    own = [{key: item for key, item in one["imageScanFindings"].items() if key not in WHOLE} for one in pages]
    return paged([{**first, "imageScanFindings": {**whole, **block}} for block in own])


POLLS = st.one_of(
    FAILURES,
    PAGES.map(lambda page: [page]),
    st.just([CLEAN]),
    st.lists(PAGES, min_size=2, max_size=3).map(paged),
    st.lists(PAGES, min_size=2, max_size=3).map(agreeing),
    EVIL.map(lambda page: [page]),
)
SCRIPTS = st.lists(POLLS, min_size=1, max_size=4)
POLICIES = st.builds(
    GatePolicy,
    block=st.sampled_from([("CRITICAL",), ("CRITICAL", "HIGH")]),
    timeout=st.sampled_from([5.0, 60.0]),
    limits=st.sampled_from([(), (("MEDIUM", 1),)]),
    new_only=st.booleans(),
    max_age=st.sampled_from([60.0, 3600.0, 86400.0, 864000.0]),
    fixable_only=st.booleans(),
)
WAIVERS = st.sampled_from(
    [(), (Waiver("CVE-1", ("a",), "r", "o", TODAY),), (Waiver("CVE-1", ("a",), "r", "o", date.min),)]
)
SCANNINGS = st.sampled_from(
    [Scanning("SCAN_ON_PUSH", enhanced=False), Scanning("CONTINUOUS_SCAN", enhanced=True), Scanning()]
)


@pytest.mark.slow
@settings(max_examples=SEQUENCES, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=SCRIPTS,
    running=st.none() | SCRIPTS,
    policy=POLICIES,
    waivers=WAIVERS,
    scanning=SCANNINGS,
    begun=st.booleans(),
)
def test_nothing_but_a_complete_fresh_counted_result_clears_an_image(
    script: list[list[Page]],
    running: list[list[Page]] | None,
    policy: GatePolicy,
    waivers: tuple[Waiver, ...],
    scanning: Scanning,
    begun: bool,  # noqa: FBT001 - drawn
) -> None:
    clock = SimulatedClock(NOW)
    tape, old = Tape(script, clock, begun), Tape(running or [[]], clock, begun)
    deployed = None
    if policy.new_only:
        parts = [ScanWatch("r", "old", _scanner(old, scanning), NOW - timedelta(days=1))]
        deployed = DeployedWatch(parts, str, "" if running else "none")
    image = built()
    rules = GateRules(policy=policy, waivers=Waivers(rows=waivers, today=TODAY))
    aged = NOW - timedelta(seconds=policy.max_age)
    part = ScanWatch("r", image.digest, _scanner(tape, scanning), PUSHED, aged)
    one = ImageWatch(image, [part], rules, deployed)
    verdict = watch([one], Deadline(clock, policy.timeout), lambda *_: None)[0]
    event(verdict.outcome)
    assert clock.monotonic() <= policy.timeout
    try:
        cleared = clear_images(Judgement(rules=rules, rows=(Judged(image, verdict),)))
    except (GateBlocked, GateInconclusive):
        assert verdict.outcome != "passed"
        return
    assert cleared[0].scanned == image.digest
    pages = tape.given[-1][1]
    a_day = NOW - timedelta(days=1)
    _assert_complete(pages, PUSHED if begun or scanning.enhanced else a_day)
    if pages[0]["imageScanStatus"]["status"] == "COMPLETE":
        oldest = aged if begun or scanning.enhanced else min(aged, a_day)
        assert pages[0]["imageScanFindings"]["imageScanCompletedAt"] >= oldest
    _assert_settled(tape, scanning)
    known: Counter[Any] = Counter()
    if running and old.given and _is_complete(old.given[-1][1], NOW - timedelta(days=1)):
        known.update((_identity(item), _rank(item)) for item in _distinct(old.given[-1][1]))
    _assert_nothing_over(pages, policy, waivers if waivers and waivers[0].until == TODAY else (), known)


def _scanner(tape: Tape, scanning: Scanning) -> ScanClient:
    return ScanClient(page=tape.page, starter=tape, clock=tape.clock, scanning=lambda _: scanning)


def _is_complete(pages: list[Page], oldest: datetime) -> bool:
    try:
        _assert_complete(pages, oldest)
    except (AssertionError, KeyError, TypeError):
        return False
    return True


def _assert_complete(pages: list[Page], oldest: datetime) -> None:
    first = pages[0]
    assert not any("Error" in page for page in pages)
    assert "nextToken" not in pages[-1]
    assert first["imageScanStatus"]["status"] in ("COMPLETE", "ACTIVE")
    assert all(page["imageScanStatus"] == first["imageScanStatus"] for page in pages)
    for key in WHOLE:
        stated = [page["imageScanFindings"].get(key) for page in pages]
        assert all(one in (None, stated[0]) for one in stated[1:])
    assert all(item["severity"] in (*SEVERITIES, "NEW") for item in _items(pages))
    block = first["imageScanFindings"]
    assert isinstance(block["imageScanCompletedAt"], datetime)
    assert block["imageScanCompletedAt"] >= oldest
    keys = ("findingSeverityCounts", "findings", "enhancedFindings")
    assert any(page["imageScanFindings"].get(key) is not None for page in pages for key in keys)


def _assert_settled(tape: Tape, scanning: Scanning) -> None:
    """Whatever may be enhanced was given twice in a row, unchanged, with time between."""
    last = tape.given[-1][1]
    first = last[0]
    listed = any(page["imageScanFindings"].get("findings") is not None for page in last)
    enhanced = any("enhancedFindings" in page["imageScanFindings"] for page in last)
    if listed and not enhanced and first["imageScanStatus"]["status"] == "COMPLETE" and not scanning.enhanced:
        counted = any(_items(last)) or any((first["imageScanFindings"].get("findingSeverityCounts") or {}).values())
        if counted or scanning.enhanced is False:
            return
    moments = [moment for moment, pages in tape.given if pages == last]
    assert moments[-1] - moments[0] >= 10


def _assert_nothing_over(
    pages: list[Page], policy: GatePolicy, waivers: tuple[Waiver, ...], known: Mapping[Any, int]
) -> None:
    left = list(Counter(known).elements()) if policy.new_only else []
    numbers: Counter[str] = Counter()
    listed: Counter[str] = Counter()
    for item in _distinct(pages):
        severity = item["severity"]
        listed[severity] += 1
        if waivers and _identity(item) == ("CVE-1", "a"):
            continue
        fitting = [one for one in left if one[0] == _identity(item) and one[1] <= _rank(item)]
        if fitting and severity != "NEW":
            left.remove(max(fitting))
            continue
        numbers[severity] += 1
    stated: Counter[str] = Counter()
    for severity, number in (pages[0]["imageScanFindings"].get("findingSeverityCounts") or {}).items():
        stated[severity.upper()] += number
    numbers += stated - listed
    assert all(not numbers[severity] for severity in policy.block)
    assert all(numbers[severity] <= most for severity, most in policy.limits)
    assert not numbers["NEW"]


def _items(pages: list[Page]) -> Iterator[Page]:
    for page in pages:
        yield from page.get("imageScanFindings", {}).get("findings") or () if "Error" not in page else ()


def _distinct(pages: list[Page]) -> list[Page]:
    return list({(_identity(item), item["severity"]): item for item in _items(pages)}.values())


def _rank(item: Page) -> int:
    """The place of a severity, the worst first; one that nobody knows is the last."""
    return SEVERITIES.index(item["severity"]) if item["severity"] in SEVERITIES else len(SEVERITIES)


def _identity(item: Page) -> tuple[str, str]:
    return item["name"], "".join(pair["value"] for pair in item.get("attributes", ()))

"""Judge one image: from a reading of its scan to a verdict.

An image passes only by a reading that is complete, fresh and counted. Doubt stops it.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from erp_build.gate.filter import FilteredFindings, Known, Waivers, allowed, effective_severity, filter_findings
from erp_build.model.images.scan import ScanReading
from erp_build.model.images.verdict import Verdict, VerdictOutcome, Wait
from erp_build.model.project import SEVERITIES, GatePolicy

SETTLED_AFTER_S = 10.0
"""Seconds for which an enhanced scan must say the same: its findings arrive after its status (aws/aws-sdk#288)."""

EMPTY_SETTLED_AFTER_S = 30.0
"""Seconds for an enhanced scan that says "nothing": most likely it has not begun (aws/aws-sdk#289)."""

SCAN_AGAIN = "start the scan again: aws ecr start-image-scan (once in 24 hours)"
SCAN_AGAIN_ENHANCED = (
    "where Inspector scans on push alone, nobody can ask for a scan: let it scan continuously, or build the image anew "
    "(erp-build run --rebuild NAME)"
)

UNKNOWN_SEVERITIES = "severities that erp_build does not know"

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanContext:
    """What is known about a reading besides its content.

    Attributes:
        not_before: a result that was completed earlier is not of this push; None: any is.
        oldest: one that was completed earlier is too old, unless the scan goes on; None: none is.
        settled: seconds for which the readings have been the same; None for the first of its kind.
        enhanced: whether the registry scans with Inspector; None where it does not say.
    """

    not_before: datetime | None = None
    oldest: datetime | None = None
    settled: float | None = None
    enhanced: bool | None = False

    def is_settled(self, reading: ScanReading) -> bool:
        """Whether the reading has stayed the same for long enough. A basic scan is complete at once."""
        if reading.scanner == "basic" and (self.enhanced is False or (self.enhanced is None and reading.counts)):
            return True
        needed = SETTLED_AFTER_S if reading.counts else EMPTY_SETTLED_AFTER_S
        return self.settled is not None and self.settled >= needed


def inconclusive(why: str, next_step: str = "look at the scan in ECR, then run again") -> Verdict:
    """The verdict on an image whose scan cannot be judged."""
    return Verdict(outcome="inconclusive", why=why, next_step=next_step)


def judge(
    reading: ScanReading,
    policy: GatePolicy,
    *,
    waivers: Waivers | None = None,
    known: Known | None = None,
    context: ScanContext | None = None,
) -> Verdict | Wait:
    """Judge one reading: wait, pass, block, or inconclusive because it cannot be judged.

    Args:
        reading: of all pages.
        policy: what blocks.
        waivers: findings that somebody answers for.
        known: findings of the deployed image; None: not known, so all findings are new.
        context: what else is known about the reading.
    """
    state = reading.state
    if state.answer == "wait":
        return Wait(str(reading), next_step=state.next_step)
    if state.answer == "stop":
        return inconclusive(f"{reading}: {state.meaning}", state.next_step)
    found = filter_findings(reading, policy, waivers or Waivers(), known)
    # Before the doubt: findings over the policy are certain, however incomplete the scan still is.
    if over := {name: number for name, number in found.numbers.items() if number > allowed(policy, name)}:
        return _verdict("blocked", _blocked_text(over, found, policy), reading, found, over)
    if unknown := sorted(set(found.numbers) - set(SEVERITIES)):
        return _verdict("inconclusive", f"{UNKNOWN_SEVERITIES}: {', '.join(unknown)}", reading, found)
    if doubt := doubt_of(reading, context or ScanContext()):
        return doubt
    return _verdict("passed", _passed_text(reading, found), reading, found)


def doubt_of(reading: ScanReading, context: ScanContext) -> Wait | None:
    """Why a reading cannot clear an image yet: it is not counted, complete, fresh or settled. None: it can."""
    next_step = reading.state.next_step
    if reading.state.answer != "read":
        return Wait(str(reading), next_step=next_step)
    if reading.counts is None or reading.completed is None:
        return Wait(f"{_seen(reading)}, so its findings are not there yet", next_step=next_step)
    if context.not_before and reading.completed < context.not_before:
        why = f"{reading} of {_minute(reading.completed)}, older than {_minute(context.not_before)}"
        return Wait(why, stale=True, next_step=SCAN_AGAIN)
    if context.oldest and is_too_old(reading, context.oldest):
        why = f"{reading} of {_minute(reading.completed)}, older than `max_age` of [gate] allows"
        return Wait(why, stale=True, next_step=f"{SCAN_AGAIN}\n{SCAN_AGAIN_ENHANCED}")
    if not context.is_settled(reading):
        why = "reading again, because findings of a continuous scan arrive late"
        return Wait(f"{reading}, {counts_text(reading.counts)}; {why}", next_step=next_step)
    return None


def is_too_old(reading: ScanReading, oldest: datetime) -> bool:
    """Whether a result is from before a time and nobody keeps it up to date; Inspector does while a scan is ACTIVE."""
    return reading.status != "ACTIVE" and reading.completed is not None and reading.completed < oldest


def _seen(reading: ScanReading) -> str:
    """What a reading holds that cannot be judged, and what it lacks."""
    counts = "neither a list of findings nor their number" if reading.counts is None else counts_text(reading.counts)
    return f"{reading}, {counts}" + ("" if reading.completed else ", no time of completion")


def counts_text(counts: Mapping[str, int]) -> str:
    """The numbers as text, worst severity first; unknown severities come before all others."""
    names = [*sorted(set(counts) - set(SEVERITIES)), *(name for name in SEVERITIES if name in counts)]
    return ", ".join(f"{counts[name]} {name}" for name in names) or "no findings"


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _blocked_text(over: Mapping[str, int], found: FilteredFindings, policy: GatePolicy) -> str:
    new = "new " if policy.new_only else ""
    parts = []
    for name, number in sorted(over.items(), key=lambda pair: SEVERITIES.index(pair[0])):
        most = allowed(policy, name)
        parts.append(f"{number} {new}{name}" + (f" (allowed: {most:.0f})" if most else ""))
    old = sum(effective_severity(finding.severity, policy) in over for finding in found.known)
    how = f", {old} already running" if policy.new_only else " found"
    others = [f"{', '.join(map(str, found.rerated))} rated lower in what runs"] if found.rerated else []
    others += [f"the waiver of {row.id} expired on {row.until}" for row in found.expired]
    others += _closed_text(found)
    return "; ".join((f"{', '.join(parts)}{how}", *others))


def _passed_text(reading: ScanReading, found: FilteredFindings) -> str:
    others = {"waived": found.waived, "already running": found.known, "without a fix": found.unfixable}
    parts = [f"{len(findings)} {what}" for what, findings in others.items() if findings]
    return "; ".join((counts_text(reading.counts or {}), *parts, *_closed_text(found)))


def _closed_text(found: FilteredFindings) -> list[str]:
    return [f"{len(found.closed)} suppressed or closed in Inspector"] if found.closed else []


def _verdict(
    outcome: VerdictOutcome, why: str, reading: ScanReading, found: FilteredFindings, over: Container[str] = ()
) -> Verdict:
    return Verdict(
        outcome=outcome,
        why=why,
        counts=reading.counts or {},
        blocking=tuple(finding for severity, finding in found.counting if severity in over),
        waived=found.waived,
        known=found.known,
        unfixable=found.unfixable,
        closed=found.closed,
        expired=found.expired,
        findings=reading.findings,
        scanner=reading.scanner,
        next_step="look at the finding in ECR; update erp_build" if outcome == "inconclusive" else "",
    )


def join(verdicts: Sequence[Verdict]) -> Verdict:
    """Join the verdicts of an image's platforms: the worst outcome counts, and all findings are kept."""
    if len(verdicts) == 1:
        return verdicts[0]
    outcomes: Sequence[VerdictOutcome] = [one.outcome for one in verdicts]
    worst = next((name for name in _WORST_FIRST if name in outcomes), _WORST_FIRST[1])
    deciding = [one for one in verdicts if one.outcome == worst]
    counts: Counter[str] = Counter()
    for one in verdicts:
        counts |= Counter(dict(one.counts))
    return Verdict(
        outcome=worst,
        why="; ".join(dict.fromkeys(one.why for one in deciding)) or "nothing was scanned",
        counts=dict(counts),
        blocking=_all(one.blocking for one in verdicts),
        waived=_all(one.waived for one in verdicts),
        known=_all(one.known for one in verdicts),
        unfixable=_all(one.unfixable for one in verdicts),
        closed=_all(one.closed for one in verdicts),
        expired=_all(one.expired for one in verdicts),
        findings=_all(one.findings for one in verdicts),
        scanner="/".join(dict.fromkeys(one.scanner for one in verdicts if one.scanner)),
        next_step="\n".join(dict.fromkeys(one.next_step for one in deciding if one.next_step)),
    )


_WORST_FIRST: tuple[VerdictOutcome, ...] = ("blocked", "inconclusive", "passed")


def _all(parts: Iterable[Iterable[Item]]) -> tuple[Item, ...]:
    """All items of the parts, each once, in order."""
    return tuple(dict.fromkeys(item for part in parts for item in part))

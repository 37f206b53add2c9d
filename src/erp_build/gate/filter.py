"""Which findings count against a policy: not those that are closed, waived, already running, or without a fix."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import inf

from erp_build.model.images.finding import Finding, Waived, Waiver
from erp_build.model.images.scan import ScanReading
from erp_build.model.project import SEVERITIES, UNRATED, GatePolicy

Identity = tuple[str, tuple[str, ...]]
"""Name and packages: what makes it the same finding in another image."""

Known = Mapping[tuple[Identity, str], int]
"""Finding and severity -> how often a deployed image has it so."""


BADNESS = {name: place for place, name in enumerate(reversed(SEVERITIES))} | dict.fromkeys(UNRATED, 0)
"""Severity -> how bad it is; those without a rating are the least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waivers:
    """The waivers of a run, and the day on which they are applied."""

    rows: tuple[Waiver, ...] = ()
    today: date = date.max

    def for_finding(self, finding: Finding) -> Waiver | None:
        """The valid waiver of a finding, if there is one."""
        return next((row for row in self.rows if row.matches(finding) and row.counts_on(self.today)), None)

    def expired_for(self, findings: Iterable[Finding]) -> tuple[Waiver, ...]:
        """The expired waivers that match one of the findings."""
        found = tuple(findings)
        return tuple(row for row in self.rows if not row.counts_on(self.today) and any(map(row.matches, found)))

    def unused(self, findings: Iterable[Finding]) -> tuple[Waiver, ...]:
        """The waivers that match none of the findings."""
        found = tuple(findings)
        return tuple(row for row in self.rows if not any(map(row.matches, found)))


@dataclass(frozen=True, kw_only=True, slots=True)
class FilteredFindings:
    """The findings of a reading; each is in exactly one of the groups.

    Attributes:
        counting: those that count, with the severity that they count as.
        closed, waived, known, unfixable: those that do not, and why.
        rerated: those of `counting` that the deployed image has as well, but rated lower.
        expired: waivers of counting findings that have expired.
        numbers: severity -> how many count, including those that the registry counts without listing them.
    """

    counting: tuple[tuple[str, Finding], ...]
    closed: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    known: tuple[Finding, ...]
    unfixable: tuple[Finding, ...]
    rerated: tuple[Finding, ...]
    expired: tuple[Waiver, ...]
    numbers: Mapping[str, int]


def filter_findings(
    reading: ScanReading, policy: GatePolicy, waivers: Waivers, known: Known | None
) -> FilteredFindings:
    """Group the findings of a reading; `known` is what the deployed image has, None if that is not known."""
    deployed = _Deployed(known if policy.new_only and known else {}, policy)
    counting, closed, waived, running, unfixable, rerated = [], [], [], [], [], []
    for finding in reading.findings:
        severity = effective_severity(finding.severity, policy)
        if finding.closed:
            closed.append(finding)
        elif waiver := waivers.for_finding(finding):
            waived.append(Waived(finding, waiver))
        elif policy.fixable_only and finding.fixable is False:
            unfixable.append(finding)
        elif deployed.takes(finding, severity):
            running.append(finding)
        else:
            counting.append((severity, finding))
            if deployed.has(finding):
                rerated.append(finding)
    numbers = Counter(severity for severity, _ in counting)
    # A finding that is counted but not listed can be neither waived nor compared, so it counts.
    for severity, number in reading.unlisted.items():
        numbers[effective_severity(severity, policy)] += number
    return FilteredFindings(
        counting=tuple(counting),
        closed=tuple(closed),
        waived=tuple(waived),
        known=tuple(running),
        unfixable=tuple(unfixable),
        rerated=tuple(rerated),
        expired=waivers.expired_for(finding for _, finding in counting),
        numbers=numbers,
    )


class _Deployed:
    """The findings of the deployed image that no finding of the new one was compared with yet.

    A severity that is not known cannot be compared: such a finding is left out here, and is new there.
    """

    def __init__(self, known: Known, policy: GatePolicy) -> None:
        self._left: dict[Identity, list[int]] = {}
        for (identity, severity), number in known.items():
            badness = BADNESS.get(effective_severity(severity, policy))
            if badness is not None:
                self._left.setdefault(identity, []).extend([badness] * number)

    def has(self, finding: Finding) -> bool:
        """Whether the finding is there, whatever its severity."""
        return bool(self._left.get(finding.identity))

    def takes(self, finding: Finding, severity: str) -> bool:
        """Whether the finding is there as bad as it is now, or worse; then it is compared with no other one."""
        left = self._left.get(finding.identity, [])
        fitting = [one for one in left if severity in BADNESS and BADNESS[severity] <= one]
        if fitting:
            left.remove(min(fitting))
        return bool(fitting)


def effective_severity(severity: str, policy: GatePolicy) -> str:
    """The severity itself, or what the policy takes an unrated one for."""
    return policy.undefined if severity in UNRATED and policy.undefined != UNRATED[0] else severity


def allowed(policy: GatePolicy, severity: str) -> float:
    """How many findings of a severity may pass; infinity where the policy does not name it."""
    return 0 if severity in policy.block else dict(policy.limits).get(severity, inf)


def known_findings(findings_of_platforms: Iterable[Iterable[Finding]]) -> Known:
    """The findings of all platforms of a deployed image; of each, the largest number that one platform has."""
    most: Counter[tuple[Identity, str]] = Counter()
    for findings in findings_of_platforms:
        most |= Counter((one.identity, one.severity) for one in findings if not one.closed)
    return most

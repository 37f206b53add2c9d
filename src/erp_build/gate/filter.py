"""Which findings count against a policy: not those that are waived, already running, or without a fix."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import inf

from erp_build.model.images.finding import Finding, Waived, Waiver
from erp_build.model.images.scan import ScanReading
from erp_build.model.project import UNRATED, GatePolicy

Identity = tuple[str, tuple[str, ...]]
"""Name and packages: what makes it the same finding in another image."""


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
        waived, known, unfixable: those that do not, and why.
        expired: waivers of counting findings that have expired.
        numbers: severity -> how many count, including those that the registry counts without listing them.
    """

    counting: tuple[tuple[str, Finding], ...]
    waived: tuple[Waived, ...]
    known: tuple[Finding, ...]
    unfixable: tuple[Finding, ...]
    expired: tuple[Waiver, ...]
    numbers: Mapping[str, int]


def filter_findings(
    reading: ScanReading, policy: GatePolicy, waivers: Waivers, known: Mapping[Identity, int] | None
) -> FilteredFindings:
    """Group the findings of a reading; `known` is how often the deployed image has each, None if that is not known."""
    deployed = Counter(known or {})
    counting, waived, running, unfixable = [], [], [], []
    for finding in reading.findings:
        if waiver := waivers.for_finding(finding):
            waived.append(Waived(finding, waiver))
        elif policy.fixable_only and finding.fixable is False:
            unfixable.append(finding)
        elif policy.new_only and deployed[finding.identity] > 0:
            deployed[finding.identity] -= 1
            running.append(finding)
        else:
            counting.append((effective_severity(finding.severity, policy), finding))
    numbers = Counter(severity for severity, _ in counting)
    # A finding that is counted but not listed can be neither waived nor compared, so it counts.
    for severity, number in reading.unlisted.items():
        numbers[effective_severity(severity, policy)] += number
    return FilteredFindings(
        counting=tuple(counting),
        waived=tuple(waived),
        known=tuple(running),
        unfixable=tuple(unfixable),
        expired=waivers.expired_for(finding for _, finding in counting),
        numbers=numbers,
    )


def effective_severity(severity: str, policy: GatePolicy) -> str:
    """The severity itself, or what the policy takes an unrated one for."""
    return policy.undefined if severity in UNRATED and policy.undefined != UNRATED[0] else severity


def allowed(policy: GatePolicy, severity: str) -> float:
    """How many findings of a severity may pass; infinity where the policy does not name it."""
    return 0 if severity in policy.block else dict(policy.limits).get(severity, inf)


def identities(readings: Iterable[ScanReading]) -> Counter[Identity]:
    """The findings of all platforms of a deployed image; of each, the largest number that one platform has."""
    most: Counter[Identity] = Counter()
    for reading in readings:
        most |= Counter(finding.identity for finding in reading.findings)
    return most

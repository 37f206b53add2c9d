"""Waivers: findings, by identifier and package, that somebody answers for until a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from erp_build.model.images.finding import Finding, Waiver


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

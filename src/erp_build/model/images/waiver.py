"""A finding that somebody answers for until a day."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from erp_build.model.images.finding import Finding

NO_PACKAGE = "-"
"""Stands in a waiver for a finding that names no package."""


class Waiver(NamedTuple):
    """A row of the waiver file.

    Attributes:
        id: of the finding, such as `CVE-2021-44228`.
        packages: the packages that it is waived for; `-` for a finding that names none.
        reason: why it may pass.
        owner: who answers for it.
        until: the last day on which it counts (UTC).
    """

    id: str
    packages: tuple[str, ...]
    reason: str
    owner: str
    until: date

    def matches(self, finding: Finding) -> bool:
        """Whether it covers a finding: it must name all of its packages, because another one is another risk."""
        return self.id == finding.name and set(finding.packages or (NO_PACKAGE,)) <= set(self.packages)

    def counts_on(self, today: date) -> bool:
        """Whether it still counts."""
        return today <= self.until

    def __str__(self) -> str:
        """For the reader."""
        return f"{self.id} ({', '.join(self.packages)}), {self.owner}, until {self.until}"


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver lets pass."""

    finding: Finding
    waiver: Waiver

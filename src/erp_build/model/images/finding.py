"""A finding of a scan, and the waiver by which somebody answers for it until a day."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

NO_PACKAGE = "-"
"""Stands in a waiver for a finding that names no package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability that a scan reports.

    Attributes:
        name: its identifier, such as `CVE-2021-44228`.
        severity: in capitals, as the scan says it.
        packages: names of the packages that have it, each once; empty where the scan names none.
        version: of the first package.
        is_library: whether each of them is a library of Java, whose version a pom or a base image names.
        fixable: whether there is a fix for at least some of the packages; None where the scan does not say.
        fixed_in: the version with the fix, where the scan says.
        uri: a page about it.
        arn: of Inspector's finding, which tells it from all others; empty in a basic scan.
        first_seen: when Inspector saw it first in this image; None where the scan does not say.
        closed: Inspector's status where it no longer counts there, `SUPPRESSED` or `CLOSED`; empty: it counts.
    """

    name: str
    severity: str
    packages: tuple[str, ...] = ()
    version: str = ""
    is_library: bool = False
    fixable: bool | None = None
    fixed_in: str = ""
    uri: str = ""
    arn: str = ""
    closed: str = ""
    first_seen: datetime | None = field(default=None, compare=False)

    @property
    def identity(self) -> tuple[str, tuple[str, ...]]:
        """What makes it the same finding in another image."""
        return self.name, self.packages

    def __str__(self) -> str:
        """For the reader: `CVE-2021-44228 (log4j-core)`."""
        return f"{self.name} ({', '.join(self.packages) or 'no package named'})"


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

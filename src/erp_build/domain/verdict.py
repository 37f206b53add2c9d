"""The gate's judgement: from an answer of the registry's scan to a verdict, and from a passing verdict to clearance.

Statuses as in the model of the ECR API (2015-09-21, ScanStatus). Whatever is not known to be good stops.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from erp_build.domain.image import BuiltImage
from erp_build.domain.project import SEVERITIES, GatePolicy

UNFINISHED = {"PENDING", "IN_PROGRESS", "FINDINGS_UNAVAILABLE"}
READABLE = {"COMPLETE", "ACTIVE"}
HOPELESS = {
    "FAILED": "the scan failed; start it again, and look at the image if it fails again",
    "UNSUPPORTED_IMAGE": "the scanner does not know the image's operating system or format",
    "SCAN_ELIGIBILITY_EXPIRED": "the last scan is too old to count and is not renewed; push the image again",
    "LIMIT_EXCEEDED": "the registry's scan quota is used up",
    "IMAGE_ARCHIVED": "the image is archived; restore or push it again",
}

Outcome = Literal["passed", "blocked", "inconclusive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability that a scan reports."""

    name: str
    severity: str
    package: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanReading:
    """All pages of one poll.

    Attributes:
        status, description: of `imageScanStatus`.
        completed: `imageScanCompletedAt` in any form; empty when the answer has none.
        counts: severity -> number, the larger of the registry's map and our own count; None when nothing was counted.
        findings: from all pages.
        continuous: enhanced scanning, whose findings may still arrive after its status says it is active.
    """

    status: str
    description: str = ""
    completed: str = ""
    counts: Mapping[str, int] | None = None
    findings: tuple[Finding, ...] = ()
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """No verdict yet, and why not."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The judgement of one image; `why` is a sentence for the reader."""

    outcome: Outcome
    why: str
    counts: Mapping[str, int] = field(default_factory=dict)
    blocking: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ClearedImage:
    """An image that may be deployed. It cannot be made without a passing verdict, and only the gate makes verdicts."""

    image: BuiltImage
    verdict: Verdict
    scanned: str
    """The digest that was scanned."""

    def __post_init__(self) -> None:
        """Refuse to exist for an image that was not cleared."""
        if self.verdict.outcome != "passed":
            raise ValueError(f"{self.image.target} was not cleared: {self.verdict.why}")
        if self.scanned != self.image.digest or not self.scanned:
            raise ValueError(f"{self.image.target}: {self.scanned or 'nothing'} was scanned, not {self.image.digest}")


def read_scan(pages: Sequence[Mapping[str, Any]]) -> ScanReading:
    """Read the pages of one DescribeImageScanFindings answer (counts stand on the first page, findings on all)."""
    status = pages[0].get("imageScanStatus") or {}
    blocks = [page.get("imageScanFindings") or {} for page in pages]
    raw = [item for block in blocks for key in ("findings", "enhancedFindings") for item in block.get(key) or ()]
    findings = tuple(_finding(item) for item in raw)
    stated = blocks[0].get("findingSeverityCounts")
    listed = any(block.get(key) is not None for block in blocks for key in ("findings", "enhancedFindings"))
    completed = blocks[0].get("imageScanCompletedAt")
    return ScanReading(
        status=str(status.get("status") or ""),
        description=str(status.get("description") or ""),
        completed="" if completed is None else str(completed),
        counts=_counts(stated or {}, findings) if listed or stated is not None else None,
        findings=findings,
        continuous=status.get("status") == "ACTIVE" or any("enhancedFindings" in block for block in blocks),
    )


def judge(reading: ScanReading, policy: GatePolicy, previous: ScanReading | None = None) -> Verdict | Wait:
    """Judge one reading: wait, pass, block, or give up because it cannot be judged.

    A continuous scan passes only when two readings in a row say the same, because its findings arrive after its status.
    """
    if reading.status in UNFINISHED:
        return Wait(_status_text(reading))
    if reading.status not in READABLE:
        why = HOPELESS.get(reading.status, "this status is not known to erp_build")
        return Verdict(outcome="inconclusive", why=f"{_status_text(reading)}: {why}")
    counts = reading.counts or {}
    if blocking := {name: counts[name] for name in policy.block if counts.get(name)}:
        found = tuple(finding for finding in reading.findings if finding.severity in policy.block)
        return Verdict(outcome="blocked", why=f"{_counts_text(blocking)} found", counts=counts, blocking=found)
    if unknown := sorted(set(counts) - set(SEVERITIES)):
        why = f"severities that erp_build does not know: {', '.join(unknown)}"
        return Verdict(outcome="inconclusive", why=why, counts=counts)
    if reading.counts is None or not reading.completed:
        return Wait(f"{_status_text(reading)}, but its findings are not there yet")
    if reading.continuous and reading != previous:
        return Wait(f"{_status_text(reading)}; reading again, because findings of a continuous scan arrive late")
    return Verdict(outcome="passed", why=_counts_text(counts) or "no findings", counts=counts)


def _finding(item: Mapping[str, Any]) -> Finding:
    details = item.get("packageVulnerabilityDetails") or {}
    attributes = {pair.get("key"): pair.get("value", "") for pair in item.get("attributes") or ()}
    packages = details.get("vulnerablePackages") or ({"name": attributes.get("package_name", "")},)
    return Finding(
        name=str(item.get("name") or details.get("vulnerabilityId") or item.get("title") or "unnamed"),
        severity=str(item.get("severity") or "UNDEFINED").upper(),
        package=str(packages[0].get("name", "")),
    )


def _counts(stated: Mapping[str, Any], findings: Sequence[Finding]) -> dict[str, int]:
    own = Counter(finding.severity for finding in findings)
    named = {str(name).upper(): int(number) for name, number in stated.items()}
    larger = {name: max(named.get(name, 0), own[name]) for name in (*named, *own)}
    return {name: number for name, number in sorted(larger.items()) if number}


def _counts_text(counts: Mapping[str, int]) -> str:
    rank = {name: place for place, name in enumerate(SEVERITIES)}
    return ", ".join(f"{counts[name]} {name}" for name in sorted(counts, key=lambda name: rank.get(name, -1)))


def _status_text(reading: ScanReading) -> str:
    status = reading.status or "no status"
    return f"{status} ({reading.description})" if reading.description else status

"""A scan of an image in ECR: its state, how a repository is scanned, and what one reading says."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from erp_build.model.images.finding import Finding


class ScanState(NamedTuple):
    """A status and what the gate does about it.

    Attributes:
        status: as ECR writes it.
        answer: `wait` (not finished), `read` (its findings can be judged) or `stop` (there will be no findings).
        meaning: for the reader.
        next_step: what helps when the gate ends with this status.
    """

    status: str
    answer: Literal["wait", "read", "stop"]
    meaning: str
    next_step: str


STATES = {
    state.status: state
    for state in (
        ScanState("PENDING", "wait", "the scan is queued", "raise `timeout` of [gate], or run again later"),
        ScanState("IN_PROGRESS", "wait", "the scan is running", "raise `timeout` of [gate], or run again later"),
        ScanState(
            "FINDINGS_UNAVAILABLE",
            "wait",
            "the findings are not available at the moment",
            "look at the image in the ECR console; if this persists, push the image again",
        ),
        ScanState("COMPLETE", "read", "the scan is complete", "start the scan again: aws ecr start-image-scan"),
        ScanState(
            "ACTIVE",
            "read",
            "the image is scanned continuously",
            "look at the image's coverage in Inspector; its first scan can take many minutes",
        ),
        ScanState(
            "FAILED",
            "stop",
            "the scan failed",
            "aws ecr start-image-scan, then run again; if it fails again, look at the image",
        ),
        ScanState(
            "UNSUPPORTED_IMAGE",
            "stop",
            "the scanner does not know the image's operating system or format",
            "build on a base image that ECR can scan, with an operating system that is still maintained",
        ),
        ScanState(
            "SCAN_ELIGIBILITY_EXPIRED",
            "stop",
            "the last scan is too old to count and is not renewed",
            "push the image again, or lengthen the re-scan duration in Inspector",
        ),
        ScanState(
            "LIMIT_EXCEEDED",
            "stop",
            "the registry's quota of scans is used up",
            "wait until the quota allows a scan, or ask AWS to raise it",
        ),
        ScanState("IMAGE_ARCHIVED", "stop", "the image is archived", "restore the image, or push it again"),
        ScanState(
            "IMAGE_SIZE_EXCEEDED",
            "stop",
            "the image is too large to be scanned",
            "make the image smaller, push it again",
        ),
    )
}
"""Every status of ECR's model; a test compares the table with botocore's. Unknown ones stop (decision 0014)."""


UNKNOWN_STATE = ScanState(
    "", "stop", "this status is not known to erp_build", "look at the image in the ECR console; update erp_build"
)


class Scanning(NamedTuple):
    """How the registry scans a repository.

    Attributes:
        frequency: `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`; empty where the registry does not say.
        enhanced: whether Inspector scans; None where the registry does not say.
        doubt: why something is not known, for the reader.
    """

    frequency: str = ""
    enhanced: bool | None = None
    doubt: str = ""

    @property
    def startable(self) -> bool:
        """Whether it makes sense to ask for a scan: Inspector takes no orders."""
        return not self.enhanced and self.frequency != "CONTINUOUS_SCAN"


Scanner = Literal["basic", "enhanced", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanReading:
    """All pages of one poll.

    Attributes:
        status, description: of `imageScanStatus`.
        completed: `imageScanCompletedAt`; None when the answer has none that can be read.
        counts: severity -> number, the larger of the registry's map and our own count; None when nothing was counted.
        findings: from all pages, each once, those that Inspector suppresses or has closed included.
        scanner: basic or enhanced, by the form of the answer.
        digest: of the image that the answer is about; empty where it does not say.
    """

    status: str
    description: str = ""
    completed: datetime | None = None
    counts: Mapping[str, int] | None = None
    findings: tuple[Finding, ...] = ()
    scanner: Scanner = "unknown"
    digest: str = ""

    @property
    def state(self) -> ScanState:
        """The row of the table."""
        return STATES.get(self.status, UNKNOWN_STATE)

    @property
    def unlisted(self) -> dict[str, int]:
        """Severity -> findings that are counted and not listed: nothing is known of them but their number."""
        listed = Counter(finding.severity for finding in self.findings)
        missing = {name: number - listed[name] for name, number in (self.counts or {}).items()}
        return {name: number for name, number in missing.items() if number > 0}

    def __str__(self) -> str:
        """The status with the registry's words about it."""
        status = self.status or "no status"
        return f"{status} ({self.description})" if self.description else status

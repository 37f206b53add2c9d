"""What a registry's scan says: the table of its statuses, and the reading of its answers.

Statuses as in the model of the ECR API (2015-09-21, ScanStatus, botocore 1.44). Whatever is not in the table stops.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple


class ScanState(NamedTuple):
    """A status and what the gate does about it.

    Attributes:
        status: as ECR writes it.
        answer: `wait` (not finished), `read` (its findings may be judged) or `stop` (there will be none to judge).
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
            "the findings cannot be had at the moment",
            "look at the image in the ECR console; if it stays so, push the image again",
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
"""Every status of the model: a row each, and a test walks them all."""

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


class UnreadableScan(ValueError):
    """An answer is not as ECR gives them; the text says where."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability that a scan reports.

    Attributes:
        name: its identifier, such as `CVE-2021-44228`.
        severity: in capitals, as the scan says it.
        packages: names of the packages that have it, each once; empty where the scan names none.
        version: of the first package.
        fixable: whether there is a fix for at least some of the packages; None where the scan does not say.
        fixed_in: the version with the fix, where the scan says.
        uri: a page about it.
    """

    name: str
    severity: str
    packages: tuple[str, ...] = ()
    version: str = ""
    fixable: bool | None = None
    fixed_in: str = ""
    uri: str = ""

    @property
    def identity(self) -> tuple[str, tuple[str, ...]]:
        """What makes it the same finding in another image."""
        return self.name, self.packages

    def __str__(self) -> str:
        """For the reader: `CVE-2021-44228 (log4j-core)`."""
        return f"{self.name} ({', '.join(self.packages) or 'no package named'})"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanReading:
    """All pages of one poll.

    Attributes:
        status, description: of `imageScanStatus`.
        completed: `imageScanCompletedAt`; None when the answer has none that can be read.
        counts: severity -> number, the larger of the registry's map and our own count; None when nothing was counted.
        findings: from all pages.
        scanner: basic or enhanced, by the form of the answer.
    """

    status: str
    description: str = ""
    completed: datetime | None = None
    counts: Mapping[str, int] | None = None
    findings: tuple[Finding, ...] = ()
    scanner: Scanner = "unknown"

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


def read_scan(pages: Sequence[Mapping[str, Any]]) -> ScanReading:
    """Read the pages of one DescribeImageScanFindings answer.

    Counts and times stand on the first page, findings on all. Raises `UnreadableScan` for an answer of another form.
    """
    status = _map(pages[0].get("imageScanStatus"), "imageScanStatus")
    blocks = [_map(page.get("imageScanFindings"), "imageScanFindings") for page in pages]
    basic = [item for block in blocks for item in _list(block.get("findings"), "findings")]
    enhanced = [item for block in blocks for item in _list(block.get("enhancedFindings"), "enhancedFindings")]
    findings = (*map(_basic_finding, basic), *map(_enhanced_finding, enhanced))
    stated = blocks[0].get("findingSeverityCounts")
    listed = any(block.get(key) is not None for block in blocks for key in ("findings", "enhancedFindings"))
    return ScanReading(
        status=str(status.get("status") or ""),
        description=str(status.get("description") or ""),
        completed=read_time(blocks[0].get("imageScanCompletedAt")),
        counts=_counts(_map(stated, "findingSeverityCounts"), findings) if listed or stated is not None else None,
        findings=findings,
        scanner=_scanner(str(status.get("status")), blocks),
    )


def read_time(value: object) -> datetime | None:
    """A time as an SDK (datetime), the wire (seconds since 1970) or the AWS CLI (ISO 8601) gives it; None: none."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _scanner(status: str, blocks: Sequence[Mapping[str, Any]]) -> Scanner:
    if status == "ACTIVE" or any("enhancedFindings" in block for block in blocks):
        return "enhanced"
    return "basic" if any(block.get("findings") is not None for block in blocks) else "unknown"


def _basic_finding(item: object) -> Finding:
    found = _map(item, "a finding")
    pairs = [_map(pair, "an attribute") for pair in _list(found.get("attributes"), "attributes")]
    attributes = {str(pair.get("key")): str(pair.get("value") or "") for pair in pairs}
    package = attributes.get("package_name", "")
    return Finding(
        name=str(found.get("name") or "unnamed"),
        severity=_severity(found),
        packages=(package,) if package else (),
        version=attributes.get("package_version", ""),
        uri=str(found.get("uri") or ""),
    )


def _enhanced_finding(item: object) -> Finding:
    found = _map(item, "a finding")
    details = _map(found.get("packageVulnerabilityDetails"), "packageVulnerabilityDetails")
    packages = [_map(one, "a package") for one in _list(details.get("vulnerablePackages"), "vulnerablePackages")]
    names = (str(package.get("name") or "") for package in packages)
    return Finding(
        name=str(details.get("vulnerabilityId") or found.get("name") or found.get("title") or "unnamed"),
        severity=_severity(found),
        packages=tuple(sorted({name for name in names if name})),
        version=next((str(package["version"]) for package in packages if package.get("version")), ""),
        fixable={"YES": True, "PARTIAL": True, "NO": False}.get(str(found.get("fixAvailable"))),
        fixed_in=next((str(package["fixedInVersion"]) for package in packages if package.get("fixedInVersion")), ""),
        uri=str(details.get("sourceUrl") or ""),
    )


def _severity(found: Mapping[str, Any]) -> str:
    return str(found.get("severity") or "UNDEFINED").upper()


def _counts(stated: Mapping[str, Any], findings: Sequence[Finding]) -> dict[str, int]:
    own = Counter(finding.severity for finding in findings)
    named: Counter[str] = Counter()
    for name, number in stated.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise UnreadableScan(f"findingSeverityCounts: {name} is {number!r}, not a number of findings")
        named[str(name).upper()] += number
    larger = {name: max(named[name], own[name]) for name in (*named, *own)}
    return {name: number for name, number in sorted(larger.items()) if number}


def _map(value: object, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UnreadableScan(f"{where} is not an object but {value!r:.80}")
    return value


def _list(value: object, where: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise UnreadableScan(f"{where} is not a list but {value!r:.80}")
    return value

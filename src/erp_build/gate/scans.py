"""Read the registry's scan answers.

Statuses are those of the ECR API (2015-09-21, ScanStatus, botocore 1.44); `model/images/scan.py` has their table.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from erp_build.model.images.finding import Finding
from erp_build.model.images.scan import Scanner, ScanReading

CLOSED = ("SUPPRESSED", "CLOSED")
"""Statuses of a finding of Inspector that somebody suppresses, or that is no longer there; any other one counts."""

LIBRARY_MANAGERS = ("JAR", "POM")
"""Inspector's package managers of a library of Java, found by its jar or by the pom within that."""

NO_FIXED_VERSION = "NotAvailable"
"""What Inspector says in place of a version that has the fix."""


class UnreadableScan(ValueError):
    """An answer does not have ECR's form; the text says where."""


class UnratedFinding(UnreadableScan):
    """A finding does not say how severe it is, so that nobody can say whether it blocks."""


class NoReading(ValueError):
    """The pages are no answer about a scan, or do not belong together; the text says why. Asking again may help."""


def read_scan(pages: Sequence[Mapping[str, Any]]) -> ScanReading:
    """Read the pages of one DescribeImageScanFindings answer.

    Status, counts, time and digest are those of the first page, and no other page may say something else: counts are
    of the whole image, not of a page. Findings are on all pages; one that two pages list is one.

    Raises:
        UnreadableScan: an answer has another form.
        NoReading: a page says nothing about a scan, or contradicts the first one.
    """
    for page in pages:
        if "imageScanStatus" not in page and "imageScanFindings" not in page:
            raise NoReading("no status: the answer says nothing about a scan")
    status = _map(pages[0].get("imageScanStatus"), "imageScanStatus")
    blocks = [_map(page.get("imageScanFindings"), "imageScanFindings") for page in pages]
    _require_agreement(pages, blocks)
    basic = [item for block in blocks for item in _list(block.get("findings"), "findings")]
    enhanced = [item for block in blocks for item in _list(block.get("enhancedFindings"), "enhancedFindings")]
    findings = tuple(dict.fromkeys((*map(_basic_finding, basic), *map(_enhanced_finding, enhanced))))
    stated = blocks[0].get("findingSeverityCounts")
    listed = any(block.get(key) is not None for block in blocks for key in ("findings", "enhancedFindings"))
    return ScanReading(
        status=str(status.get("status") or ""),
        description=str(status.get("description") or ""),
        completed=read_time(blocks[0].get("imageScanCompletedAt")),
        counts=_counts(_map(stated, "findingSeverityCounts"), findings) if listed or stated is not None else None,
        findings=findings,
        scanner=_scanner(str(status.get("status")), blocks),
        digest=str(_map(pages[0].get("imageId"), "imageId").get("imageDigest") or ""),
    )


def _require_agreement(pages: Sequence[Mapping[str, Any]], blocks: Sequence[Mapping[str, Any]]) -> None:
    """Raise `NoReading` unless all pages have one status, and none states other counts, time or image than the first.

    A later page may leave those three out. Where the first one left them out, they are not for a later one to add.
    """
    statuses = [_map(page.get("imageScanStatus"), "imageScanStatus").get("status") for page in pages]
    images = [_map(page.get("imageId"), "imageId").get("imageDigest") for page in pages]
    counts = [block.get("findingSeverityCounts") for block in blocks]
    times = [block.get("imageScanCompletedAt") for block in blocks]
    for what, stated in (("status", statuses), ("counts", counts), ("time of completion", times), ("image", images)):
        for number, value in enumerate(stated[1:], 2):
            if value != stated[0] and (value is not None or what == "status"):
                raise NoReading(
                    f"page {number} has another {what} than page 1: {value!r:.80} instead of {stated[0]!r:.80}"
                )


def read_time(value: object) -> datetime | None:
    """Read a time from an SDK (datetime), the wire (seconds since 1970) or the AWS CLI (ISO 8601); None for others."""
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
    fixed_in = (str(package.get("fixedInVersion") or "") for package in packages)
    return Finding(
        name=str(details.get("vulnerabilityId") or found.get("name") or found.get("title") or "unnamed"),
        severity=_severity(found),
        packages=tuple(sorted({name for name in names if name})),
        version=next((str(package["version"]) for package in packages if package.get("version")), ""),
        fixable={"YES": True, "PARTIAL": True, "NO": False}.get(str(found.get("fixAvailable"))),
        is_library=bool(packages) and all(package.get("packageManager") in LIBRARY_MANAGERS for package in packages),
        fixed_in=next((one for one in fixed_in if one and one != NO_FIXED_VERSION), ""),
        uri=str(details.get("sourceUrl") or ""),
        arn=str(found.get("findingArn") or ""),
        first_seen=read_time(found.get("firstObservedAt")),
        closed=status if (status := str(found.get("status") or "").upper()) in CLOSED else "",
    )


def _severity(found: Mapping[str, Any]) -> str:
    severity = found.get("severity")
    if not isinstance(severity, str) or not severity.strip():
        stated = f"is {severity!r:.80}" if "severity" in found else "is missing"
        raise UnratedFinding(f"the severity of {found.get('name') or found.get('title') or 'a finding'!s:.80} {stated}")
    return severity.upper()


def _counts(stated: Mapping[str, Any], findings: Sequence[Finding]) -> dict[str, int]:
    own = Counter(finding.severity for finding in findings)
    named: Counter[str] = Counter()
    for name, number in stated.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise UnreadableScan(f"findingSeverityCounts: {name} is {number!r}, not a number of findings")
        named[str(name).upper()] += number
    # ECR's map and list may differ: the larger number is the safe one.
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

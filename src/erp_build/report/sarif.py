"""The gate's findings as SARIF 2.1.0 (OASIS standard), for tools that collect them."""

from typing import Any

from erp_build.clients.secrets import Secrets
from erp_build.formats.printable import json_text
from erp_build.gate.result import Judged, Judgement
from erp_build.model.images.finding import Finding
from erp_build.model.images.image import BuiltImage

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "INFORMATIONAL": "note"}
SCORES = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.5", "LOW": "2.0", "INFORMATIONAL": "0.0"}
"""`security-severity` of a rule, by which readers of SARIF sort: the middle of each band of CVSS."""


WORDS = ("$schema", "security-severity", "finding/v1")
"""Keys of the document that are no identifiers."""


def sarif_text(judgement: Judgement, secrets: Secrets) -> str:
    """The document as a file holds it, with the secrets in its texts masked."""
    from erp_build.clients.machine.own_version import own_version

    return json_text(secrets.mask_all(sarif_document(judgement, own_version()), WORDS), indent=1) + "\n"


def sarif_document(judgement: Judgement, version: str) -> dict[str, Any]:
    """All findings of all images; what a waiver lets pass is there as a suppressed result, never left out."""
    found = [(row, finding) for row in judgement.rows for finding in row.verdict.findings]
    rules = {finding.name: _rule(finding) for _, finding in found}
    places = {name: place for place, name in enumerate(rules)}
    driver = {"name": "erp_build", "semanticVersion": version, "rules": list(rules.values())}
    run = {
        "tool": {"driver": driver},
        "results": [_result(row, finding, places[finding.name]) for row, finding in found],
        "invocations": [_invocation(judgement)],
        "columnKind": "utf16CodeUnits",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.name,
        "shortDescription": {"text": str(finding)},
        "defaultConfiguration": {"level": LEVELS.get(finding.severity, "warning")},
        "properties": {"tags": ["security"]},
    }
    if finding.uri.startswith(("https://", "http://")):
        rule["helpUri"] = finding.uri
    if finding.severity in SCORES:
        rule["properties"]["security-severity"] = SCORES[finding.severity]
    return rule


def _result(row: Judged, finding: Finding, place: int) -> dict[str, Any]:
    verdict = row.verdict
    waiver = next((one.waiver for one in verdict.waived if one.finding == finding), None)
    result: dict[str, Any] = {
        "ruleId": finding.name,
        "ruleIndex": place,
        "level": LEVELS.get(finding.severity, "warning"),
        "message": {"text": _message(row, finding)},
        "locations": [_location(row.image, finding)],
        "partialFingerprints": {"finding/v1": "/".join((row.image.repository, finding.name, *finding.packages))},
        "properties": {
            "severity": finding.severity,
            "target": row.image.target,
            "digest": row.image.digest,
            "blocks": finding in verdict.blocking,
        },
    }
    if finding in verdict.known:
        result["baselineState"] = "unchanged"
    if waiver:
        why = f"{waiver.reason} ({waiver.owner}, until {waiver.until})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    elif finding in verdict.closed:
        why = f"{finding.closed.lower()} in Inspector"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def _message(row: Judged, finding: Finding) -> str:
    version = f" {finding.version}" if finding.version else ""
    fix = f", fixed in {finding.fixed_in}" if finding.fixed_in else ""
    return f"{finding.severity}: {finding}{version} in {row.image.target}{fix}"


def _location(image: BuiltImage, finding: Finding) -> dict[str, Any]:
    """An image has no lines; its repository stands for the file, because readers of SARIF want one."""
    return {
        "physicalLocation": {"artifactLocation": {"uri": image.repository or image.target}, "region": {"startLine": 1}},
        "logicalLocations": [
            {"name": package, "fullyQualifiedName": f"{image.repository}@{image.digest}/{package}", "kind": "package"}
            for package in finding.packages
        ],
    }


def _invocation(judgement: Judgement) -> dict[str, Any]:
    """Whether every image could be judged; an image without a verdict must not look like one without findings."""
    doubtful = [row for row in judgement.rows if row.verdict.outcome == "inconclusive"]
    notes = [{"level": "error", "message": {"text": f"{row.image.target}: {row.verdict.why}"}} for row in doubtful]
    notes += [{"level": "warning", "message": {"text": note}} for note in judgement.notes]
    return {"executionSuccessful": not doubtful, "toolExecutionNotifications": notes}

"""The gate's judgement for a person and as JSON."""

from collections import Counter
from typing import Any

from erp_build.formats.printable import one_line
from erp_build.gate.result import Judged, Judgement
from erp_build.gate.verdict import counts_text
from erp_build.model.images.finding import Finding, Waiver
from erp_build.report import gate_types
from erp_build.report.json.filled import filled
from erp_build.report.text.table import section

HEAD = ("image", "digest", "outcome", "counts", "blocked by", "waived")


def judgement_text(judgement: Judgement) -> str:
    """A row per image, what was waived and by whom, and what else must be said."""
    lines = section("Gate", [_row(row) for row in judgement.rows], HEAD) or ["Gate"]
    for one in dict.fromkeys(waived for row in judgement.rows for waived in row.verdict.waived):
        waiver = f"{one.waiver.reason} ({one.waiver.owner}, until {one.waiver.until})"
        lines.append(one_line(f"  waived: {one.finding}, {one.finding.severity}: {waiver}"))
    lines += [one_line(f"  {note}") for note in judgement.notes]
    return "\n".join(lines)


def judgement_document(judgement: Judgement) -> gate_types.GateDocument:
    """The judgement as `gate --json` and the report of a run hold it."""
    return {
        "policy": filled(gate_types.PolicyDocument, judgement.rules.policy),
        "images": [_image(row) for row in judgement.rows],
        "unused_waivers": [_waiver(row) for row in judgement.unused],
        "notes": list(judgement.notes),
    }


def summary_document(judgement: Judgement) -> dict[str, Any]:
    """What `gate --json` prints: the outcome of all images together, then each of them."""
    outcomes = {row.verdict.outcome for row in judgement.rows}
    outcome = next((name for name in ("blocked", "inconclusive") if name in outcomes), "passed")
    deciding = [row.verdict for row in judgement.rows if row.verdict.outcome == outcome]
    counts: Counter[str] = Counter()
    for row in judgement.rows:
        counts.update(row.verdict.counts)
    return {
        "schema": 1,
        "outcome": outcome,
        "why": "; ".join(dict.fromkeys(verdict.why for verdict in deciding)),
        "counts": dict(counts),
        "blocking": [_finding(one) for row in judgement.rows for one in row.verdict.blocking],
        **judgement_document(judgement),
    }


def _row(row: Judged) -> tuple[str, ...]:
    verdict = row.verdict
    blocking = ", ".join(dict.fromkeys(finding.name for finding in verdict.blocking[:3]))
    more = len(verdict.blocking) - 3
    return (
        row.image.target,
        row.image.digest[:19],
        verdict.outcome,
        counts_text(verdict.counts) if verdict.scanner else "-",
        (blocking + (f" +{more}" if more > 0 else "")) or "-",
        str(len(verdict.waived) or "-"),
    )


def _image(row: Judged) -> gate_types.JudgedImageDocument:
    verdict = row.verdict
    return {
        "target": row.image.target,
        "repository": row.image.repository,
        "digest": row.image.digest,
        "outcome": verdict.outcome,
        "why": verdict.why,
        "scanner": verdict.scanner or None,
        "counts": dict(verdict.counts),
        "blocking": [_finding(one) for one in verdict.blocking],
        "waived": [{**_finding(one.finding), "waiver": _waiver(one.waiver)} for one in verdict.waived],
        "known": [_finding(one) for one in verdict.known],
        "unfixable": [_finding(one) for one in verdict.unfixable],
        "expired_waivers": [_waiver(one) for one in verdict.expired],
        "next": verdict.next_step or None,
    }


def _finding(finding: Finding) -> gate_types.FindingDocument:
    return {"name": finding.name, "severity": finding.severity, "package": ", ".join(finding.packages)}


def _waiver(waiver: Waiver) -> gate_types.WaiverDocument:
    return filled(gate_types.WaiverDocument, waiver, until=waiver.until.isoformat())

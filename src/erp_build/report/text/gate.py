"""The gate's judgement for a person and as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from erp_build.gate.result import Judged, Judgement
from erp_build.gate.verdict import counts_text
from erp_build.model.images.finding import Finding, Waived, Waiver
from erp_build.report.gate_types import FindingDocument, GateDocument, JudgedImageDocument, WaiverDocument
from erp_build.report.text.table import table

HEAD = ("image", "digest", "outcome", "counts", "blocked by", "waived")


def judgement_text(judgement: Judgement) -> str:
    """A row per image, what was waived and by whom, and what else must be said."""
    lines = ["Gate"]
    if judgement.rows:
        lines += [f"  {line}" for line in table([HEAD, *map(_row, judgement.rows)])]
    for one in _once(waived for row in judgement.rows for waived in row.verdict.waived):
        lines.append(f"  waived: {one.finding}, {one.finding.severity}: {one.waiver.reason} "
                     f"({one.waiver.owner}, until {one.waiver.until})")  # fmt: skip
    lines += [f"  {note}" for note in judgement.notes]
    return "\n".join(lines)


def judgement_document(judgement: Judgement) -> GateDocument:
    """The judgement as `gate --json` and the report of a run hold it."""
    policy = judgement.rules.policy
    return {
        "policy": {
            "block": list(policy.block),
            "limits": dict(policy.limits),
            "new_only": policy.new_only,
            "fixable_only": policy.fixable_only,
            "undefined": policy.undefined,
        },
        "images": [_image(row) for row in judgement.rows],
        "unused_waivers": [_waiver(row) for row in judgement.unused],
        "notes": list(judgement.notes),
    }


def summary_document(judgement: Judgement) -> dict[str, Any]:
    """What `gate --json` prints: the outcome of all images together, then each of them."""
    outcome = next(
        name
        for name in ("blocked", "inconclusive", "passed")
        if name == "passed" or any(row.verdict.outcome == name for row in judgement.rows)
    )
    deciding = [row.verdict for row in judgement.rows if row.verdict.outcome == outcome]
    counts: dict[str, int] = {}
    for row in judgement.rows:
        for name, number in row.verdict.counts.items():
            counts[name] = counts.get(name, 0) + number
    return {
        "schema": 1,
        "outcome": outcome,
        "why": "; ".join(dict.fromkeys(verdict.why for verdict in deciding)),
        "counts": counts,
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


def _image(row: Judged) -> JudgedImageDocument:
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


def _finding(finding: Finding) -> FindingDocument:
    return {"name": finding.name, "severity": finding.severity, "package": ", ".join(finding.packages)}


def _waiver(waiver: Waiver) -> WaiverDocument:
    return {
        "id": waiver.id,
        "packages": list(waiver.packages),
        "reason": waiver.reason,
        "owner": waiver.owner,
        "until": waiver.until.isoformat(),
    }


def _once(waived: Iterable[Waived]) -> Sequence[Waived]:
    return tuple(dict.fromkeys(waived))

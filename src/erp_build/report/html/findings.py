"""What the gate and the checks said, what the images took, and what was collected after a failure."""

from collections.abc import Sequence

from erp_build.report.document_types import ReportDocument
from erp_build.report.gate_types import FindingDocument, WaivedFindingDocument
from erp_build.report.html.markup import NOTHING, Markup, block, digest, element, pill, seconds, section, table
from erp_build.report.plan_types import MakingDocument, TargetDocument

TONES = {
    "passed": "good", "blocked": "bad", "inconclusive": "warn", "failed": "bad", "warning": "warn",
    "performed": "good", "assumed": "info",
}  # fmt: skip
MAX_FINDINGS_SHOWN = 5


def gate_section(report: ReportDocument) -> Markup:
    """A row per image: the verdict, what was counted, what blocks, and what somebody answers for."""
    gate = report["gate"]
    if not gate:
        return NOTHING
    rows = [
        (
            element("b", image["target"]),
            digest(image["digest"]),
            pill(image["outcome"], TONES[image["outcome"]]),
            ", ".join(f"{number} {name}" for name, number in image["counts"].items()) or "no finding",
            _named(image["blocking"]),
            _waived(image["waived"]),
        )
        for image in gate["images"]
    ]
    notes = element("ul", *(element("li", note) for note in gate["notes"])) if gate["notes"] else NOTHING
    return section("Gate", table(("image", "digest", "verdict", "counts", "blocked by", "waived"), rows), notes)


def checks_section(report: ReportDocument) -> Markup:
    """A row per check and target."""
    rows = [
        (one["name"], one["target"], pill(one["outcome"], TONES[one["outcome"]]), seconds(one["seconds"]),
         block(one["why"]) if one["why"] else element("span", "-", class_="dim"))
        for one in report["checks"]
    ]  # fmt: skip
    return section("Checks", table(("check", "target", "outcome", "time", "why"), rows))


def images_section(report: ReportDocument) -> Markup:
    """What it took to make the images, and what was saved."""
    rows = [
        (element("b", one["name"]), _how(one), *_making(one["making"]))
        for one in report["targets"]
        if one["origin"] in ("built", "reused")
    ]
    return section("Images", table(("target", "", "Maven", "image", "push", "sent", "size", "stored"), rows))


def effects_section(report: ReportDocument) -> Markup:
    """Every change of the world, in its order."""
    rows = [
        (str(place), one["name"], element("code", one["target"]), pill(one["state"], TONES[one["state"]]))
        for place, one in enumerate(report["effects"], 1)
    ]
    return section("Effects", table(("", "effect", "on", "state"), rows))


def evidence_section(report: ReportDocument) -> Markup:
    """What was collected of pods that did not get ready, while they were there."""
    parts = []
    for one in report["evidence"]:
        parts.append(element("h3", f"{one['target']}: {one['pod'] or 'no pod'}"))
        parts.append(element("ul", *(element("li", text) for text in (*one["states"], *one["events"]))))
        if one["log"]:
            parts.append(block("\n".join(one["log"])))
    return section("Evidence", *parts)


def _named(findings: Sequence[FindingDocument]) -> Markup:
    names = list(dict.fromkeys(f"{one['name']} {one['package']}".strip() for one in findings))
    if not names:
        return element("span", "-", class_="dim")
    more = [f"and {len(names) - MAX_FINDINGS_SHOWN} more"] if len(names) > MAX_FINDINGS_SHOWN else []
    return element("ul", *(element("li", name) for name in (*names[:MAX_FINDINGS_SHOWN], *more)))


def _waived(waived: Sequence[WaivedFindingDocument]) -> Markup:
    if not waived:
        return element("span", "-", class_="dim")
    texts = (f"{one['name']}: {one['waiver']['reason']} ({one['waiver']['owner']}, until {one['waiver']['until']})"
             for one in waived)  # fmt: skip
    return element("ul", *(element("li", text) for text in dict.fromkeys(texts)))


def _how(target: TargetDocument) -> Markup:
    layered = target["making"] is not None and target["making"]["layered"]
    return pill(f"{target['origin']}{' in layers' if layered else ''}", "info")


def _making(making: MakingDocument | None) -> tuple[str, ...]:
    if making is None:
        return ("-",) * 6
    times = (seconds(number) for number in (making["maven"], making["image"], making["push"]))
    sizes = (f"{number / 1e6:.1f} MB" for number in (making["sent"], making["size"], making["stored"]))
    return (*times, *sizes)

"""What every page and message says of a run in the same way."""

from erp_build.model.effect import EffectKind
from erp_build.model.releases.preview import BY_TAG, Migration, Unprobed
from erp_build.report.document_types import EffectDocument, ReportDocument, SegmentDocument

MOVING = frozenset(kind.value for kind in EffectKind if kind.moves_what_runs)
MAX_SEGMENTS_NAMED = 3
"""Pieces of the critical path that a sentence names."""


def whose(report: ReportDocument) -> str:
    """The project and the environment of a run; `erp_build` where it ended before it knew them."""
    place = report["place"]
    return f"{place['project']} {place['environment']}" if place else "erp_build"


def left_out_of(report: ReportDocument) -> list[str]:
    """The names of the targets that differ and stay as they run, because they were not chosen."""
    return [one["name"] for one in report["targets"] if one["left_out"]]


def moved_effects(report: ReportDocument) -> list[EffectDocument]:
    """The effects after which something else may run than before, in their order; failed ones are among them."""
    return [one for one in report["effects"] if one["name"] in MOVING and one["state"] != "assumed"]


def longest_work(report: ReportDocument) -> list[SegmentDocument]:
    """What took longest on the critical path: few pieces, the longest first."""
    path = [one for one in report["critical_path"] if one["seconds"] > 0]
    return sorted(path, key=lambda one: one["seconds"], reverse=True)[:MAX_SEGMENTS_NAMED]


def warnings_of(report: ReportDocument) -> list[str]:
    """What a reader is warned of: by the plan, images by tag, migrations, missing probes, and alarms that are on."""
    tag = report["changes"]["by_tag"] if report["changes"] else ""
    on = (f"alarm {one['name']} is {one['state']}" for one in report["alarms"] if one["state"] != "OK")
    migrations = (Migration(**one).warning for one in (report["changes"]["migrations"] if report["changes"] else ()))
    by_tag = [f"{BY_TAG}: {tag}"] if tag else []
    return [*report["warnings"], *by_tag, *migrations, *_without_probe(report), *on]


def _without_probe(report: ReportDocument) -> list[str]:
    """What has no readiness probe, and for how long it was watched therefore, or would be."""
    if report["watched"]:
        return [watched_text(one["name"], one["seconds"]) for one in report["watched"] if not one["readiness_probe"]]
    return [str(Unprobed(**one)) for one in report["changes"]["unprobed"]] if report["changes"] else []


def watched_text(name: str, seconds: float) -> str:
    """That something without a readiness probe was watched."""
    return f"{name} has no readiness probe, and was therefore watched for {seconds:.0f} s"


def shortened(because: str) -> str:
    """The first of several reasons, and how many there are besides."""
    first, *others = because.splitlines()
    return f"{first}, and {len(others)} more" if others else first

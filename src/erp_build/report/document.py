"""The report of a run as JSON, `schemas/report-1.json`. The pages for people are made of this document."""

from importlib.metadata import version

from erp_build.errors import Failure
from erp_build.model.environment import Place
from erp_build.model.images.image import BuildTimings
from erp_build.model.plan import Step
from erp_build.model.releases.evidence import Evidence
from erp_build.model.releases.preview import Preview
from erp_build.report.critical_path import Segment, critical_path
from erp_build.report.document_types import (
    CheckDocument,
    ErrorDocument,
    EvidenceDocument,
    PlaceDocument,
    ReportDocument,
    SegmentDocument,
    StageDocument,
)
from erp_build.report.json import SCHEMA
from erp_build.report.json.plan import step_document
from erp_build.report.plan_types import ChangesDocument, MakingDocument, TargetDocument
from erp_build.report.text.gate import judgement_document
from erp_build.run_record import RunReport, StageRecord


def report_document(report: RunReport) -> ReportDocument:
    """A report as `run --json` prints it and as the report file holds it."""
    plan = report.plan
    return {
        "schema": SCHEMA,
        "erp_build": version("erp-build"),
        "outcome": report.outcome,
        "exit_code": report.error.code if report.error else 0,
        "rehearsal": report.rehearsal,
        "recovers": report.recovers,
        "started": report.occasion.started or None,
        "seconds": round(report.seconds, 3),
        "build": {"id": report.occasion.build or None, "link": report.occasion.link or None},
        "place": _place(report.place) if report.place else None,
        "head": plan.head if plan else None,
        "tag": plan.tag if plan else None,
        "targets": [_deployed(report, step) for step in plan.steps] if plan else [],
        "unowned": list(plan.unowned) if plan else [],
        "warnings": list(plan.warnings) if plan else [],
        "changes": _changes(report.preview) if report.preview else None,
        "stages": [_stage(one) for one in report.stages],
        "critical_path": [_segment(one) for one in critical_path(report)],
        "effects": [
            {"name": effect.name.value, "target": effect.target, "state": effect.state} for effect in report.effects
        ],
        "evidence": [_evidence(one) for one in report.evidence],
        "taken_back": list(report.taken_back),
        "alarms": [{"name": alarm.name, "state": alarm.state} for alarm in report.alarms],
        "tests": report.tests,
        "checks": _checks(report),
        "gate": judgement_document(report.judgement) if report.judgement else None,
        "error": _error(report.error) if report.error else None,
    }


def _stage(one: StageRecord) -> StageDocument:
    return {"name": one.name, "began": round(one.began, 3), "seconds": round(one.seconds, 3), "status": one.status}


def _segment(one: Segment) -> SegmentDocument:
    return {"name": one.stage, "began": round(one.began, 3), "seconds": round(one.seconds, 3), "part": one.part}


def _place(place: Place) -> PlaceDocument:
    return {
        "project": place.project,
        "environment": place.environment,
        "account": place.account,
        "region": place.region,
        "cluster": place.cluster,
    }


def _changes(preview: Preview) -> ChangesDocument:
    return {
        "values": preview.values,
        "objects": [
            {
                "kind": one.kind,
                "name": one.name,
                "change": one.change,
                "fields": [{"path": item.path, "before": item.before, "after": item.after} for item in one.fields],
            }
            for one in preview.objects
        ],
        "images": [{"target": one.target, "how": one.how, "name": one.name} for one in preview.images],
    }


def _evidence(one: Evidence) -> EvidenceDocument:
    return {
        "target": one.target,
        "pod": one.pod,
        "states": list(one.states),
        "events": list(one.events),
        "log": list(one.log),
    }


def _checks(report: RunReport) -> list[CheckDocument]:
    return [
        {
            "name": one.check.name,
            "target": one.target,
            "outcome": one.word,
            "seconds": round(one.run.seconds, 3),
            "why": one.run.why or None,
            "reports": [path for path, _ in one.run.reports],
        }
        for one in report.checked
    ]


def _deployed(report: RunReport, step: Step) -> TargetDocument:
    name = step.target.name
    image = next((image for image in report.images if image.target == name), None)
    cleared = next((one for one in report.cleared if one.image.target == name), None)
    proof = next((proof for proof in report.proofs if proof.target == name), None)
    after = report.deployment.tags_after.get(name) if report.deployment else None
    return {
        **step_document(step),
        "built": image.digest if image else None,
        "scanned": cleared.scanned if cleared else None,
        "running": proof.running if proof else None,
        "units": proof.replicas if proof else None,
        "findings": dict(cleared.verdict.counts) if cleared else None,
        "tag_before": step.running.tag if step.running else None,
        "tag_after": after,
        "origin": image.origin if image else None,
        "seconds": round(image.seconds, 3) if image else None,
        "making": _making(image.timings) if image and image.timings else None,
        "saved": image.saved if image and image.origin == "reused" else None,
    }


def _making(timings: BuildTimings) -> MakingDocument:
    """Seconds and bytes of an image that was built; moments count from the begin of the stage."""
    return {
        "maven": round(timings.maven, 3),
        "image": round(timings.image, 3),
        "push": round(timings.push, 3),
        "ready": round(timings.ready, 3),
        "began": round(timings.began, 3),
        "ended": round(timings.ended, 3),
        "sent": timings.bytes_pushed,
        "size": timings.size,
        "stored": timings.stored,
        "layered": timings.layered,
    }


def _error(error: Failure) -> ErrorDocument:
    return {"what": error.what, "where": error.where, "why": error.why, "next": error.next_step}

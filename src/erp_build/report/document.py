"""The report of a run as JSON, `schemas/report-1.json`. The pages for people are made of this document."""

from erp_build.clients.machine.own_version import own_version
from erp_build.errors import Failure
from erp_build.formats.logs.traces import is_worse
from erp_build.model.images.fleet import Worker
from erp_build.model.images.image import BuiltImage
from erp_build.model.plan import Step
from erp_build.report import document_types, evidence_types
from erp_build.report.critical_path import critical_path
from erp_build.report.json import SCHEMA
from erp_build.report.json.filled import filled
from erp_build.report.json.plan import step_document
from erp_build.report.plan_types import (
    ApprovalDocument,
    ChangesDocument,
    ImageEvidenceDocument,
    MakingDocument,
    SavedPlanDocument,
    TargetDocument,
)
from erp_build.report.text.gate import judgement_document
from erp_build.run_record import RunReport


def report_document(report: RunReport) -> document_types.ReportDocument:
    """A report as `run --json` prints it and as the report file holds it."""
    plan, error = report.plan, report.error
    return {
        "schema": SCHEMA,
        "erp_build": own_version(),
        "verb": "build" if report.images_only else "run",
        "outcome": report.outcome,
        "exit_code": error.code if error else 0,
        "rehearsal": report.rehearsal,
        "recovers": report.recovers,
        "started": report.occasion.started or None,
        "seconds": round(report.seconds, 3),
        "build": {"id": report.occasion.build or None, "link": report.occasion.link or None},
        "place": filled(document_types.PlaceDocument, report.place) if report.place else None,
        "head": plan.head if plan else None,
        "tag": plan.tag if plan else None,
        "targets": [_deployed(report, step) for step in plan.steps] if plan else [],
        "unowned": list(plan.unowned) if plan else [],
        "warnings": list(plan.warnings) if plan else [],
        "changes": filled(ChangesDocument, report.preview) if report.preview else None,
        "stages": [filled(document_types.StageDocument, one) for one in report.stages],
        "critical_path": [filled(document_types.SegmentDocument, one) for one in critical_path(report)],
        "effects": [filled(document_types.EffectDocument, one, name=one.name.value) for one in report.effects],
        "watched": _watched(report),
        "evidence": [filled(evidence_types.EvidenceDocument, one) for one in report.evidence],
        "first_errors": [
            filled(evidence_types.FirstErrorDocument, one, container=one.container or None)
            for one in report.first_errors
        ],
        "traces": [filled(evidence_types.TraceDocument, one, is_worse=is_worse(one)) for one in report.traces],
        "target_groups": [
            filled(evidence_types.TargetGroupDocument, one, group=one.binding.group, service=one.binding.service)
            for one in report.target_groups
        ],
        "bakes": [filled(evidence_types.BakeDocument, one) for one in report.bakes],
        "taken_back": list(report.taken_back),
        "migrated": list(report.migrated),
        "alarms": [filled(document_types.AlarmDocument, one) for one in report.alarms],
        "tests": report.tests,
        "checks": _checks(report),
        "workers": [_worker(one) for one in report.workers],
        "gate": judgement_document(report.judgement) if report.judgement else None,
        "error": _error(error),
        "units": [
            {
                "name": one.name,
                "kind": one.kind,
                "outcome": one.outcome,
                "exit_code": one.error.code if one.error else 0,
                "error": _error(one.error),
            }
            for one in report.units
        ],
        "saved_plan": _saved_plan(report),
    }


def _error(error: Failure | None) -> document_types.ErrorDocument | None:
    return filled(document_types.ErrorDocument, error, next=error.next_step) if error else None


def _saved_plan(report: RunReport) -> SavedPlanDocument | None:
    saved = report.saved
    if saved is None:
        return None
    return {
        "digest": saved.digest,
        "stage": saved.plan.stage,
        "made": saved.plan.made,
        "build": saved.plan.build or None,
        "link": saved.plan.link or None,
        "approvals": [filled(ApprovalDocument, one) for one in report.approvals],
    }


def _watched(report: RunReport) -> list[document_types.WatchedDocument]:
    return [
        {
            "name": one.name,
            "service": one.service or None,
            "readiness_probe": one.probed,
            "seconds": round(one.seconds, 3),
            "state": one.state,
        }
        for one in (report.deployment.watched if report.deployment else ())
    ]


def _worker(worker: Worker) -> document_types.WorkerDocument:
    return {
        "build": worker.build,
        "targets": list(worker.targets),
        "made": list(worker.made),
        "end": worker.end,
        "began": round(worker.began, 3),
        "seconds": round(worker.seconds, 3),
        "why": worker.why or None,
        "log": worker.log or None,
        "rest": worker.rest or None,
        "ready": round(worker.ready, 3),
    }


def _checks(report: RunReport) -> list[document_types.CheckDocument]:
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
    timings = image.timings if image else None
    proof = next((proof for proof in report.proofs if proof.target == name), None)
    after = report.deployment.tags_after.get(name) if report.deployment else None
    return {
        **step_document(step),
        "left_out": step.is_left_out,
        "built": image.digest if image else None,
        "scanned": cleared.scanned if cleared else None,
        "running": proof.running if proof else None,
        "units": proof.replicas if proof else None,
        "findings": dict(cleared.verdict.counts) if cleared else None,
        "tag_before": step.running.tag if step.running else None,
        "tag_after": after,
        "origin": image.origin if image else None,
        "seconds": round(image.seconds, 3) if image else None,
        "making": filled(MakingDocument, timings, sent=timings.bytes_pushed) if timings else None,
        "saved": image.saved if image and image.origin == "reused" else None,
        "evidence": _evidence(report, image) if image else None,
    }


def _evidence(report: RunReport, image: BuiltImage) -> ImageEvidenceDocument | None:
    """What was read back of an image; before that, what this run has attached to it."""
    if read := next((one for one in report.attested if one.target == image.target), None):
        return {
            "sbom": read.sbom or None,
            "provenance": read.provenance or None,
            "verified": True,
            "missing": read.missing or None,
        }
    if not image.evidence:
        return None
    return {"sbom": image.evidence.sbom, "provenance": image.evidence.provenance, "verified": False, "missing": None}

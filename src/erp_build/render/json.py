"""Plans and reports as JSON: the contract of `--json`, schema 1."""

from typing import Any

from erp_build.domain.plan import LiveState, Plan, Step
from erp_build.domain.report import RunReport
from erp_build.errors import ErpBuildError

SCHEMA = 1


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as `plan --json` prints it."""
    return {
        "schema": SCHEMA,
        "head": plan.head,
        "tag": plan.tag,
        "targets": [_step(step) for step in plan.steps],
        "unowned": list(plan.unowned),
        "warnings": list(plan.warnings),
    }


def report_document(report: RunReport) -> dict[str, Any]:
    """A report as `run --json` prints it and as the report file holds it."""
    return {
        "schema": SCHEMA,
        "outcome": report.outcome,
        "exit_code": report.error.code if report.error else 0,
        "head": report.plan.head if report.plan else None,
        "tag": report.plan.tag if report.plan else None,
        "targets": [_deployed(report, step) for step in report.plan.steps] if report.plan else [],
        "stages": [
            {"name": stage.name, "seconds": round(stage.seconds, 3), "status": stage.status} for stage in report.stages
        ],
        "effects": [{"name": effect.name, "target": effect.target, "state": effect.state} for effect in report.effects],
        "evidence": [
            {
                "target": one.target,
                "pod": one.pod,
                "states": list(one.states),
                "events": list(one.events),
                "log": list(one.log),
            }
            for one in report.evidence
        ],
        "taken_back": list(report.taken_back),
        "alarms": [{"name": alarm.name, "state": alarm.state} for alarm in report.alarms],
        "error": _error(report.error) if report.error else None,
    }


def status_document(live: LiveState) -> dict[str, Any]:
    """What runs, as `status --json` prints it."""
    return {
        "schema": SCHEMA,
        "release": {
            "revision": live.revision.number if live.revision else None,
            "status": live.revision.status if live.revision else None,
            "commit": live.chart_commit,
        },
        "targets": [
            {
                "name": item.target,
                "repository": item.repository,
                "tag": item.tag,
                "digest": item.digest,
                "commit": item.commit,
                "trouble": item.trouble or None,
            }
            for item in live.running.values()
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.target.name,
        "kind": step.target.kind,
        "action": step.action,
        "baseline": {"commit": step.baseline.commit, "source": step.baseline.source},
        "because": [{"path": reason.path, "rule": reason.rule} for reason in step.because],
    }


def _deployed(report: RunReport, step: Step) -> dict[str, Any]:
    name = step.target.name
    image = next((image for image in report.images if image.target == name), None)
    cleared = next((one for one in report.cleared if one.image.target == name), None)
    proof = next((proof for proof in report.proofs if proof.target == name), None)
    after = report.deployment.tags_after.get(name) if report.deployment else None
    return {
        **_step(step),
        "built": image.digest if image else None,
        "scanned": cleared.scanned if cleared else None,
        "running": proof.running if proof else None,
        "units": proof.units if proof else None,
        "findings": dict(cleared.verdict.counts) if cleared else None,
        "tag_before": step.running.tag if step.running else None,
        "tag_after": after,
        "seconds": round(image.seconds, 3) if image else None,
    }


def _error(error: ErpBuildError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "why": error.why, "next": error.next_step}

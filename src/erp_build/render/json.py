"""Plans and reports as JSON: the contract of `--json`, schema 1."""

from collections.abc import Mapping
from typing import Any

from erp_build.domain.drift import Standing
from erp_build.domain.history import Entry
from erp_build.domain.image import Making
from erp_build.domain.plan import LiveState, Plan, Running, Step
from erp_build.domain.release import Revision
from erp_build.domain.report import Alarm, Proof, RunReport
from erp_build.errors import ErpBuildError
from erp_build.render.gate import judgement_document

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
        "checks": [
            {
                "name": one.check.name,
                "target": one.target,
                "outcome": one.word,
                "seconds": round(one.run.seconds, 3),
                "why": one.run.why or None,
                "reports": [path for path, _ in one.run.reports],
            }
            for one in report.checked
        ],
        "gate": judgement_document(report.judgement) if report.judgement else None,
        "error": _error(report.error) if report.error else None,
    }


def status_document(live: LiveState, standing: Mapping[str, Standing] | None = None) -> dict[str, Any]:
    """What runs and what has drifted, as `status --json` prints it."""
    known = standing or {}
    names = dict.fromkeys((*live.running, *known))
    return {
        "schema": SCHEMA,
        "release": {
            "revision": live.revision.number if live.revision else None,
            "status": live.revision.status if live.revision else None,
            "commit": live.chart_commit,
        },
        "targets": [_standing(name, live.running.get(name), known.get(name, Standing())) for name in names],
    }


def history_document(history: tuple[Revision, ...], entries: tuple[Entry, ...]) -> dict[str, Any]:
    """What was deployed when, as `history --json` prints it."""
    return {
        "schema": SCHEMA,
        "revisions": [
            {"revision": one.number, "status": one.status, "updated": one.updated, "description": one.description}
            for one in history
        ],
        "deployments": [
            {
                "at": entry.at,
                "commit": entry.commit,
                "build": entry.build,
                "outcome": entry.outcome,
                "revision": entry.revision,
                "functions": dict(entry.functions),
            }
            for entry in entries
        ],
    }


def proof_document(proofs: tuple[Proof, ...], alarms: tuple[Alarm, ...]) -> dict[str, Any]:
    """What was read back, as `verify --json` and `rollback --json` print it."""
    return {
        "schema": SCHEMA,
        "targets": [
            {"name": one.target, "registry": one.built, "running": one.running, "units": one.units} for one in proofs
        ],
        "alarms": [{"name": alarm.name, "state": alarm.state} for alarm in alarms],
    }


def _standing(name: str, running: Running | None, standing: Standing) -> dict[str, Any]:
    return {
        "name": name,
        "repository": running.repository if running else None,
        "tag": running.tag if running else None,
        "digest": running.digest if running else None,
        "commit": running.commit if running else None,
        "trouble": (running.trouble or None) if running else "does not run",
        "since": standing.since or None,
        "git_tag": standing.git_tag or None,
        "release_tag": standing.release_tag or None,
        "drift": list(standing.drift),
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
        "making": _making(image.making) if image and image.making else None,
    }


def _making(making: Making) -> dict[str, Any]:
    """Seconds and bytes of an image that was built."""
    return {
        "maven": round(making.maven, 3),
        "image": round(making.image, 3),
        "push": round(making.push, 3),
        "sent": making.sent,
        "size": making.size,
        "stored": making.stored,
        "layered": making.layered,
    }


def _error(error: ErpBuildError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "why": error.why, "next": error.next_step}

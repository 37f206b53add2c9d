"""A plan as JSON: the contract of `plan --json`, schema 1. Imports nothing that a plan has not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_build.report.json import SCHEMA

if TYPE_CHECKING:
    from erp_build.model.plan import Plan, Step
    from erp_build.report.plan_types import StepDocument


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as `plan --json` prints it."""
    return {
        "schema": SCHEMA,
        "head": plan.head,
        "tag": plan.tag,
        "targets": [_target(step) for step in plan.steps],
        "unowned": list(plan.unowned),
        "warnings": list(plan.warnings),
    }


def _target(step: Step) -> dict[str, Any]:
    """A target; `left_out` is there only where the target differs and stays as it runs."""
    return {**step_document(step), **({"left_out": True} if step.is_left_out else {})}


def step_document(step: Step) -> StepDocument:
    """A target of a plan: what is done with it, compared with what, and why."""
    return {
        "name": step.target.name,
        "kind": step.target.kind,
        "action": step.action,
        "baseline": {"commit": step.baseline.commit, "source": step.baseline.source},
        "because": [{"path": reason.path, "rule": reason.rule} for reason in step.because],
    }

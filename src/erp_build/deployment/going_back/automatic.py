"""Go back after a failed deployment: functions and release to what ran before, and a report of what runs where."""

from contextlib import AbstractContextManager
from functools import partial

from erp_build.clients.site import Site
from erp_build.deployment.going_back.evidence import collect_evidence
from erp_build.deployment.going_back.take_back import read_previous_state, take_back, what_runs
from erp_build.deployment.ledger import read_entries
from erp_build.deployment.lock import Lock
from erp_build.deployment.recording import recorded
from erp_build.errors import ErpBuildError, attempt, explain, told
from erp_build.model.plan import Plan
from erp_build.model.releases.ledger_entry import DeploymentOutcome, PreviousState
from erp_build.run_record import Run


def recorded_deployment(run: Run, site: Site, plan: Plan, lock: Lock) -> AbstractContextManager[None]:
    """Record what the block deploys. If it fails, collect evidence, and take functions and release back.

    Once something has moved, any error does this, a bug of this program too: what runs is then not proven. A signal and
    a lost lock take nothing back: a signal leaves no time, and after a lost lock somebody else deploys.
    """
    before = _state_before_cut_off(lock.record) or read_previous_state(site)

    def after_failure(error: Exception) -> DeploymentOutcome:
        if not run.moved:
            return "failed"
        _collect_evidence(run, site, plan)
        return _roll_back(run, site, before, lock, error) if site.project.deploy.on_failure == "rollback" else "failed"

    return recorded(site, lock, commit=plan.head, before=before, outcome="deployed", after_failure=after_failure)


def _state_before_cut_off(record: str) -> PreviousState | None:
    """What ran before the last deployment, if that was cut off: its result was never proven."""
    entries = read_entries(record)
    return entries[-1].before if entries and entries[-1].outcome == "begun" else None


def _collect_evidence(run: Run, site: Site, plan: Plan) -> None:
    names = [step.target.name for step in plan.services if step.action != "none"]
    if trouble := attempt(partial(run.stage, collect_evidence, site, names)):
        site.say(f"no evidence can be collected: {told(trouble)}")


def _roll_back(run: Run, site: Site, before: PreviousState, lock: Lock, error: Exception) -> DeploymentOutcome:
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        run.keep(taken_back=tuple(lines))

    second = attempt(partial(run.stage, take_back, site, before, lock, note))
    explain(error, *(f"taken back: {line}" for line in lines))
    if second is None:
        return "taken back"
    explain(
        error,
        f"the rollback failed as well: {_error_lines(second)}",
        "what runs now:",
        *what_runs(site),
        next_step="erp-build status shows what runs; fix the cause, then run again or erp-build rollback",
    )
    return "failed"


def _error_lines(error: Exception) -> str:
    return f"{error.what}\n{error.why}".strip() if isinstance(error, ErpBuildError) else told(error)

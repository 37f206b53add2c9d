"""How long a run can take at most. A build project's time-out must be longer, or it kills Helm in mid-upgrade."""

from collections.abc import Mapping

from erp_build.build.fleet.crew import STOP_S, WORKERS_PER_SERVICE
from erp_build.clients.helm.calls import HELM_CALL_TIMEOUT_S
from erp_build.clients.helm.program import HELM_EXIT_MARGIN_S
from erp_build.clients.patience import PATIENCE_AFTER_MOVE_S, PATIENCE_S
from erp_build.deployment.going_back.stuck_release import ABANDONED_AFTER_TIMEOUT_S
from erp_build.deployment.lambda_update import FUNCTION_UPDATE_TIMEOUT_S
from erp_build.deployment.rollout.wait import WATCH_MARGIN_S
from erp_build.model.build_options import FanOut
from erp_build.model.project import Project
from erp_build.model.releases.units import units_of

MAVEN_ATTEMPTS = 2
"""Maven runs once more when a transfer fails."""

HELM_CHECK_CALLS = 10
"""Version, history, rendering and lint two times each, dry run, values, and the manifest before and after."""

IMAGES_AND_PUSHES_S = 600.0
"""An estimate for images and pushes, which have no deadline of their own."""


def longest_run(project: Project) -> Mapping[str, float]:
    """The parts of a run that uses up every deadline, in order: their names, and the seconds that they take.

    The worst case: each service is built by its own Maven, the deployment fails, and it is taken back.
    """
    images, functions = len(project.image_targets), len(project.functions)
    checks = sum(check.timeout for check in project.checks for one in project.image_targets if check.is_for(one.name))
    update = functions * (PATIENCE_AFTER_MOVE_S + 2 * FUNCTION_UPDATE_TIMEOUT_S)
    # Behind each call of Helm the history is read, also from a cluster that does not answer at once.
    rollout = project.chart.timeout + HELM_EXIT_MARGIN_S + PATIENCE_S
    parts = {
        "a revision that another run left pending": 2 * rollout + ABANDONED_AFTER_TIMEOUT_S,
        "Helm's own checks": HELM_CHECK_CALLS * HELM_CALL_TIMEOUT_S,
        "checks": checks,
        "workers": _workers(FanOut(*project.build.fan_out)),
        "Maven": images * project.build.timeout * MAVEN_ATTEMPTS,
        "images and pushes": IMAGES_AND_PUSHES_S,
        # Each unit waits for its own: where functions are apart, one after the other.
        "scans": len(units_of(project)) * project.gate.timeout,
        "functions": update,
        "upgrade and rollout": rollout,
        # Each unit is watched by itself; a target that is not healthy yet has the time of a rollout.
        "bake": len(units_of(project)) * (project.deploy.bake + project.chart.timeout) if project.deploy.bake else 0.0,
        "watch of what has no readiness probe": project.chart.stable_without_probe + WATCH_MARGIN_S,
    }
    if project.timeout:
        # A call or a child that is being ended when the time is over comes to its end.
        given_up = project.timeout + HELM_EXIT_MARGIN_S
        parts = parts if sum(parts.values()) < given_up else {"the timeout of the run": given_up}
    # Behind the proof, whatever the time of the run; of several units one may wait, and another one be taken back.
    parts["traces"] = len(units_of(project)) * project.deploy.traces
    if project.deploy.on_failure in ("rollback", "rollback-over-migrations"):
        parts["functions taken back"] = update
        parts["release taken back"] = rollout + project.chart.timeout + PATIENCE_AFTER_MOVE_S
    return {name: seconds for name, seconds in parts.items() if seconds}


def _workers(options: FanOut) -> float:
    """Those of a killed run are stopped, then one after the other hangs; all that waits for room begins meanwhile."""
    return STOP_S + WORKERS_PER_SERVICE * (options.timeout + STOP_S) if options.workers else 0.0

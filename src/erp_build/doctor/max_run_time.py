"""How long a run can take at most. A build project's time-out must be longer, or it kills Helm in mid-upgrade."""

from typing import NamedTuple

from erp_build.clients.aws.lambda_functions import MAX_CONFLICT_WAIT_S
from erp_build.clients.helm.program import HELM_CALL_TIMEOUT_S, HELM_EXIT_MARGIN_S
from erp_build.deployment.going_back.stuck_release import ABANDONED_AFTER_TIMEOUT_S
from erp_build.deployment.going_back.take_back import UNREACHABLE_CLUSTER_S
from erp_build.deployment.lambda_update import FUNCTION_UPDATE_TIMEOUT_S
from erp_build.model.project import Project

MAVEN_ATTEMPTS = 2
"""Maven runs once more when a transfer fails."""

HELM_CHECK_CALLS = 6
"""Version, history, rendering, lint, dry run, manifest."""

IMAGES_AND_PUSHES_S = 600.0
"""An estimate for images and pushes, which have no deadline of their own."""


class RunPart(NamedTuple):
    """A part of a run, and the seconds after which it ends by itself."""

    name: str
    seconds: float


def longest_run(project: Project) -> tuple[RunPart, ...]:
    """The parts of a run that uses up every deadline, in order.

    The worst case: each service is built by its own Maven, the deployment fails, and it is taken back.
    """
    images, functions = len(project.image_targets), len(project.functions)
    checks = sum(check.timeout for check in project.checks for one in project.image_targets if check.is_for(one.name))
    update = functions * (MAX_CONFLICT_WAIT_S + 2 * FUNCTION_UPDATE_TIMEOUT_S)
    rollout = project.chart.timeout + HELM_EXIT_MARGIN_S
    parts = [
        RunPart("a revision that another run left pending", 2 * rollout + ABANDONED_AFTER_TIMEOUT_S),
        RunPart("Helm's own checks", HELM_CHECK_CALLS * HELM_CALL_TIMEOUT_S),
        RunPart("checks", checks),
        RunPart("Maven", images * project.build.timeout * MAVEN_ATTEMPTS),
        RunPart("images and pushes", IMAGES_AND_PUSHES_S),
        RunPart("scans", project.gate.timeout),
        RunPart("functions", update),
        RunPart("upgrade and rollout", rollout),
    ]
    if project.deploy.on_failure == "rollback":
        parts.append(RunPart("functions taken back", update))
        parts.append(RunPart("release taken back", rollout + project.chart.timeout + UNREACHABLE_CLUSTER_S))
    return tuple(part for part in parts if part.seconds)

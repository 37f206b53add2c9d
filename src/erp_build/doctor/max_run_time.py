"""How long a run can take at most: what a build project's time-out has to be above, or Helm is ended in mid-upgrade."""

from typing import NamedTuple

from erp_build.clients.aws.lambda_functions import MAX_CONFLICT_WAIT_S
from erp_build.clients.helm.call import HELM_CALL_TIMEOUT_S
from erp_build.clients.helm.program import HELM_EXIT_MARGIN_S as HELM_MARGIN
from erp_build.deployment.going_back.automatic import UNREACHABLE_CLUSTER_S
from erp_build.deployment.going_back.stuck_release import MARGIN as RECOVERY_MARGIN
from erp_build.deployment.lambda_update import UPDATE_SECONDS
from erp_build.model.project import Project

ATTEMPTS = 2
"""Maven is called once more where something could not be transferred."""
HELM_CHECKS = 6
"""Version, history, rendering, lint, dry run, manifest."""
PUSHES = 600.0
"""For images and their pushes, which have no deadline of their own."""


class Part(NamedTuple):
    """A part of a run, and the seconds after which it ends by itself."""

    name: str
    seconds: float


def longest_run(project: Project) -> tuple[Part, ...]:
    """The parts of a run in which each deadline is used up, from the first to the last.

    Every service is taken to be built by a Maven of its own, and the deployment to fail and to be taken back.
    """
    images, functions = len(project.image_targets), len(project.functions)
    checks = sum(check.timeout for check in project.checks for one in project.image_targets if check.is_for(one.name))
    update = functions * (MAX_CONFLICT_WAIT_S + 2 * UPDATE_SECONDS)
    rollout = project.chart.timeout + HELM_MARGIN
    parts = [
        Part("a revision that another run left pending", 2 * rollout + RECOVERY_MARGIN),
        Part("Helm's own checks", HELM_CHECKS * HELM_CALL_TIMEOUT_S),
        Part("checks", checks),
        Part("Maven", images * project.build.timeout * ATTEMPTS),
        Part("images and pushes", PUSHES),
        Part("scans", project.gate.timeout),
        Part("functions", update),
        Part("upgrade and rollout", rollout),
    ]
    if project.deploy.on_failure == "rollback":
        parts.append(Part("functions taken back", update))
        parts.append(Part("release taken back", rollout + project.chart.timeout + UNREACHABLE_CLUSTER_S))
    return tuple(part for part in parts if part.seconds)

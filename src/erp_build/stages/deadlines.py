"""How long a run can take at most: what a build project's time-out has to be above, or Helm is ended in mid-upgrade."""

from erp_build.domain.project import Project
from erp_build.stages.functions import UPDATE_SECONDS
from erp_build.stages.recover import MARGIN as RECOVERY_MARGIN
from erp_build.stages.rollback import ABSENCE
from erp_build.tools.functions import CONFLICT_SECONDS
from erp_build.tools.helm import CHECK_SECONDS
from erp_build.tools.helm import MARGIN as HELM_MARGIN

ATTEMPTS = 2
"""Maven is called once more where something could not be transferred."""
HELM_CHECKS = 6
"""Version, history, rendering, lint, dry run, manifest."""
PUSHES = 600.0
"""For images and their pushes, which have no deadline of their own."""


def longest_run(project: Project) -> tuple[tuple[str, float], ...]:
    """The deadlines of a run in which each is used up: (what, seconds), from the first to the last.

    Every service is taken to be built by a Maven of its own, and the deployment to fail and to be taken back.
    """
    images, functions = len(project.image_targets), len(project.functions)
    checks = sum(check.timeout for check in project.checks for one in project.image_targets if check.is_for(one.name))
    update = functions * (CONFLICT_SECONDS + 2 * UPDATE_SECONDS)
    rollout = project.chart.timeout + HELM_MARGIN
    return (
        ("a revision that another run left pending", 2 * rollout + RECOVERY_MARGIN),
        ("Helm's own checks", HELM_CHECKS * CHECK_SECONDS),
        ("checks", checks),
        ("Maven", images * project.build.timeout * ATTEMPTS),
        ("images and pushes", PUSHES),
        ("scans", project.gate.timeout),
        ("functions", update),
        ("upgrade and rollout", rollout),
        ("functions taken back", update),
        ("release taken back", rollout + project.chart.timeout + ABSENCE),
    )

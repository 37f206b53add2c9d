"""`python -m tests.support.fanned_out SECONDS run ...`: a run that has workers build, and ends with the images.

SECONDS are between two looks at the workers. Nothing is locked, judged or deployed, and no cluster is asked.
"""

import sys
from typing import TYPE_CHECKING, cast

from erp_build import pipeline
from erp_build.build.fleet import crew
from erp_build.build.images_alone import against_nothing, check_builds, plan_images
from erp_build.changes.baselines import find_head
from erp_build.changes.reuse import find_reusable
from erp_build.cli.app import main
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.clients.unasked import without_what_runs
from erp_build.model.plan import LiveState
from erp_build.model.project import Project
from erp_build.run_options import Options
from erp_build.run_record import Run, RunReport

if TYPE_CHECKING:
    from erp_build.deployment.lock import Lock


class NoLock:
    """A lock that nobody has to hold."""

    def require_held(self) -> None:
        """It is always held."""


def run(project: Project, clients: Clients, options: Options, run: Run) -> RunReport:
    """From a plan to images in the registry."""
    clients = without_what_runs(clients)
    head = find_head(clients.repository, options.variables, options.head)
    site = Site(project, clients, run.stage(read_environment, clients, project))
    everything = [target.name for target in project.image_targets]
    plan = run.stage(plan_images, project, against_nothing(project, head), everything)
    plan = run.stage(find_reusable, site, plan, LiveState())
    plan = pipeline.built_on_workers(run, site, options, plan, cast("Lock", NoLock()))
    run.stage(check_builds, site, plan)
    pipeline.make_images(run, site, plan)
    return run.report()


if __name__ == "__main__":
    vars(pipeline)["run"] = run
    vars(crew)["LOOK_EVERY_S"] = float(sys.argv[1])
    sys.exit(main(sys.argv[2:]))

"""`python -m tests.support.built NAMES WHEN SIGNAL run ...`: a run that ends when its images are made.

NAMES, joined by commas, are to be built, as if their files had changed; what has the same content as an image of the
registry is reused all the same. WHEN is a moment at which the run gets the SIGNAL: `maven`, `build` or `push`, while it
is at work, or `pushed`, right after it; `-` is none.
"""

import os
import signal
import sys
import time

from erp_build import pipeline
from erp_build.build.stage import build_images
from erp_build.changes.baselines import find_head
from erp_build.changes.reuse import find_reusable
from erp_build.cli.app import main
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.clients.terminal import progress
from erp_build.model.change import Baseline
from erp_build.model.plan import LiveState, Plan, Step
from erp_build.model.project import Project
from erp_build.run_options import Options
from erp_build.run_record import Run, RunReport

AT = "signal at "
"""What is printed before the signal, with the time of the machine's clock."""

NAMES, WHEN, SIGNAL = sys.argv[1].split(","), sys.argv[2], sys.argv[3]


def run(project: Project, clients: Clients, options: Options, run: Run) -> RunReport:
    """From a plan to images in the registry; nothing is judged and nothing is deployed."""
    head = find_head(clients.repository, options.variables, options.head)
    site = Site(project, clients, run.stage(read_environment, clients, project))
    steps = tuple(
        Step(target, "build" if target.name in NAMES else "none", Baseline(target.name, None, "none"))
        for target in project.targets
    )
    plan = run.stage(find_reusable, site, Plan(head, steps), LiveState())
    run.stage(require_buildable, clients, plan)
    run.stage(build_images, site, plan)
    return run.report()


def require_buildable(clients: Clients, plan: Plan) -> None:
    """What is checked before a build."""
    clients.assembly.require_buildable([step.target for step in plan.builds if step.target.kind != "chart"])


class Ending(progress.Lines):
    """Gives this process the signal at the moment."""

    _phase = ""
    _given = False

    def phase(self, target: str, name: str) -> None:
        super().phase(target, name)
        self._phase = name
        self._reached("pushed", happens=name == "done")

    def detail(self, text: str, target: str = "") -> None:
        super().detail(text, target)
        self._reached("maven", happens=self._phase == "maven")
        self._reached("build", happens="Running in" in text)

    def amount(self, target: str, number: int) -> None:
        super().amount(target, number)
        self._reached("push", happens=number > 0)

    def _reached(self, when: str, *, happens: bool) -> None:
        if when == WHEN and happens and not self._given:
            self._given = True
            sys.stderr.write(f"{AT}{time.monotonic()}\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.Signals[SIGNAL])


if __name__ == "__main__":
    vars(pipeline)["run"] = run
    vars(progress)["Lines"] = Ending
    sys.exit(main(sys.argv[4:]))

"""The Lambda half of the first deployment, while Kubernetes is compiled: `python -m sandbox.demo.lambda_half REPO`.

A program of its own that uses erp_build as a library: the stages of a run in their order, for the functions alone.
There is no lock and no ledger, which the cluster holds, so it is for a demo that nobody else deploys to.
"""

import sys
from pathlib import Path

from erp_build import load_project, plan
from erp_build.build.stage import build_images
from erp_build.clients.clock import SystemClock
from erp_build.clients.protocols import Clients
from erp_build.clients.secrets import Secrets
from erp_build.clients.site import open_site
from erp_build.clients.terminal.progress import Lines
from erp_build.deployment.lambda_update import update_function
from erp_build.errors import Failure
from erp_build.gate.stage import clear_images, judge_images, read_rules
from erp_build.model.plan import LiveState
from erp_build.model.project import Project
from erp_build.report.text.error import error_text
from erp_build.wiring import open_clients


def main(root: Path) -> int:
    """Build, clear and deploy the functions of the commit that is checked out; returns the exit code."""
    clock, secrets = SystemClock(), Secrets()
    progress = Lines(sys.stderr, clock, secrets)
    try:
        project = load_project(root)
        with open_clients(root, clock=clock, progress=progress, secrets=secrets, build=project.build) as clients:
            deploy_functions(project, clients)
    except Failure as error:
        print(secrets.shown(error_text(error)), file=sys.stderr, flush=True)
        return error.code
    finally:
        progress.close()
    return 0


def deploy_functions(project: Project, clients: Clients) -> None:
    """Build, clear and deploy the functions of a project; raises what a run would raise."""
    project = project._replace(services=())
    functions = {function.name: function for function in project.functions}
    site = open_site(project, clients)
    rules = read_rules(clients, project.gate)
    clients.progress.stage("build images")
    made = build_images(site, plan(project, clients.repository, live=LiveState()))
    clients.progress.stage("judge images")
    cleared = clear_images(judge_images(clients, rules, made))
    clients.progress.stage("deploy")
    for one in cleared:
        image = f"{clients.registry.host()}/{one.image.repository}@{one.image.digest}"
        update_function(site, functions[one.image.target], image)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""The project whose builds are workers, and whether they can be: CodeBuild must give them the commit of the run."""

from collections.abc import Mapping
from typing import NamedTuple

from erp_build.build.fleet.shares import pays, shareable
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, told
from erp_build.model.build_options import FanOut
from erp_build.model.codepipeline import BuildProject
from erp_build.model.plan import Plan

NO_PROJECT = (
    "no project of CodeBuild is known whose builds could be begun: name one with a source of its own (`project`); one "
    "that a pipeline started has none"
)
"""What is said where workers are wanted and cannot be."""

NO_COMMIT_OF: Mapping[str, str] = {
    "CODEPIPELINE": "its source is a pipeline's, and a build that is begun alone has none",
    "NO_SOURCE": "it has no source",
    "S3": "its source is an object in S3: `sourceVersion` names a version of that object there, and no commit",
}
"""Type of a source -> why no build of it can be asked for a commit. Every other type is a repository of Git."""

A_PROJECT_OF_ITS_OWN = (
    "name a project whose source is the repository itself (GitHub, Bitbucket, GitLab, CodeCommit): MakeWorkers=true of "
    "infra/pipeline.yaml makes one"
)


class Workforce(NamedTuple):
    """Whose builds workers are.

    Attributes:
        project: name of the project of CodeBuild.
        at_once: workers at most; 0: none are begun.
        obstacle: why there can be none although there is enough to build; empty: there is not, or there can.
    """

    project: str
    at_once: int
    obstacle: str = ""


def find_workforce(site: Site, options: FanOut, plan: Plan, own: str, *, builds_of_all: int = 0) -> Workforce:
    """Whose builds are the workers of a run, if there is enough for them; asks CodeBuild once then.

    A project that cannot be looked at counts as one that will do: StartBuild refuses what it cannot begin, and a worker
    compares the commit itself.

    Args:
        site: where the run works.
        options: `[build.fan_out]`.
        plan: of the run.
        own: the project of the run itself, if its source is its own; else empty.
        builds_of_all: of several releases the builds of all that workers could make.
    """
    number = len(shareable(options, plan))
    if not pays(options, number, builds_of_all):
        return Workforce("", 0, _too_few(options, plan, number))
    name = options.project or own
    if not name:
        return Workforce("", 0, NO_PROJECT)
    try:
        project = site.clients.fleet.project(name)
    except ErpBuildError as error:
        site.say(f"the project {name} cannot be looked at, its builds are begun as it is: {told(error)}")
        return Workforce(name, options.workers)
    if project is None:
        return Workforce(name, 0, f"there is no project {name}; {A_PROJECT_OF_ITS_OWN}")
    if why := no_commit(project):
        return Workforce(name, 0, f"the builds of {name} cannot be workers: {why}; {A_PROJECT_OF_ITS_OWN}")
    return Workforce(name, min(options.workers, project.at_once or options.workers))


def no_commit(project: BuildProject) -> str:
    """Why a build of this project cannot be begun for a commit; empty where it can."""
    return NO_COMMIT_OF.get(project.source, "")


def _too_few(options: FanOut, plan: Plan, number: int) -> str:
    """Why nothing is handed over where the plan has enough builds, but not enough that a worker can make."""
    if not options.workers or len(plan.builds) < max(options.least, 1):
        return ""
    return (
        f"{number} of {len(plan.builds)} builds can be handed over, and workers are begun from {options.least} on: "
        "what is handed over has a content key, is as the commit has it (a full clone, no zip), is not rebuilt on "
        "purpose, and has no packager of a program of yours unless `buildspec` calls it"
    )

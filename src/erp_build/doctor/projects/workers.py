"""The check of the project whose builds are workers: that they build what a run has planned, and as the run would."""

from collections.abc import Iterator

from erp_build.build.fleet.project import A_PROJECT_OF_ITS_OWN, no_commit
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ErpBuildError
from erp_build.model.build_options import FanOut
from erp_build.model.codepipeline import BuildProject

OFF = Look("[build.fan_out] of erp-build.toml").ok("it is off: a run begins no workers")

Trouble = tuple[str, str]
"""What is wrong, and what to do. A run can do without workers, so that each is only a warning."""


def check_workers(facts: Facts) -> CheckResult:
    """Whether the project's builds can be workers, and build as a run does."""
    options, _ = FanOut(*facts.project.build.fan_out), facts.environment()
    if not options.workers:
        return OFF
    project, own = facts.worker_project(), facts.build_project()
    look = Look(f"the build project {options.project or own.name} of [build.fan_out]")
    if project is None:
        return look.warning("there is none: everything is built by the run", A_PROJECT_OF_ITS_OWN)
    if why := no_commit(project):
        return look.warning(f"{why}: everything is built by the run", A_PROJECT_OF_ITS_OWN)
    troubles = [*_source(facts, project), *_limits(options, project), *_machine(facts, options, project, own)]
    if troubles:
        steps = "; ".join(dict.fromkeys(step for _, step in troubles))
        return look.warning("\n".join(what for what, _ in troubles), steps)
    at_once = (
        "as many builds at once as the account allows" if project.at_once is None else f"{project.at_once} at once"
    )
    return look.ok(
        f"source {project.source}, {at_once}, {project.compute or 'a machine of its own'}, the image of the run"
    )


def _source(facts: Facts, project: BuildProject) -> Iterator[Trouble]:
    if project.clone_depth:
        yield (
            f"it is cloned with a depth of {project.clone_depth}: a commit that is not the newest may not be found",
            "set the git clone depth to Full",
        )
    repository = _repository(facts)
    if repository and project.location and not _is_of(project.location, repository):
        yield (
            f"its source is {project.location}, and that of the pipeline {repository}: a commit may be missing there",
            "let its source be the repository of the pipeline",
        )


def _limits(options: FanOut, project: BuildProject) -> Iterator[Trouble]:
    if project.at_once is not None and project.at_once < options.workers:
        yield (
            f"it takes {project.at_once} builds at once, and {options.workers} workers are wanted",
            f"set its concurrent build limit to {options.workers}, or `workers` to {project.at_once}",
        )


def _machine(facts: Facts, options: FanOut, project: BuildProject, own: BuildProject) -> Iterator[Trouble]:
    if project.image != own.image:
        images = f"its builds run in {project.image}, those of the run in {own.image}"
        yield f"{images}: another JDK makes other content keys, which a run does not find", "give both the same image"
    if project.machine != own.machine:
        yield (
            f"its machine is a {project.machine}, that of the run a {own.machine}: images may be for another processor",
            "give both the same kind of machine",
        )
    if options.buildspec and not (facts.root / options.buildspec).is_file():
        yield f"there is no {options.buildspec} in the repository", "add it, or correct `buildspec` of [build.fan_out]"
    if any(facts.engine_needs().values()):
        if not options.buildspec:
            yield (
                "a service needs a Docker engine (check engine-needs), and the line that a worker runs starts none",
                "write a buildspec that starts it, and name it as `buildspec` of [build.fan_out]",
            )
        if not project.privileged:
            yield "a service needs a Docker engine, and privileged mode is off", "switch on its privileged mode"


def _repository(facts: Facts) -> str:
    """`owner/name` of the pipeline's source; empty where there is no pipeline, or where it does not say."""
    try:
        return next((one.repository for one in facts.pipeline().sources if one.repository), "")
    except ErpBuildError:
        return ""


def _is_of(location: str, repository: str) -> bool:
    """Whether an address is that of a repository, whatever the protocol."""
    name = repository.lower()
    return location.lower().removesuffix("/").removesuffix(".git").endswith((f"/{name}", f":{name}"))

"""Taking a deployment back: both halves, to what ran before, and an honest word about what runs where."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from erp_build.config.environment import Environment
from erp_build.domain.history import Before, Entry, Outcome, begun, ended, read_entries
from erp_build.domain.image import ImageReference
from erp_build.domain.plan import Plan
from erp_build.domain.project import Function, Project
from erp_build.domain.release import Release, Revision
from erp_build.domain.report import RunReport
from erp_build.errors import ErpBuildError, FunctionUpdateFailed, ReleaseFailed, VerificationFailed, combine
from erp_build.stages.diagnose import collect_evidence
from erp_build.stages.functions import settled, update_function
from erp_build.stages.live import origin_of, release_of, workload_of
from erp_build.stages.lock import Lock
from erp_build.stages.recover import last_good
from erp_build.stages.rollout import wait_for_rollout
from erp_build.tools.clock import Deadline
from erp_build.tools.toolbox import Tools

FAILURES = (FunctionUpdateFailed, ReleaseFailed, VerificationFailed)
ABSENCE = 60.0
"""Seconds that a cluster which is away is waited for before the rollback is given up."""


@contextmanager
def taken_back_on_failure(
    tools: Tools, project: Project, environment: Environment, plan: Plan, report: RunReport, lock: Lock
) -> Iterator[None]:
    """Write down what is deployed in the block; when it fails, collect evidence and take both halves back.

    A signal and a lost lock take nothing back: the one has no time, and with the other somebody else deploys.
    """
    before = _proven(lock.record) or remember(tools, project, environment)
    lock.write_record(begun(lock.record, Entry(at=lock.time, commit=plan.head, build=lock.build, before=before)))
    try:
        yield
    except FAILURES as error:
        outcome: Outcome = "failed"
        names = [step.target.name for step in plan.services if step.action != "none"]
        report.evidence = report.stage(collect_evidence, tools, project, environment, names)
        if project.deploy.on_failure == "rollback" and report.moved:
            outcome = _take_back(tools, project, environment, before, report, lock, error)
        _write_end(tools, project, environment, lock, outcome)
        raise
    _write_end(tools, project, environment, lock, "deployed")


def _proven(record: str) -> Before | None:
    """What ran before a deployment that was cut off: what it left was never proven, so that leads nowhere."""
    entries = read_entries(record)
    return entries[-1].before if entries and entries[-1].outcome == "begun" else None


def remember(tools: Tools, project: Project, environment: Environment) -> Before:
    """What runs now, to come back to."""
    release = release_of(project, environment)
    workloads = tools.cluster.workloads(release)
    images = {
        service.name: workload.image_of(environment.repository(service.repository))
        for service in project.services
        if (workload := workload_of(workloads, environment.repository(service.repository)))
    }
    good = last_good(tools.helm.history(release))
    return Before(
        functions=function_images(tools, project.functions),
        tags={name: image.tag for name, image in images.items() if image},
        revision=good.number if good else None,
    )


def function_images(tools: Tools, functions: Sequence[Function]) -> dict[str, str]:
    """Target -> the image that its function runs, by digest."""
    states = {function.name: settled(tools, function.function) for function in functions}
    return {name: state.resolved for name, state in states.items() if state.resolved}


def take_back(
    tools: Tools, project: Project, environment: Environment, before: Before, lock: Lock, note: Callable[[str], None]
) -> None:
    """Take everything that has moved back to what ran before; `note` gets a line for each that went back.

    What cannot be taken back keeps nothing else from it, and is raised in the end.
    """
    troubles: list[ErpBuildError] = []
    halves = [partial(_take_function_back, tools, function, before, lock) for function in project.functions]
    for half in (*halves, partial(_take_release_back, tools, project, environment, before, lock)):
        try:
            line = half()
        except FAILURES as error:
            troubles.append(error)
            continue
        if line:
            note(line)
    if troubles:
        raise combine(troubles)


def _take_function_back(tools: Tools, function: Function, before: Before, lock: Lock) -> str:
    image = before.functions.get(function.name)
    state = settled(tools, function.function)
    if not image or (state.digest == ImageReference.parse(image).digest and state.last_update != "Failed"):
        return ""
    lock.check()
    update_function(tools, function, image)
    return f"{function.name}: back to {ImageReference.parse(image).digest[:19]}"


def _take_release_back(tools: Tools, project: Project, environment: Environment, before: Before, lock: Lock) -> str:
    release = release_of(project, environment)
    history = _history(tools, release)
    newest = history[-1] if history else None
    target = next((one for one in history if one.number == before.revision), None)
    if newest is None or (target and newest.status == "deployed" and _same_objects(newest, target, history)):
        return ""
    if before.revision is None:
        return "the release was installed for the first time: there is none to go back to, it stays as it is"
    lock.check()
    tools.effects.rollback_release(release, before.revision, project.chart.timeout)
    calm = project._replace(chart=project.chart._replace(stable=0.0))
    names = [service.name for service in project.services]
    wait_for_rollout(tools, calm, environment, Deadline(tools.clock, project.chart.timeout), before.tags or names)
    return f"release {release.name}: back to revision {before.revision}"


def _same_objects(one: Revision, other: Revision, history: tuple[Revision, ...]) -> bool:
    return origin_of(one, history).number == origin_of(other, history).number


def _history(tools: Tools, release: Release) -> tuple[Revision, ...]:
    """The history of the release, also of a cluster that is away for a while."""
    deadline = Deadline(tools.clock, ABSENCE)
    while True:
        try:
            return tools.helm.history(release)
        except ReleaseFailed:
            if deadline.is_over:
                raise
        deadline.pause(5.0)


def _take_back(  # noqa: PLR0917 - what every stage of a deployment has
    tools: Tools,
    project: Project,
    environment: Environment,
    before: Before,
    report: RunReport,
    lock: Lock,
    error: ErpBuildError,
) -> Outcome:
    def note(line: str) -> None:
        report.taken_back = (*report.taken_back, line)

    try:
        report.stage(take_back, tools, project, environment, before, lock, note)
    except FAILURES as second:
        error.why = "\n".join(
            (
                error.why,
                *_told(report),
                f"the rollback failed as well: {second.what}",
                second.why,
                "what runs now:",
                *what_runs(tools, project, environment),
            )
        )
        error.next_step = "erp-build status shows what runs; mend the cause, then run again or erp-build rollback"
        return "failed"
    error.why = "\n".join((error.why, *_told(report))).strip()
    return "taken back"


def _told(report: RunReport) -> list[str]:
    return [f"taken back: {line}" for line in report.taken_back]


def what_runs(tools: Tools, project: Project, environment: Environment) -> tuple[str, ...]:
    """A line per target, each read now; what cannot be read says so."""
    lines = []
    try:
        workloads = tools.cluster.workloads(release_of(project, environment))
        for service in project.services:
            workload = workload_of(workloads, environment.repository(service.repository))
            image = workload.image_of(environment.repository(service.repository)) if workload else None
            runs = f"{image.tag or image.digest}, {workload.progress}" if workload and image else "no Deployment"
            lines.append(f"  {service.name}: {runs}")
    except ReleaseFailed as error:
        lines.append(f"  services: not known, {error.what}")
    return (*lines, *(f"  {function.name}: {_runs(tools, function)}" for function in project.functions))


def _runs(tools: Tools, function: Function) -> str:
    try:
        state = tools.functions.state(function.function)
    except FunctionUpdateFailed as error:
        return f"not known, {error.what}"
    return state.digest if state else "no function"


def _write_end(tools: Tools, project: Project, environment: Environment, lock: Lock, outcome: Outcome) -> None:
    """Write down how it ended; it must not hide how it ended."""
    try:
        history = tools.helm.history(release_of(project, environment))
        images = function_images(tools, project.functions)
        lock.write_record(ended(lock.record, outcome, history[-1].number if history else None, images))
    except ErpBuildError as error:
        tools.progress.say(f"the end of this deployment is not written down: {error.what}")

"""Taking a deployment back: both halves, to what ran before, and an honest word about what runs where."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain

from erp_build.changes.live_state import origin_of, release_of, workload_of
from erp_build.clients.clock import Deadline
from erp_build.clients.protocols import Tools
from erp_build.deployment.attempt import attempt
from erp_build.deployment.going_back.evidence import collect_evidence
from erp_build.deployment.going_back.stuck_release import last_good
from erp_build.deployment.lambda_update import settled, update_function
from erp_build.deployment.ledger import begun, ended, read_entries
from erp_build.deployment.lock import Lock
from erp_build.deployment.rollout import wait_for_rollout
from erp_build.errors import ErpBuildError, Locked, ReleaseFailed, combine, explain, told
from erp_build.model.environment import Environment
from erp_build.model.images.image import ImageReference
from erp_build.model.plan import Plan
from erp_build.model.project import Function, Project
from erp_build.model.releases.ledger_entry import Before, Entry, Outcome
from erp_build.model.releases.release import Release, Revision
from erp_build.run_record import RunReport

ABSENCE = 60.0
"""Seconds that a cluster which is away is waited for before the rollback is given up."""


@contextmanager
def taken_back_on_failure(
    tools: Tools, project: Project, environment: Environment, plan: Plan, report: RunReport, lock: Lock
) -> Iterator[None]:
    """Write down what is deployed in the block; when it fails, collect evidence and take both halves back.

    Whatever it fails with is one of ours or a mistake of this program: what runs is not proven in either case. Only a
    signal and a lost lock take nothing back: the one has no time, and with the other somebody else deploys.
    """
    before = _proven(lock.record) or remember(tools, project, environment)
    lock.write_record(begun(lock.record, Entry(at=lock.time, commit=plan.head, build=lock.build, before=before)))
    try:
        yield
    except Locked:
        raise
    except Exception as error:
        outcome: Outcome = "failed"
        if report.moved and (trouble := attempt(partial(_collect_evidence, tools, project, environment, plan, report))):
            tools.progress.say(f"no evidence can be collected: {told(trouble)}")
        if project.deploy.on_failure == "rollback" and report.moved:
            outcome = _take_back(tools, project, environment, before, report, lock, error)
        _write_end(tools, project, environment, lock, outcome)
        raise
    _write_end(tools, project, environment, lock, "deployed")


def _collect_evidence(tools: Tools, project: Project, environment: Environment, plan: Plan, report: RunReport) -> None:
    names = [step.target.name for step in plan.services if step.action != "none"]
    report.evidence = report.stage(collect_evidence, tools, project, environment, names)


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

    What cannot be taken back keeps nothing else from it, and is raised in the end; a lost lock does.
    """
    troubles: list[Exception] = []
    halves = [partial(_take_function_back, tools, function, before, lock) for function in project.functions]
    for half in (*halves, partial(_take_release_back, tools, project, environment, before, lock)):
        if trouble := attempt(partial(_take_half_back, half, note)):
            troubles.append(trouble)
        if isinstance(trouble, Locked):
            break
    if troubles:
        raise _as_one(troubles)


def _take_half_back(half: Callable[[], str], note: Callable[[str], None]) -> None:
    if line := half():
        note(line)


def _as_one(troubles: Sequence[Exception]) -> Exception:
    """One error of several; a mistake of this program is raised as it came, and tells of the others."""
    ours = [one for one in troubles if isinstance(one, ErpBuildError)]
    others = [one for one in troubles if not isinstance(one, ErpBuildError)]
    if not others:
        return combine(ours)
    explain(others[0], *(told(one) for one in (*others[1:], *ours)))
    return others[0]


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
    error: Exception,
) -> Outcome:
    def note(line: str) -> None:
        report.taken_back = (*report.taken_back, line)

    second = attempt(partial(report.stage, take_back, tools, project, environment, before, lock, note))
    explain(error, *(f"taken back: {line}" for line in report.taken_back))
    if second is None:
        return "taken back"
    explain(
        error,
        f"the rollback failed as well: {_in_lines(second)}",
        "what runs now:",
        *what_runs(tools, project, environment),
        next_step="erp-build status shows what runs; mend the cause, then run again or erp-build rollback",
    )
    return "failed"


def _in_lines(error: Exception) -> str:
    return f"{error.what}\n{error.why}".strip() if isinstance(error, ErpBuildError) else told(error)


def what_runs(tools: Tools, project: Project, environment: Environment) -> tuple[str, ...]:
    """A line per target, each read now; what cannot be read says so."""
    services = _lines("services", partial(_services, tools, project, environment))
    functions = [_lines(function.name, partial(_function, tools, function)) for function in project.functions]
    return (*services, *chain.from_iterable(functions))


def _lines(name: str, read: Callable[[], Iterable[str]]) -> list[str]:
    found: list[str] = []
    trouble = attempt(lambda: found.extend(read()))
    return [f"  {name}: not known, {told(trouble)}"] if trouble else found


def _services(tools: Tools, project: Project, environment: Environment) -> Iterator[str]:
    workloads = tools.cluster.workloads(release_of(project, environment))
    for service in project.services:
        workload = workload_of(workloads, environment.repository(service.repository))
        image = workload.image_of(environment.repository(service.repository)) if workload else None
        runs = f"{image.tag or image.digest}, {workload.progress}" if workload and image else "no Deployment"
        yield f"  {service.name}: {runs}"


def _function(tools: Tools, function: Function) -> Iterator[str]:
    state = tools.functions.state(function.function)
    yield f"  {function.name}: {state.digest if state else 'no function'}"


def _write_end(tools: Tools, project: Project, environment: Environment, lock: Lock, outcome: Outcome) -> None:
    """Write down how it ended; it must not hide how it ended."""

    def write() -> None:
        history = tools.helm.history(release_of(project, environment))
        images = function_images(tools, project.functions)
        lock.write_record(ended(lock.record, outcome, history[-1].number if history else None, images))

    if trouble := attempt(write):
        tools.progress.say(f"the end of this deployment is not written down: {told(trouble)}")

"""The first errors of what was deployed, read behind the proof: a pod may be ready and fail at its first work."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.logs.container_log import ContainerLog
from erp_build.deployment.logs.find_logs import function_log
from erp_build.deployment.logs.log import Log, Printed
from erp_build.errors import ConfigurationError, ErpBuildError, NoLogGroup, told
from erp_build.formats.logs.moments import NANOSECONDS, nanoseconds_of, read_moment, shown_moment
from erp_build.formats.logs.severity import is_error, said
from erp_build.formats.logs.stitched import stitched
from erp_build.model.plan import Plan
from erp_build.model.project import Function
from erp_build.model.releases.deployment import Deployment
from erp_build.model.releases.evidence import FirstError
from erp_build.model.releases.kubernetes import Pod
from erp_build.model.releases.logs import LogEvent, LogLine, LogSource
from erp_build.model.stages.stage import stage

Note = Callable[[ErpBuildError], object]
"""Is told of what cannot be read."""

MAX_PODS, MAX_PARTS, MAX_EMPTY_PARTS = 3, 3, 20
"""Pods of a service whose logs are read, and parts of each log: the first errors are at its begin. CloudWatch gives
parts with nothing in them while it searches the streams of a group."""

MAX_SKEW = 60 * NANOSECONDS
"""Nanoseconds by which the clocks of the cluster and of this machine may differ."""

MAX_ERRORS, MAX_LINES = 3, 12
"""Errors of a target that are kept, and lines of each."""


@stage("reads only: cluster, CloudWatch", keeps="first_errors")
def read_first_errors(site: Site, plan: Plan, deployed: Deployment, began: datetime) -> tuple[FirstError, ...]:
    """Read the first errors of new pods and of updated functions. What cannot be read is said, and fails nothing.

    Args:
        site: where they run.
        plan: whose targets were deployed.
        deployed: what of the release was changed.
        began: when the deployment began.
    """
    notes: dict[str, None] = {}

    def note(error: ErpBuildError) -> None:
        # A function that has never logged has no errors.
        if not isinstance(error, NoLogGroup):
            notes[f"{error.where}: {told(error)}" if error.where else told(error)] = None

    def read(log: Log) -> list[Printed]:
        try:
            # It is only told: nobody waits for it.
            return site.clients.patience.ask_once(lambda: list(_begin_of(log)))
        except ErpBuildError as error:
            note(error)
            return []

    since = nanoseconds_of(began)
    logs = [*_of_services(site, plan, deployed, since, note), *_of_functions(site, plan, since, note)]
    printed = [one for found in ask_at_once(read, logs) for one in found]
    for text in notes:
        site.say(f"first errors are not read: {text}")
    errors = tuple(_first(site, plan, printed))
    for error in errors:
        site.say(f"error in {error.unit}: {error.lines[0]}", error.target)
    return errors


def _of_services(site: Site, plan: Plan, deployed: Deployment, since: int, note: Note) -> Iterator[Log]:
    """The logs of new pods, from their begin."""
    names = [step.target.name for step in plan.services if step.action != "none"]
    if not names or not deployed.changed:
        return
    try:
        workloads = site.workloads(deployed.changed)
    except ErpBuildError as error:
        note(error)
        return
    for name in names:
        pods = [(one, pod) for one in workloads.get(name, ()) for pod in one.current_pods if _is_new(pod, since)]
        for workload, pod in pods[:MAX_PODS]:
            place = replace(site.release, namespace=workload.namespace or site.release.namespace)
            for container in pod.containers:
                source = LogSource(name, pod.name, container.name, is_new=True)
                log = ContainerLog(site.clients.cluster, place, source, 0)
                log.saw(container.restarts)
                yield log


def _is_new(pod: Pod, since: int) -> bool:
    """Whether a pod was made by this deployment: one that was there before tells nothing new."""
    created = read_moment(pod.created)
    return created is None or created[0] >= since - MAX_SKEW


def _of_functions(site: Site, plan: Plan, since: int, note: Note) -> Iterator[Log]:
    for step in plan.functions:
        if step.action != "none" and isinstance(step.target, Function):
            yield function_log(site, step.target, since, note)


def _begin_of(log: Log) -> Iterator[Printed]:
    parts = empty = 0
    while parts < MAX_PARTS and empty < MAX_EMPTY_PARTS:
        printed = log.read()
        yield from printed
        if not log.is_cut:
            return
        parts, empty = (parts + 1, empty) if printed else (parts, empty + 1)
    if not parts:
        raise ConfigurationError(
            "its begin was not found", where=log.where, why=f"CloudWatch gave {empty} pages with nothing in them"
        )


def _first(site: Site, plan: Plan, printed: Iterable[Printed]) -> Iterator[FirstError]:
    """The first errors of each target, each once with how often it was said."""
    by_source: dict[LogSource, list[LogLine]] = {}
    for source, line in printed:
        by_source.setdefault(source, []).append(line)
    events = [event for source, lines in by_source.items() for event in stitched(source, lines)]
    errors = sorted((one for one in events if is_error(one.lines)), key=lambda one: one.at)
    for step in plan.steps:
        same: dict[str, list[LogEvent]] = {}
        for event in errors:
            if event.source.target == step.target.name:
                same.setdefault(said(event.lines), []).append(event)
        yield from (_told(site, found) for found in islice(same.values(), MAX_ERRORS))


def _told(site: Site, same: list[LogEvent]) -> FirstError:
    first = same[0]
    # As a whole: no single line of a private key looks secret.
    text = site.clients.secrets.mask("\n".join(first.lines))
    return FirstError(
        target=first.source.target,
        unit=first.source.unit,
        container=first.source.container,
        at=shown_moment(first.at),
        lines=tuple(text.split("\n")[:MAX_LINES]),
        times=len(same),
    )

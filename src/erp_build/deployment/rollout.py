"""The rollout: waits until every pod is the new one and stays ready, and stops early when that cannot happen."""

from collections.abc import Collection, Mapping

from erp_build.changes.live_state import release_of, workload_of
from erp_build.clients.clock import Deadline
from erp_build.clients.protocols import Tools
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.model.environment import Environment
from erp_build.model.project import Project
from erp_build.model.releases.kubernetes import Container, Workload

PAUSE = 1.0
PATIENCE = 30.0
"""Seconds that a trouble may last: a pull may fail once because of a sign-in that is just being renewed."""

RESTARTS = 2
HOPELESS_AT_ONCE = {"InvalidImageName"}
HOPELESS_AFTER_A_WHILE = {
    "ErrImagePull",
    "ImagePullBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}
ABSENT = "there is no Deployment with its image"

Services = Mapping[str, Workload | None]
"""Name of a service -> its Deployment, None where there is none."""


def wait_for_rollout(
    tools: Tools, project: Project, environment: Environment, deadline: Deadline, changed: Collection[str]
) -> None:
    """Return when every changed service is rolled out and has stayed so; raises `ReleaseFailed` with what each lacks.

    Args:
        tools: what it is watched with.
        project: its services and chart.
        environment: where they run.
        deadline: for all of it.
        changed: names of the services that must get there. What else is not well is said and keeps nobody.
    """
    watch = _Watch(tools, project)
    while True:
        services = _look(tools, project, environment)
        if services is not None:
            watch.say_progress(services)
            open_ones = {name: item for name, item in services.items() if name in changed and not _is_complete(item)}
            if watch.is_stable({name: services[name] for name in changed if name in services}, open_ones):
                watch.say_others({name: item for name, item in services.items() if name not in changed})
                return
            if watch.hopeless(open_ones):
                raise _failed("a rollout cannot succeed", open_ones, project)
            if deadline.is_over:
                raise _failed("the rollout is not complete in time", open_ones or services, project)
        elif deadline.is_over:
            raise _failed("the rollout is not complete in time, and the cluster cannot be reached", {}, project)
        deadline.pause(PAUSE)


def _look(tools: Tools, project: Project, environment: Environment) -> Services | None:
    """Every service with its Deployment; None while the cluster does not answer, which need not last."""
    try:
        workloads = tools.cluster.workloads(release_of(project, environment))
    except OutOfReach as error:
        tools.progress.say(f"{error.what}: {error.why}")
        return None
    return {
        service.name: workload_of(workloads, environment.repository(service.repository)) for service in project.services
    }


class _Watch:
    """What was seen so far: since when a service is in trouble, and since when all is well."""

    def __init__(self, tools: Tools, project: Project) -> None:
        self._tools = tools
        self._stable = project.chart.stable
        self._troubled: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._complete: float | None = None
        self._restarts: dict[str, int] = {}

    def say_progress(self, services: Services) -> None:
        """Say of each service what is new."""
        for name, workload in services.items():
            progress = workload.progress if workload else ABSENT
            if self._said.get(name) != progress:
                self._tools.progress.say(progress, name)
            self._said[name] = progress

    def say_others(self, services: Services) -> None:
        """Warn of services that this deployment did not change and that are not well."""
        for name, workload in services.items():
            if not _is_complete(workload):
                why = (workload.failure or workload.progress) if workload else ABSENT
                self._tools.progress.say(f"warning: not well, and not changed by this deployment: {why}", name)

    def is_stable(self, services: Services, open_ones: Services) -> bool:
        """Whether all services are complete and no container of theirs has restarted for long enough."""
        now = self._tools.clock.monotonic()
        restarts = {name: sum(one.restarts for one in current_containers(item)) for name, item in services.items()}
        if open_ones or self._complete is None or restarts != self._restarts:
            self._complete, self._restarts = (None if open_ones else now), restarts
        return self._complete is not None and now - self._complete >= self._stable

    def hopeless(self, services: Services) -> bool:
        """Whether one of the services cannot get ready any more."""
        # Each is looked at, since each has a time of its own.
        lost = [name for name, item in services.items() if self._is_hopeless(name, item)]
        return bool(lost)

    def _is_hopeless(self, name: str, workload: Workload | None) -> bool:
        containers = current_containers(workload)
        if any(
            container.waiting in HOPELESS_AT_ONCE
            or (container.waiting == "CrashLoopBackOff" and container.restarts >= RESTARTS)
            for container in containers
        ):
            return True
        stuck = workload is None or workload.failure or any(one.waiting in HOPELESS_AFTER_A_WHILE for one in containers)
        if not stuck:
            self._troubled.pop(name, None)
            return False
        now = self._tools.clock.monotonic()
        return now - self._troubled.setdefault(name, now) >= PATIENCE


def current_containers(workload: Workload | None) -> list[Container]:
    """The containers of the newest pods, those that only prepare a pod included."""
    pods = workload.pods if workload else ()
    return [container for pod in pods if pod.current for container in pod.containers]


def _is_complete(workload: Workload | None) -> bool:
    return workload is not None and workload.rolled_out


def _failed(what: str, open_ones: Services, project: Project) -> ReleaseFailed:
    lines = []
    for name, workload in open_ones.items():
        lines.append(f"{name}: {workload.progress if workload else ABSENT}")
        if workload and workload.failure:
            lines.append(f"  {workload.failure}")
        for pod in (pod for pod in (workload.pods if workload else ()) if pod.current):
            states = [one.state for one in pod.containers if one.hinders]
            lines += [f"  {pod.name}: {state}" for state in (*states, pod.unschedulable) if state]
    return ReleaseFailed(
        what,
        where=f"release {project.chart.release}, namespace {project.chart.namespace}",
        why="\n".join(lines),
        next_step="see the evidence in the report; mend the cause and run again",
    )

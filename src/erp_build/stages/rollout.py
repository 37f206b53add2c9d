"""The rollout: waits until every pod is the new one and ready, and stops early when that cannot happen any more."""

from erp_build.config.environment import Environment
from erp_build.domain.project import Project, Service
from erp_build.domain.release import Container, Workload
from erp_build.errors import ReleaseFailed
from erp_build.stages.live import release_of, workload_of
from erp_build.tools.clock import Deadline
from erp_build.tools.toolbox import Tools

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


def wait_for_rollout(tools: Tools, project: Project, environment: Environment, deadline: Deadline) -> None:
    """Return when every service of the release is rolled out; raises `ReleaseFailed` with what each one lacks."""
    release = release_of(project, environment)
    troubled_since: dict[str, float] = {}
    said: dict[str, str] = {}
    while True:
        workloads = tools.cluster.workloads(release)
        open_ones = {}
        for service in project.services:
            workload = workload_of(workloads, environment.repository(service.repository))
            if workload is None or not workload.rolled_out:
                open_ones[service.name] = workload
            _say_progress(tools, service, workload, said)
        if not open_ones:
            return
        hopeless = [name for name, item in open_ones.items() if _is_hopeless(tools, name, item, troubled_since)]
        if hopeless or deadline.is_over:
            what = "a rollout cannot succeed" if hopeless else "the rollout is not complete in time"
            raise _failed(what, open_ones, project)
        deadline.pause(PAUSE)


def _say_progress(tools: Tools, service: Service, workload: Workload | None, said: dict[str, str]) -> None:
    progress = workload.progress if workload else "there is no Deployment with its image"
    if said.get(service.name) != progress:
        tools.progress.say(progress, service.name)
    said[service.name] = progress


def _is_hopeless(tools: Tools, name: str, workload: Workload | None, since: dict[str, float]) -> bool:
    containers = _current_containers(workload)
    if any(
        container.waiting in HOPELESS_AT_ONCE
        or (container.waiting == "CrashLoopBackOff" and container.restarts >= RESTARTS)
        for container in containers
    ):
        return True
    stuck = workload is None or workload.failure or any(one.waiting in HOPELESS_AFTER_A_WHILE for one in containers)
    if not stuck:
        since.pop(name, None)
        return False
    now = tools.clock.monotonic()
    return now - since.setdefault(name, now) >= PATIENCE


def _current_containers(workload: Workload | None) -> list[Container]:
    pods = workload.pods if workload else ()
    return [container for pod in pods if pod.current for container in pod.containers]


def _failed(what: str, open_ones: dict[str, Workload | None], project: Project) -> ReleaseFailed:
    lines = []
    for name, workload in open_ones.items():
        lines.append(f"{name}: {workload.progress if workload else 'there is no Deployment with its image'}")
        if workload and workload.failure:
            lines.append(f"  {workload.failure}")
        for pod in (pod for pod in (workload.pods if workload else ()) if pod.current):
            states = [f"{one.waiting} {one.message}".strip() or "runs, not ready" for one in pod.containers
                      if not one.ready]  # fmt: skip
            lines += [f"  {pod.name}: {state}" for state in (*states, pod.unschedulable) if state]
    return ReleaseFailed(
        what,
        where=f"release {project.chart.release}, namespace {project.chart.namespace}",
        why="\n".join(lines),
        next_step=f"kubectl -n {project.chart.namespace} describe pod; helm rollback {project.chart.release} goes back",
    )

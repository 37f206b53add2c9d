"""Diagnosis: what the cluster says of pods that do not get ready, collected before anything is taken back."""

from collections.abc import Collection

from erp_build.changes.live_state import release_of, workload_of
from erp_build.clients.protocols import Tools
from erp_build.errors import ReleaseFailed
from erp_build.model.environment import Environment
from erp_build.model.project import Project
from erp_build.model.releases.evidence import Event, Evidence
from erp_build.model.releases.kubernetes import Pod, Workload
from erp_build.model.releases.release import Release

PODS, EVENTS = 2, 8
"""Of each service."""


def collect_evidence(
    tools: Tools, project: Project, environment: Environment, names: Collection[str]
) -> tuple[Evidence, ...]:
    """Collect states, events and last log lines of these services' new pods; a cluster that is away gives none."""
    release = release_of(project, environment)
    try:
        workloads = tools.cluster.workloads(release)
        events = tools.cluster.events(release)
    except ReleaseFailed as error:
        tools.progress.say(f"no evidence can be collected: {error.what}")
        return ()
    found: list[Evidence] = []
    for service in project.services:
        workload = workload_of(workloads, environment.repository(service.repository))
        if service.name in names and workload and not workload.rolled_out:
            found += _of_workload(tools, release, service.name, workload, events)
    return tuple(found)


def _of_workload(
    tools: Tools, release: Release, target: str, workload: Workload, events: tuple[Event, ...]
) -> list[Evidence]:
    pods = [pod for pod in workload.pods if pod.current and not all(one.ready for one in pod.containers)]
    pods += [pod for pod in workload.pods if pod.current and pod.unschedulable and pod not in pods]
    if not pods:
        # No pod at all: what hinders it (a quota) is said of the Deployment and its ReplicaSets.
        about = tuple(str(event) for event in events if _belongs(event.about, workload.name))
        return [
            Evidence(target=target, pod="", states=(workload.failure or workload.progress,), events=about[-EVENTS:])
        ]
    return [_of_pod(tools, release, target, pod, events) for pod in pods[:PODS]]


def _of_pod(tools: Tools, release: Release, target: str, pod: Pod, events: tuple[Event, ...]) -> Evidence:
    states = tuple(f"{one.name}: {one.state}" for one in pod.containers if one.hinders)
    log = [
        line
        for one in pod.containers
        if one.hinders and one.image_id
        for line in tools.cluster.log(release, pod.name, one.name)
    ]
    return Evidence(
        target=target,
        pod=pod.name,
        states=(*states, *((pod.unschedulable,) if pod.unschedulable else ())),
        events=tuple(str(event) for event in events if event.about == pod.name)[-EVENTS:],
        log=tuple(log),
    )


def _belongs(name: str, workload: str) -> bool:
    return name == workload or name.startswith(f"{workload}-")

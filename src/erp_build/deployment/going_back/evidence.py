"""Collect what the cluster says about pods that do not get ready, before the rollback removes them."""

from collections.abc import Collection

from erp_build.clients.site import Site
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.evidence import ClusterEvent, Evidence
from erp_build.model.releases.kubernetes import Pod, Workload
from erp_build.model.stage import stage

MAX_PODS_PER_SERVICE, MAX_EVENTS_PER_POD = 2, 8
"""Limits of the evidence of one service."""


@stage("reads only: cluster", keeps="evidence")
def collect_evidence(site: Site, names: Collection[str]) -> tuple[Evidence, ...]:
    """Collect states, events and last log lines of these services' new pods; none where the cluster does not answer."""
    try:
        workloads = site.workloads()
        events = site.clients.cluster.events(site.release)
    except ReleaseFailed as error:
        site.say(f"no evidence can be collected: {error.what}")
        return ()
    found: list[Evidence] = []
    for name, workload in workloads.items():
        if name in names and workload and not workload.rolled_out:
            found += _of_workload(site, name, workload, events)
    return tuple(found)


def _of_workload(site: Site, target: str, workload: Workload, events: tuple[ClusterEvent, ...]) -> list[Evidence]:
    pods = [pod for pod in workload.pods if pod.current and not all(one.ready for one in pod.containers)]
    pods += [pod for pod in workload.pods if pod.current and pod.unschedulable and pod not in pods]
    if not pods:
        # There is no pod at all. The cause (a quota) is in the events of the Deployment and its ReplicaSets.
        about = [one for one in events if one.about == workload.name or one.about.startswith(f"{workload.name}-")]
        return [Evidence(target=target, pod="", states=(workload.failure or workload.progress,), events=_last(about))]
    return [_of_pod(site, target, pod, events) for pod in pods[:MAX_PODS_PER_SERVICE]]


def _of_pod(site: Site, target: str, pod: Pod, events: tuple[ClusterEvent, ...]) -> Evidence:
    blocking = [one for one in pod.containers if one.blocks_readiness]
    states = [f"{one.name}: {one.state}" for one in blocking]
    if pod.unschedulable:
        states.append(pod.unschedulable)
    started = [one.name for one in blocking if one.image_id]
    log = [line for name in started for line in site.clients.cluster.log(site.release, pod.name, name)]
    about = _last([event for event in events if event.about == pod.name])
    return Evidence(target=target, pod=pod.name, states=tuple(states), events=about, log=tuple(log))


def _last(events: list[ClusterEvent]) -> tuple[str, ...]:
    return tuple(str(event) for event in events[-MAX_EVENTS_PER_POD:])

"""Reads the objects that make pods, of every kind: the counters of each in the words of a Deployment, and its pods."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from erp_build.clients.kubernetes.connection import ApiObject
from erp_build.formats.kubernetes.pod_template import containers_of, pod_template
from erp_build.model.releases.kubernetes import Container, Pod, Workload

COLLECTIONS: Mapping[str, str] = {
    "Deployment": "apis/apps/v1/deployments",
    "StatefulSet": "apis/apps/v1/statefulsets",
    "DaemonSet": "apis/apps/v1/daemonsets",
    "Job": "apis/batch/v1/jobs",
    "CronJob": "apis/batch/v1/cronjobs",
}
"""Kind -> API and plural name, for every kind that makes pods and is watched."""

MOST_SELECTED = 2000
"""Characters of a selector; longer addresses are not taken by every proxy."""

REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
GENERATION_ANNOTATION, GENERATION_LABEL = "deprecated.daemonset.template.generation", "pod-template-generation"
"""How a DaemonSet and its pods tell the generation of the template. Only the API's version of it is deprecated."""

REVISION_LABEL = "controller-revision-hash"
"""How a pod of a StatefulSet tells the revision that it was made of."""


def annotation_of(item: ApiObject, name: str) -> str | None:
    """An annotation of an object; None where it has none of this name."""
    value: str | None = (item["metadata"].get("annotations") or {}).get(name)
    return value


def images_of(deployment: ApiObject) -> tuple[str, ...]:
    """The images of a Deployment's containers, as it names them."""
    return tuple(container["image"] for container in deployment["spec"]["template"]["spec"]["containers"])


def label_selector(deployments: Sequence[ApiObject]) -> dict[str, str]:
    """A query that has all pods and ReplicaSets of some Deployments, and few others; nothing where all must be asked.

    Whatever belongs to a Deployment has the labels that it selects by. A label that all of them select by has as many
    values as possible: it tells them from others.
    """
    chosen = [item["spec"]["selector"].get("matchLabels") or {} for item in deployments]
    shared = set[str]().union(*chosen).intersection(*chosen)
    values = {key: sorted({labels[key] for labels in chosen}) for key in sorted(shared)}
    if not values:
        return {}
    best = max(values, key=lambda key: len(values[key]))
    text = f"{best} in ({','.join(values[best])})"
    return {"labelSelector": text} if len(text) <= MOST_SELECTED else {}


def deployment_of(deployment: ApiObject, sets: Iterable[ApiObject], pods: Iterable[ApiObject]) -> Workload:
    """A Deployment with the pods of all of its ReplicaSets."""
    spec, status = deployment["spec"], deployment.get("status") or {}
    revision = annotation_of(deployment, REVISION_ANNOTATION)
    own = {item["metadata"]["uid"]: item for item in sets if _owner(item) == deployment["metadata"]["uid"]}
    # The newest ReplicaSet is the one with the Deployment's own revision.
    current = {uid for uid, item in own.items() if annotation_of(item, REVISION_ANNOTATION) == revision}
    desired = _replicas(spec)
    return _workload(
        "Deployment",
        deployment,
        desired=desired,
        replicas=status.get("replicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        available=status.get("availableReplicas") or 0,
        failure=_failure(status.get("conditions") or ()),
        paused=bool(spec.get("paused")),
        idle="" if desired else "0 replicas",
        pods=_lasting([pod for pod in pods if _owner(pod) in own], lambda pod: _owner(pod) in current),
    )


def workload_of_kind(kind: str, item: ApiObject, pods: Iterable[ApiObject]) -> Workload:
    """An object of a kind whose pods belong to it directly, or that makes none itself."""
    own = [pod for pod in pods if _owner(pod) == item["metadata"]["uid"]]
    return {"StatefulSet": _stateful_set, "DaemonSet": _daemon_set, "Job": _job, "CronJob": _cron_job}[kind](item, own)


def _stateful_set(item: ApiObject, pods: Sequence[ApiObject]) -> Workload:
    spec, status = item["spec"], item.get("status") or {}
    strategy = spec.get("updateStrategy") or {}
    desired, replicas = _replicas(spec), status.get("replicas") or 0
    # Pods that the strategy leaves as they are count as updated: nothing replaces them.
    left = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    updated = replicas if strategy.get("type") == "OnDelete" else (status.get("updatedReplicas") or 0) + left
    revision = status.get("updateRevision")
    return _workload(
        "StatefulSet",
        item,
        desired=desired,
        replicas=replicas,
        updated=min(updated, replicas),
        available=status.get("availableReplicas", status.get("readyReplicas")) or 0,
        idle="" if desired else "0 replicas",
        pods=_lasting(pods, lambda pod: revision in (None, _label(pod, REVISION_LABEL))),
    )


def _daemon_set(item: ApiObject, pods: Sequence[ApiObject]) -> Workload:
    status = item.get("status") or {}
    desired = status.get("desiredNumberScheduled") or 0
    is_left = ((item["spec"].get("updateStrategy") or {}).get("type")) == "OnDelete"
    updated = desired if is_left else status.get("updatedNumberScheduled") or 0
    generation = annotation_of(item, GENERATION_ANNOTATION)
    # Before its controller has looked at it, it wants no pods; so says the generation.
    return _workload(
        "DaemonSet",
        item,
        desired=desired,
        replicas=max(desired, updated),
        updated=updated,
        available=status.get("numberAvailable") or 0,
        idle="" if desired else "no node is for it",
        pods=_lasting(pods, lambda pod: generation in (None, _label(pod, GENERATION_LABEL))),
    )


def _job(item: ApiObject, pods: Sequence[ApiObject]) -> Workload:
    conditions = (item.get("status") or {}).get("conditions") or ()
    ends = {one["type"]: one for one in conditions if one["status"] == "True"}
    failed, is_done = ends.get("Failed"), "Complete" in ends
    is_idle = bool(item["spec"].get("suspend")) and not is_done
    wanted = int(not is_idle)
    return _workload(
        "Job",
        item,
        desired=wanted,
        replicas=wanted,
        updated=wanted,
        available=int(is_done),
        failure=f"{failed.get('reason')}: {failed.get('message')}" if failed else "",
        is_over=failed is not None,
        idle="it is suspended" if is_idle else "",
        pods=tuple(_pod(pod, True) for pod in pods),  # noqa: FBT003 - as above
    )


def _cron_job(item: ApiObject, pods: Sequence[ApiObject]) -> Workload:  # noqa: ARG001 - its Jobs make the pods
    return _workload("CronJob", item, desired=0, idle="it makes Jobs at their time")


def _workload(kind: str, item: ApiObject, **facts: Any) -> Workload:
    """What all kinds have in common, and the facts of this one."""
    about, status = item["metadata"], item.get("status") or {}
    template = pod_template(kind, item)
    generation = about.get("generation") or 0
    # A Job and a CronJob do not say what their controller has seen.
    observed = generation if kind in ("Job", "CronJob") else status.get("observedGeneration") or 0
    return Workload(
        name=about["name"],
        kind=kind,
        containers=containers_of(kind, item),
        generation=generation,
        observed_generation=observed,
        labels=tuple(((template.get("metadata") or {}).get("labels") or {}).items()),
        **facts,
    )


def _replicas(spec: Mapping[str, Any]) -> int:
    # Omitted replicas mean one (apps/v1).
    return 1 if spec.get("replicas") is None else int(spec["replicas"])


def _failure(conditions: Iterable[ApiObject]) -> str:
    for condition in conditions:
        kind, reason = condition["type"], condition.get("reason")
        stuck = kind == "Progressing" and reason == "ProgressDeadlineExceeded"
        if stuck or (kind == "ReplicaFailure" and condition["status"] == "True"):
            return f"{reason}: {condition.get('message')}"
    return ""


def _lasting(pods: Iterable[ApiObject], is_newest: Callable[[ApiObject], bool]) -> tuple[Pod, ...]:
    """Pods that are to stay. One that has ended for good, as by an eviction, is shown until somebody removes it."""
    phases = ((pod, (pod.get("status") or {}).get("phase")) for pod in pods)
    return tuple(_pod(pod, is_newest(pod) and phase not in ("Failed", "Succeeded")) for pod, phase in phases)


def _pod(pod: ApiObject, current: bool) -> Pod:  # noqa: FBT001 - one fact of the pod, as the field it becomes
    about, status = pod["metadata"], pod.get("status") or {}
    conditions = status.get("conditions") or ()
    scheduled = [item for item in conditions if item["type"] == "PodScheduled" and item["status"] == "False"]
    named = {one["name"]: one.get("image") for one in (pod.get("spec") or {}).get("containers") or ()}
    return Pod(
        name=about["name"],
        # A terminating pod does not count as one of the new rollout.
        current=current and not about.get("deletionTimestamp"),
        containers=(
            *(_container(one, is_init=True) for one in status.get("initContainerStatuses") or ()),
            *(_container(one, named.get(one["name"])) for one in status.get("containerStatuses") or ()),
        ),
        unschedulable=scheduled[0].get("message") or "" if scheduled else "",
        created=about.get("creationTimestamp") or "",
    )


def _container(status: ApiObject, named: str | None = None, *, is_init: bool = False) -> Container:
    waiting = (status.get("state") or {}).get("waiting") or {}
    return Container(
        name=status["name"],
        # The runtime may know the image under another name than the pod.
        image=named or status["image"],
        image_id=status.get("imageID") or "",
        # Before version 1.29 the kubelet never reports an init container that succeeded as ready.
        ready=bool(status.get("ready")) or (is_init and _ended_well(status)),
        restarts=status.get("restartCount") or 0,
        waiting=waiting.get("reason") or "",
        message=waiting.get("message") or "",
        is_init=is_init,
        ended=_end_of(status),
    )


def _ended_well(status: ApiObject) -> bool:
    ended = (status.get("state") or {}).get("terminated")
    return ended is not None and ended["exitCode"] == 0


def _end_of(status: ApiObject) -> str:
    states = (status.get("state") or {}, status.get("lastState") or {})
    ends = [state["terminated"] for state in states if state.get("terminated")]
    return f"{ends[0].get('reason')}, exit code {ends[0]['exitCode']}" if ends else ""


def _label(item: ApiObject, name: str) -> str | None:
    value: str | None = (item["metadata"].get("labels") or {}).get(name)
    return value


def _owner(item: ApiObject) -> str | None:
    owners = item["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), None)

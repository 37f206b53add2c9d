"""The Kubernetes API: Deployments of a release and their pods. Reading only; Helm writes."""

from collections.abc import Callable, Iterable
from typing import Any

from kubernetes import client as kubernetes

from erp_build.domain.release import Container, Pod, Release, Workload
from erp_build.tools.connection import TIMEOUT, ClusterConnection
from erp_build.tools.kubeconfig import ClusterAccess

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"


class EksCluster:
    """Reads workloads through clients that sign in as a run does."""

    def __init__(self, access: ClusterAccess, connection: ClusterConnection | None = None) -> None:
        self._connection = connection or ClusterConnection(access)

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods; none when the namespace has none of this release."""
        apps = kubernetes.AppsV1Api(self._connection.client(release))
        core = kubernetes.CoreV1Api(apps.api_client)
        deployments = self._list(apps.list_namespaced_deployment, release)
        ours = [item for item in deployments if _annotation(item, RELEASE_ANNOTATION) == release.name]
        if not ours:
            return ()
        sets = self._list(apps.list_namespaced_replica_set, release)
        pods = self._list(core.list_namespaced_pod, release)
        return tuple(_workload(item, sets, pods) for item in ours)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _list(self, call: Callable[..., Any], release: Release) -> list[Any]:
        with self._connection.asking(release):
            return list(call(release.namespace, _request_timeout=TIMEOUT).items)


def _workload(deployment: Any, sets: Iterable[Any], pods: Iterable[Any]) -> Workload:
    spec, status = deployment.spec, deployment.status
    own = {item.metadata.name: item for item in sets if _owner(item) == deployment.metadata.uid}
    revision = _annotation(deployment, REVISION_ANNOTATION)
    current = {item.metadata.uid for item in own.values() if _annotation(item, REVISION_ANNOTATION) == revision}
    every = {item.metadata.uid for item in own.values()}
    return Workload(
        name=deployment.metadata.name,
        images=tuple(container.image for container in spec.template.spec.containers),
        # A missing counter is zero, but missing replicas are one (apps/v1, omitempty).
        desired=1 if spec.replicas is None else spec.replicas,
        generation=deployment.metadata.generation or 0,
        observed_generation=status.observed_generation or 0,
        replicas=status.replicas or 0,
        updated=status.updated_replicas or 0,
        available=status.available_replicas or 0,
        failure=_failure(status.conditions or ()),
        pods=tuple(_pod(pod, _owner(pod) in current) for pod in pods if _owner(pod) in every),
    )


def _failure(conditions: Iterable[Any]) -> str:
    for condition in conditions:
        stuck = condition.type == "Progressing" and condition.reason == "ProgressDeadlineExceeded"
        if stuck or (condition.type == "ReplicaFailure" and condition.status == "True"):
            return f"{condition.reason}: {condition.message}"
    return ""


def _pod(pod: Any, current: bool) -> Pod:  # noqa: FBT001 - one fact of the pod, as the field it becomes
    scheduled = [item for item in pod.status.conditions or () if item.type == "PodScheduled" and item.status == "False"]
    return Pod(
        name=pod.metadata.name,
        current=current and pod.metadata.deletion_timestamp is None,
        containers=tuple(_container(status) for status in pod.status.container_statuses or ()),
        unschedulable=scheduled[0].message or "" if scheduled else "",
    )


def _container(status: Any) -> Container:
    waiting = status.state.waiting if status.state else None
    return Container(
        image=status.image,
        image_id=status.image_id or "",
        ready=bool(status.ready),
        restarts=status.restart_count or 0,
        waiting=(waiting.reason or "") if waiting else "",
        message=(waiting.message or "") if waiting else "",
    )


def _annotation(item: Any, name: str) -> str | None:
    value: str | None = (item.metadata.annotations or {}).get(name)
    return value


def _owner(item: Any) -> str | None:
    owners = item.metadata.owner_references or ()
    return next((str(owner.uid) for owner in owners if owner.controller), None)

"""The Kubernetes API: Deployments of a release and their pods. Reading only; Helm writes."""

from collections.abc import Callable, Iterable
from typing import Any

import urllib3
from kubernetes import client as kubernetes

from erp_build.domain.release import Container, Pod, Release, Workload
from erp_build.errors import ReleaseFailed
from erp_build.tools.kubeconfig import ClusterAccess

TIMEOUT = (5, 30)
"""Seconds to connect and to read; the client has none of its own."""

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"


class EksCluster:
    """Reads workloads through clients that sign in as a run does."""

    def __init__(self, access: ClusterAccess) -> None:
        self._access = access
        self._clients: dict[str, kubernetes.ApiClient] = {}

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods; none when the namespace has none of this release."""
        apps = kubernetes.AppsV1Api(self._client(release.cluster))
        core = kubernetes.CoreV1Api(apps.api_client)
        deployments = self._list(apps.list_namespaced_deployment, release)
        ours = [item for item in deployments if _annotation(item, RELEASE_ANNOTATION) == release.name]
        if not ours:
            return ()
        sets = self._list(apps.list_namespaced_replica_set, release)
        pods = self._list(core.list_namespaced_pod, release)
        return tuple(_workload(item, sets, pods) for item in ours)

    def architectures(self, cluster: str) -> frozenset[str]:
        """The architectures of the nodes, such as `amd64`; empty where the caller may not ask."""
        core = kubernetes.CoreV1Api(self._client(cluster))
        try:
            nodes = core.list_node(_request_timeout=TIMEOUT).items
        except (kubernetes.ApiException, urllib3.exceptions.HTTPError, OSError):
            # A role for one namespace may not list nodes; a wrong platform is then seen when the pods do not start.
            return frozenset()
        stated = (node.status and node.status.node_info for node in nodes)
        return frozenset(str(info.architecture) for info in stated if info)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, cluster: str) -> kubernetes.ApiClient:
        if cluster not in self._clients:
            found = self._access.to(cluster)
            configuration = kubernetes.Configuration(host=found.endpoint)
            configuration.ssl_ca_cert = str(found.certificate)
            configuration.retries = urllib3.Retry(2, backoff_factor=0.2)
            self._clients[cluster] = kubernetes.ApiClient(configuration)
        client = self._clients[cluster]
        # Set for every call: a token lives for fourteen minutes and a rollout may take longer.
        client.set_default_header("Authorization", f"Bearer {self._access.token(cluster)}")
        return client

    def _list(self, call: Callable[..., Any], release: Release) -> list[Any]:
        try:
            return list(call(release.namespace, _request_timeout=TIMEOUT).items)
        except kubernetes.ApiException as error:
            raise self._refused(error, release) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ReleaseFailed(
                "the cluster cannot be reached",
                where=f"{release.cluster}, {self._access.to(release.cluster).endpoint}",
                why=str(error),
                next_step="a private endpoint is reached only from inside its VPC: check the network of the build",
            ) from error

    def _refused(self, error: kubernetes.ApiException, release: Release) -> ReleaseFailed:
        mode = self._access.to(release.cluster).authentication_mode
        hints = {
            401: f"the cluster does not know this role (authentication mode {mode}): add an access entry for it",
            403: f"the role may not read namespace {release.namespace}: add an access policy to its access entry",
        }
        return ReleaseFailed(
            f"the cluster answered {error.status} {error.reason}",
            where=f"{release.cluster}, namespace {release.namespace}",
            next_step=hints.get(error.status, "look at the API server, then run again"),
        )


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

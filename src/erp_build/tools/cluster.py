"""The Kubernetes API: Deployments of a release and their pods. Reading only; Helm writes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubernetes import client as kubernetes

from erp_build.domain.evidence import Event
from erp_build.domain.release import Container, Endpoints, Pod, Release, Workload
from erp_build.errors import ReleaseFailed
from erp_build.tools.connection import TIMEOUT, ClusterConnection
from erp_build.tools.evidence import read_events, read_log
from erp_build.tools.kubeconfig import ClusterAccess

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
NEEDED = (
    ("get", "", "secrets"),
    ("create", "", "secrets"),
    ("update", "", "secrets"),
    ("get", "apps", "deployments"),
    ("create", "apps", "deployments"),
    ("patch", "apps", "deployments"),
    ("create", "", "services"),
    ("patch", "", "services"),
    ("list", "apps", "replicasets"),
    ("list", "", "pods"),
)
"""Verb, API group and resource of what Helm and the watch of a rollout do."""

SERVICE_LABEL = "kubernetes.io/service-name"
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

    def live_objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """The release's Deployments and autoscalers as they are, in the form of a manifest."""
        apps = kubernetes.AppsV1Api(self._connection.client(release))
        scaling = kubernetes.AutoscalingV2Api(apps.api_client)
        kinds = {
            "Deployment": apps.list_namespaced_deployment,
            "HorizontalPodAutoscaler": scaling.list_namespaced_horizontal_pod_autoscaler,
        }
        return tuple(
            {**apps.api_client.sanitize_for_serialization(item), "kind": kind}
            for kind, call in kinds.items()
            for item in self._list(call, release)
            if _annotation(item, RELEASE_ANNOTATION) == release.name
        )

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release with the number of ready addresses behind each."""
        core = kubernetes.CoreV1Api(self._connection.client(release))
        slices = kubernetes.DiscoveryV1Api(core.api_client)
        services = [item for item in self._list(core.list_namespaced_service, release)
                    if _annotation(item, RELEASE_ANNOTATION) == release.name]  # fmt: skip
        found = self._list(slices.list_namespaced_endpoint_slice, release) if services else []
        return tuple(_endpoints(service, found) for service in services)

    def events(self, release: Release) -> tuple[Event, ...]:
        """The warnings of the release's namespace, oldest first; none where they may not be read."""
        return read_events(self._connection, release)

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:
        """The last lines of a container's log; none where there are none."""
        return read_log(self._connection, release, pod, container)

    def missing_permissions(self, release: Release) -> tuple[str, ...]:
        """What the caller may not do in the release's namespace, of all that a deployment needs; all when unsure."""
        api = kubernetes.AuthorizationV1Api(self._connection.client(release))
        return tuple(
            f"{verb} {resource}"
            for verb, group, resource in NEEDED
            if not self._may(api, release, verb, group, resource)
        )

    def _may(self, api: Any, release: Release, verb: str, group: str, resource: str) -> bool:
        wanted = {"namespace": release.namespace, "verb": verb, "group": group, "resource": resource}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                  "spec": {"resourceAttributes": wanted}}  # fmt: skip
        with self._connection.asking(release):
            return bool(api.create_self_subject_access_review(review, _request_timeout=TIMEOUT).status.allowed)

    def architectures(self, cluster: str) -> frozenset[str]:
        """The architectures of the nodes, such as `amd64`; empty where the caller may not ask."""
        anywhere = Release(cluster, "", "")
        core = kubernetes.CoreV1Api(self._connection.client(anywhere))
        try:
            with self._connection.asking(anywhere):
                nodes = core.list_node(_request_timeout=TIMEOUT).items
        except ReleaseFailed:
            # A role for one namespace may not list nodes; a wrong platform is then seen when the pods do not start.
            return frozenset()
        stated = (node.status and node.status.node_info for node in nodes)
        return frozenset(str(info.architecture) for info in stated if info)

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
        labels=tuple((spec.template.metadata.labels or {}).items()) if spec.template.metadata else (),
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
        containers=(
            *(_container(status, prepares=True) for status in pod.status.init_container_statuses or ()),
            *(_container(status) for status in pod.status.container_statuses or ()),
        ),
        unschedulable=scheduled[0].message or "" if scheduled else "",
    )


def _container(status: Any, *, prepares: bool = False) -> Container:
    waiting = status.state.waiting if status.state else None
    return Container(
        name=status.name,
        image=status.image,
        image_id=status.image_id or "",
        # An init container that has ended well is never "ready" to the kubelet before version 1.29.
        ready=bool(status.ready) or (prepares and _ended_well(status)),
        restarts=status.restart_count or 0,
        waiting=(waiting.reason or "") if waiting else "",
        message=(waiting.message or "") if waiting else "",
        prepares=prepares,
        ended=_end_of(status),
    )


def _ended_well(status: Any) -> bool:
    ended = status.state.terminated if status.state else None
    return ended is not None and ended.exit_code == 0


def _end_of(status: Any) -> str:
    states = [state.terminated for state in (status.state, status.last_state) if state and state.terminated]
    return f"{states[0].reason}, exit code {states[0].exit_code}" if states else ""


def _endpoints(service: Any, slices: Iterable[Any]) -> Endpoints:
    own = [one for one in slices if (one.metadata.labels or {}).get(SERVICE_LABEL) == service.metadata.name]
    # Ready counts as true where it is not said (discovery/v1, EndpointConditions).
    states = {
        (address, one.conditions is None or one.conditions.ready is not False)
        for item in own
        for one in item.endpoints or ()
        for address in one.addresses
    }
    ready = sum(is_ready for _, is_ready in states)
    return Endpoints(
        name=service.metadata.name,
        selector=tuple((service.spec.selector or {}).items()),
        ready=ready,
        not_ready=len(states) - ready,
    )


def _annotation(item: Any, name: str) -> str | None:
    value: str | None = (item.metadata.annotations or {}).get(name)
    return value


def _owner(item: Any) -> str | None:
    owners = item.metadata.owner_references or ()
    return next((str(owner.uid) for owner in owners if owner.controller), None)

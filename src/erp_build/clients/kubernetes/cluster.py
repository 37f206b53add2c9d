"""Reads a release's objects, events and logs from the Kubernetes API. Helm does the writing."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from erp_build.clients.kubernetes.connection import ApiObject, ClusterConnection, Refused, namespaced
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Container, Endpoints, OwnedDeployment, Pod, Workload
from erp_build.model.releases.release import Release

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
NEEDED_PERMISSIONS = (
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
"""Verb, API group and resource of everything that Helm and the rollout watch do."""

DEPLOYMENTS, REPLICA_SETS = "apis/apps/v1/deployments", "apis/apps/v1/replicasets"
PODS, SERVICES = "api/v1/pods", "api/v1/services"
AUTOSCALERS = "apis/autoscaling/v2/horizontalpodautoscalers"
ENDPOINT_SLICES = "apis/discovery.k8s.io/v1/endpointslices"
ACCESS_REVIEWS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

SERVICE_LABEL = "kubernetes.io/service-name"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"

MAX_LOG_LINES, MAX_LOG_BYTES = 20, 8192
"""What is read of the end of a log."""


class EksCluster:
    """Reads with the sign-in of the run."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """Return the Deployments of a release with their pods; empty if the namespace has none of this release."""
        ours = self._owned(release, DEPLOYMENTS)
        if not ours:
            return ()
        sets = self._connection.items(release, REPLICA_SETS)
        pods = self._connection.items(release, PODS)
        return tuple(_workload(item, sets, pods) for item in ours)

    def live_objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Return the release's live Deployments and autoscalers, in the form of a manifest."""
        kinds = {"Deployment": DEPLOYMENTS, "HorizontalPodAutoscaler": AUTOSCALERS}
        return tuple({**item, "kind": kind} for kind, path in kinds.items() for item in self._owned(release, path))

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release with the number of ready addresses behind each."""
        services = self._owned(release, SERVICES)
        found = self._connection.items(release, ENDPOINT_SLICES) if services else []
        return tuple(_endpoints(service, found) for service in services)

    def events(self, release: Release) -> tuple[ClusterEvent, ...]:
        """The warnings of the release's namespace, oldest first; none where they may not be read."""
        # Events and logs explain a failure and must never hide it, so unreadable ones are left out.
        with suppress(Refused):
            found = self._connection.items(release, "api/v1/events", fieldSelector="type!=Normal")
            return tuple(
                ClusterEvent(
                    item["involvedObject"].get("name", ""),
                    item.get("reason", ""),
                    (item.get("message") or "").strip(),
                    item.get("count") or 1,
                )
                for item in sorted(found, key=lambda item: item["metadata"]["resourceVersion"])
            )
        return ()

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:
        """The last lines of the previous container's log, or of the current one's; none where there are none."""
        path = f"{namespaced(release, 'api/v1/pods', pod)}/log"
        # A container that was just restarted has an empty log; one that never ended has no previous log (HTTP 400).
        for previous in ("true", "false"):
            query = {
                "container": container,
                "previous": previous,
                "tailLines": f"{MAX_LOG_LINES}",
                "limitBytes": f"{MAX_LOG_BYTES}",
            }
            with suppress(Refused):
                if lines := self._connection.ask(release, path, query).body.decode("utf-8", "replace").splitlines():
                    return tuple(lines)
        return ()

    def missing_permissions(self, release: Release) -> tuple[str, ...]:
        """Return the permissions that the caller lacks in the release's namespace, of those that a deployment needs."""
        return tuple(
            f"{verb} {resource}"
            for verb, group, resource in NEEDED_PERMISSIONS
            if not self._may(release, verb, group, resource)
        )

    def _may(self, release: Release, verb: str, group: str, resource: str) -> bool:
        wanted = {"namespace": release.namespace, "verb": verb, "group": group, "resource": resource}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                  "spec": {"resourceAttributes": wanted}}  # fmt: skip
        answer = self._connection.ask(release, ACCESS_REVIEWS, method="POST", body=review)
        return bool(answer.document["status"]["allowed"])

    def architectures(self, cluster: str) -> frozenset[str]:
        """The architectures of the nodes, such as `amd64`; empty where the caller may not ask."""
        release, unknown = Release(cluster, "", ""), HTTPStatus.UNAUTHORIZED
        try:
            answer = self._connection.ask(release, "api/v1/nodes", expected=(unknown,))
            if answer.status == unknown:
                # The second call has a new token, so a second refusal is meant for the role.
                answer = self._connection.ask(release, "api/v1/nodes", expected=(unknown,))
        except Refused:
            # A role for one namespace may not list nodes. A wrong platform then shows when the pods do not start.
            return frozenset()
        nodes = () if answer.status == unknown else answer.document.get("items") or ()
        stated = (node.get("status", {}).get("nodeInfo", {}).get("architecture") for node in nodes)
        return frozenset(architecture for architecture in stated if architecture)

    def version(self, release: Release) -> str:
        """The API server's version, such as `v1.34.4`."""
        return str(self._connection.ask(release, "version/").document["gitVersion"])

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        """Every Deployment of the release's namespace with the release that made it."""
        return tuple(
            OwnedDeployment(
                name=item["metadata"]["name"],
                owner=_annotation(item, RELEASE_ANNOTATION) or "",
                images=_images_of(item),
            )
            for item in self._connection.items(release, DEPLOYMENTS)
        )

    def _owned(self, release: Release, collection: str) -> list[Any]:
        """The objects of a collection that the release made."""
        found = self._connection.items(release, collection)
        return [item for item in found if _annotation(item, RELEASE_ANNOTATION) == release.name]


def _annotation(item: ApiObject, name: str) -> str | None:
    """An annotation of an object; None where it has none of this name."""
    value: str | None = (item["metadata"].get("annotations") or {}).get(name)
    return value


def _images_of(deployment: ApiObject) -> tuple[str, ...]:
    """The images of a Deployment's containers, as it names them."""
    return tuple(container["image"] for container in deployment["spec"]["template"]["spec"]["containers"])


def _workload(deployment: ApiObject, sets: Iterable[ApiObject], pods: Iterable[ApiObject]) -> Workload:
    about, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    template = spec["template"]
    revision = _annotation(deployment, REVISION_ANNOTATION)
    own = {item["metadata"]["uid"]: item for item in sets if _owner(item) == about["uid"]}
    # The newest ReplicaSet is the one with the Deployment's own revision.
    current = {uid for uid, item in own.items() if _annotation(item, REVISION_ANNOTATION) == revision}
    return Workload(
        name=about["name"],
        images=_images_of(deployment),
        # The API omits a counter that is zero; omitted replicas mean one (apps/v1).
        desired=1 if spec.get("replicas") is None else spec["replicas"],
        generation=about.get("generation") or 0,
        observed_generation=status.get("observedGeneration") or 0,
        replicas=status.get("replicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        available=status.get("availableReplicas") or 0,
        failure=_failure(status.get("conditions") or ()),
        pods=tuple(_pod(pod, _owner(pod) in current) for pod in pods if _owner(pod) in own),
        labels=tuple(((template.get("metadata") or {}).get("labels") or {}).items()),
    )


def _failure(conditions: Iterable[ApiObject]) -> str:
    for condition in conditions:
        kind, reason = condition["type"], condition.get("reason")
        stuck = kind == "Progressing" and reason == "ProgressDeadlineExceeded"
        if stuck or (kind == "ReplicaFailure" and condition["status"] == "True"):
            return f"{reason}: {condition.get('message')}"
    return ""


def _pod(pod: ApiObject, current: bool) -> Pod:  # noqa: FBT001 - one fact of the pod, as the field it becomes
    about, status = pod["metadata"], pod.get("status") or {}
    conditions = status.get("conditions") or ()
    scheduled = [item for item in conditions if item["type"] == "PodScheduled" and item["status"] == "False"]
    return Pod(
        name=about["name"],
        # A terminating pod does not count as one of the new rollout.
        current=current and not about.get("deletionTimestamp"),
        containers=(
            *(_container(one, is_init=True) for one in status.get("initContainerStatuses") or ()),
            *(_container(one) for one in status.get("containerStatuses") or ()),
        ),
        unschedulable=scheduled[0].get("message") or "" if scheduled else "",
    )


def _container(status: ApiObject, *, is_init: bool = False) -> Container:
    waiting = (status.get("state") or {}).get("waiting") or {}
    return Container(
        name=status["name"],
        image=status["image"],
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


def _endpoints(service: ApiObject, slices: Iterable[ApiObject]) -> Endpoints:
    name = service["metadata"]["name"]
    own = [one for one in slices if (one["metadata"].get("labels") or {}).get(SERVICE_LABEL) == name]
    # An endpoint without the condition counts as ready (discovery/v1, EndpointConditions).
    # A set, because an address may occur in several slices.
    states = {
        (address, (one.get("conditions") or {}).get("ready") is not False)
        for item in own
        for one in item.get("endpoints") or ()
        for address in one["addresses"]
    }
    ready = sum(is_ready for _, is_ready in states)
    return Endpoints(
        name=name,
        selector=tuple((service["spec"].get("selector") or {}).items()),
        ready=ready,
        not_ready=len(states) - ready,
    )


def _owner(item: ApiObject) -> str | None:
    owners = item["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), None)

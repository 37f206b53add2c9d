"""Reads a release's objects, events and logs from the Kubernetes API. Helm does the writing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.kubernetes import rights
from erp_build.clients.kubernetes.capabilities import read_capabilities
from erp_build.clients.kubernetes.connection import ApiObject, ClusterConnection, Refused, namespaced
from erp_build.clients.kubernetes.objects import AUTOSCALERS, SERVICES, ManifestObjects, scaler_of
from erp_build.clients.kubernetes.pod_log import read_log
from erp_build.clients.kubernetes.workloads import (
    COLLECTIONS,
    annotation_of,
    deployment_of,
    images_of,
    label_selector,
    workload_of_kind,
)
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.capabilities import Capabilities
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Endpoints, ObjectName, OwnedDeployment, Workload
from erp_build.model.releases.logs import LogPart
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Resource, Right

RELEASE_ANNOTATION = "meta.helm.sh/release-name"

DEPLOYMENTS, REPLICA_SETS = COLLECTIONS["Deployment"], "apis/apps/v1/replicasets"
PODS = "api/v1/pods"
ENDPOINT_SLICES = "apis/discovery.k8s.io/v1/endpointslices"
TARGET_BINDINGS = "apis/elbv2.k8s.aws/v1beta1/targetgroupbindings"

SERVICE_LABEL = "kubernetes.io/service-name"

MAX_LOG_LINES, MAX_LOG_BYTES = 20, 8192
"""What is read of the end of a log."""


@reads_answers_of("the cluster", ReleaseFailed)
class EksCluster:
    """Reads with the sign-in of the run."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection
        self._objects = ManifestObjects(connection)

    def workloads(
        self, release: Release, also: Collection[ObjectName] = (), only: Collection[str] | None = None
    ) -> tuple[Workload, ...]:
        """Return the Deployments of a release with their pods, and other objects that make pods.

        Args:
            release: whose Deployments; none are returned if the namespace has none of this release.
            also: further objects, of any kind and namespace; those that are not there are left out. Each kind and
                namespace takes one call, and so do the pods of each namespace, however many objects there are.
            only: the names of the Deployments that are returned; None: all. Less is asked for than of all.
        """
        ours = self._deployments(release, only)
        names = {item["metadata"]["name"] for item in ours}
        more = sorted({one for one in also if not (one.is_own_deployment and one.name in names)})
        if not ours and not more:
            return ()
        selected = {} if only is None else label_selector(ours)
        sets = self._connection.items(release, REPLICA_SETS, **selected) if ours else []
        # Pods of other objects have other labels.
        pods = self._connection.items(release, PODS, **({} if any(not one.namespace for one in more) else selected))
        found = [deployment_of(item, sets, pods) for item in ours]
        for namespace in dict.fromkeys(one.namespace for one in more):
            wanted = [one for one in more if one.namespace == namespace]
            found += self._others(release, namespace, wanted, [] if namespace else pods)
        return tuple(found)

    def _deployments(self, release: Release, only: Collection[str] | None) -> list[Any]:
        if only is None:
            return self._owned(release, DEPLOYMENTS)
        # The API takes one name or all.
        named = {"fieldSelector": f"metadata.name={next(iter(only))}"} if len(only) == 1 else {}
        found = self._owned(release, DEPLOYMENTS, **named) if only else []
        return [item for item in found if item["metadata"]["name"] in only]

    def _others(
        self, release: Release, namespace: str, wanted: Collection[ObjectName], pods: list[Any]
    ) -> Iterator[Workload]:
        """The wanted objects of a namespace; an empty one is that of the release, whose pods are known."""
        place = replace(release, namespace=namespace) if namespace else release
        pods = self._connection.items(place, PODS) if namespace else pods
        for kind in dict.fromkeys(one.kind for one in wanted):
            names = {one.name for one in wanted if one.kind == kind}
            items = [
                one for one in self._connection.items(place, COLLECTIONS[kind]) if one["metadata"]["name"] in names
            ]
            sets = self._connection.items(place, REPLICA_SETS) if kind == "Deployment" and items else []
            for item in items:
                workload = (
                    deployment_of(item, sets, pods) if kind == "Deployment" else workload_of_kind(kind, item, pods)
                )
                yield replace(workload, namespace=namespace)

    def live_objects(self, release: Release, wanted: Sequence[ApiObject]) -> tuple[ApiObject | None, ...]:
        """Objects of a manifest as they are; None for one that is gone, and an empty one for what may not be read."""
        return self._objects.live(release, wanted)

    def scalers(self, release: Release) -> tuple[ApiObject, ...]:
        """Every HorizontalPodAutoscaler of the release's namespace, whoever made it."""
        return tuple(scaler_of(item) for item in self._connection.items(release, AUTOSCALERS))

    def tried(self, release: Release, wanted: ApiObject) -> ApiObject | None:
        """What applying an object would make of the live one, by a dry run; None where the cluster does not say."""
        return self._objects.tried(release, wanted)

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

    def log_since(self, release: Release, pod: str, container: str, since: int, *, previous: bool = False) -> LogPart:
        """What a container has printed from the second of a moment on; nothing where it has no log."""
        return read_log(self._connection, release, pod, container, since, previous=previous)

    def target_bindings(self, release: Release) -> tuple[ApiObject, ...]:
        """The TargetGroupBindings of the release's namespace, whoever made them; none where there is no such kind."""
        path = namespaced(release, TARGET_BINDINGS)
        answer = self._connection.ask(release, path, expected=(HTTPStatus.NOT_FOUND,))
        return () if answer.status == HTTPStatus.NOT_FOUND else tuple(answer.listed)

    def served(self, release: Release, kinds: Collection[Kind]) -> Mapping[Kind, Resource]:
        """The resources of those kinds that the cluster serves in the version that they name."""
        return rights.served(self._connection, release, kinds)

    def served_versions(self, release: Release, group: str) -> tuple[str, ...]:
        """The versions of an API group that the cluster serves, as `group/version`; none where it has none."""
        return rights.served_versions(self._connection, release, group)

    def role(self, release: Release, named: Right) -> Mapping[str, Any] | None:
        """The role that a right names, such as the right to bind it; None where it may not be read or is not there."""
        return rights.role(self._connection, release, named)

    def missing_rights(self, release: Release, asked: Collection[Right]) -> frozenset[Right]:
        """Those of the rights that the caller does not have."""
        return rights.missing_rights(self._connection, release, asked)

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

    def capabilities(self, release: Release) -> Capabilities:
        """The cluster's version and APIs; nothing where the caller may not ask."""
        return read_capabilities(self._connection, release)

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        """Every Deployment of the release's namespace with the release that made it."""
        return tuple(
            OwnedDeployment(
                name=item["metadata"]["name"],
                owner=annotation_of(item, RELEASE_ANNOTATION) or "",
                images=images_of(item),
            )
            for item in self._connection.items(release, DEPLOYMENTS)
        )

    def _owned(self, release: Release, collection: str, **query: str) -> list[Any]:
        """The objects of a collection that the release made."""
        found = self._connection.items(release, collection, **query)
        return [item for item in found if annotation_of(item, RELEASE_ANNOTATION) == release.name]


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

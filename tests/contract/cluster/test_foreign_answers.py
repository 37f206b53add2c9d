"""Something else than a Kubernetes API answers, or an object of another form: an error of the cluster, never a bug."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import Answer, ClusterConnection
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.errors import ErpBuildError, ReleaseFailed
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Right
from tests.contract.cluster.conftest import RELEASE
from tests.support.foreign_answers import foreign

ABOUT = {
    "name": "a",
    "uid": "1",
    "resourceVersion": "7",
    "annotations": {"meta.helm.sh/release-name": RELEASE.name, "deployment.kubernetes.io/revision": "1"},
}
OWNED = {**ABOUT, "uid": "2", "ownerReferences": [{"uid": "1", "controller": True}]}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a.b/erp/a:1"}]}}
DEPLOYMENT = {
    "metadata": {**ABOUT, "generation": 1},
    "spec": {"replicas": 1, "template": TEMPLATE, "selector": {"matchLabels": {"app": "a"}}},
    "status": {"replicas": 1, "conditions": [{"type": "Progressing", "status": "True", "reason": "Fine"}]},
}
POD = {
    "metadata": {**OWNED, "ownerReferences": [{"uid": "2", "controller": True}]},
    "status": {
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [
            {
                "name": "a",
                "image": "a.b/erp/a:1",
                "imageID": "a.b/erp/a@sha256:1",
                "ready": False,
                "restartCount": 1,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "wait"}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
            }
        ],
    },
}
SERVICE = {"metadata": ABOUT, "spec": {"selector": {"app": "a"}}}
SLICE = {
    "metadata": {**ABOUT, "labels": {"kubernetes.io/service-name": "a"}},
    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
}
EVENT = {
    "metadata": ABOUT,
    "involvedObject": {"name": "a"},
    "reason": "BackOff",
    "message": "wait",
    "count": 2,
}
LEASE = {
    "metadata": {"resourceVersion": "7", "annotations": {"erp-build/commit": "1a2b3c4"}},
    "spec": {
        "holderIdentity": "a",
        "leaseDurationSeconds": 60,
        "acquireTime": "2026-11-29T00:00:00.000000Z",
        "renewTime": "2026-11-29T00:00:00.000000Z",
    },
}
NODE = {"metadata": {"labels": {"kubernetes.io/arch": "amd64"}}, "status": {"nodeInfo": {"architecture": "amd64"}}}
SCALER = {
    "metadata": {"name": "a"},
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "a"}, "minReplicas": 1, "maxReplicas": 3},
}

Objects = Mapping[str, Any]
KINDS = {
    "deployments": DEPLOYMENT,
    "replicasets": {"metadata": OWNED},
    "pods": POD,
    "services": SERVICE,
    "endpointslices": SLICE,
    "events": EVENT,
    "horizontalpodautoscalers": SCALER,
}
READS: dict[str, tuple[str, Callable[[EksCluster], object]]] = {
    "the Deployments": ("deployments", lambda cluster: cluster.workloads(RELEASE)),
    "the ReplicaSets": ("replicasets", lambda cluster: cluster.workloads(RELEASE)),
    "the pods": ("pods", lambda cluster: cluster.workloads(RELEASE)),
    "whose Deployments": ("deployments", lambda cluster: cluster.deployments(RELEASE)),
    "the autoscalers": ("horizontalpodautoscalers", lambda cluster: cluster.scalers(RELEASE)),
    "the Services": ("services", lambda cluster: cluster.endpoints(RELEASE)),
    "the endpoints": ("endpointslices", lambda cluster: cluster.endpoints(RELEASE)),
    "the events": ("events", lambda cluster: cluster.events(RELEASE)),
}


class Elsewhere(ClusterConnection):
    """Answers with the objects of the kinds above, and with one document in place of one of them."""

    def __init__(self, instead: Mapping[str, Any]) -> None:
        self._instead = instead

    def ask(self, release: Release, path: str, *_: Any, **__: Any) -> Answer:
        """The list of the kind that is asked for, or the object."""
        kind = path.rpartition("/")[2]
        found = {"kind": "List", "items": [KINDS[kind]] if kind in KINDS else []}
        body = json.dumps(self._instead.get(kind, found)).encode()
        return Answer(f"{release.cluster}, {path}", 200, {"Date": "Sun, 29 Nov 2026 00:00:00 GMT"}, body)


@pytest.mark.parametrize("name", READS)
def test_an_object_of_another_form_is_an_error_of_the_cluster(name: str) -> None:
    kind, read = READS[name]
    assert read(EksCluster(Elsewhere({})))
    refused = 0
    for what, item in foreign(KINDS[kind]):
        error = _error_of(partial(read, EksCluster(Elsewhere({kind: {"kind": "List", "items": [item]}}))))
        refused += _is_told(error, what)
    assert refused > 2


@pytest.mark.parametrize(
    ("kind", "right", "read"),
    [
        ("erp-build-erp", LEASE, lambda connection: ClusterLeases(connection).read(RELEASE)),
        ("", {"gitVersion": "v1.34.4"}, lambda connection: EksCluster(connection).version(RELEASE)),
        ("nodes", {"items": [NODE]}, lambda connection: EksCluster(connection).architectures("erp-dev")),
        (
            "selfsubjectaccessreviews",
            {"status": {"allowed": True}},
            lambda connection: EksCluster(connection).missing_rights(RELEASE, [Right("a", "", "pods", "get")]),
        ),
        (
            "v1",
            {"resources": [{"name": "pods", "kind": "Pod", "namespaced": True}]},
            lambda connection: EksCluster(connection).served(RELEASE, [Kind("apps/v1", "Pod")]),
        ),
        (
            "apps",
            {"versions": [{"groupVersion": "apps/v1"}]},
            lambda connection: EksCluster(connection).served_versions(RELEASE, "apps"),
        ),
    ],
    ids=["the lease", "the version", "the nodes", "the rights", "the resources", "the versions"],
)
def test_a_document_of_another_form_is_an_error_of_the_cluster(
    kind: str, right: Any, read: Callable[[ClusterConnection], object]
) -> None:
    read(Elsewhere({kind: right}))
    errors = [
        _is_told(_error_of(partial(read, Elsewhere({kind: document}))), what) for what, document in foreign(right)
    ]
    assert any(errors)


def test_a_lease_without_the_time_of_the_server_is_told() -> None:
    class Timeless(Elsewhere):
        def ask(self, *arguments: Any, **named: Any) -> Answer:
            return super().ask(*arguments, **named)._replace(headers={})

    with pytest.raises(ReleaseFailed, match="the answer of the cluster cannot be read") as caught:
        ClusterLeases(Timeless({"erp-build-erp": LEASE})).read(RELEASE)
    assert (caught.value.code, caught.value.why) == (9, "it has no 'Date'")


def _is_told(error: ErpBuildError | None, what: str) -> bool:
    if error is None:
        return False
    assert error.code == 9, what
    assert error.where, what
    assert error.next_step, what
    return True


def _error_of(read: Callable[[], object]) -> ErpBuildError | None:
    try:
        read()
    except ErpBuildError as error:
        return error
    return None

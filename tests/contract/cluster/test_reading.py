"""What else is read of a cluster: Services with their endpoints, warnings, logs, and objects as they are."""

from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Endpoints
from tests.contract.cluster.conftest import LISTS, RELEASE
from tests.support.loopback import Loopback

SERVICES = "/api/v1/namespaces/erp-dev/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/erp-dev/endpointslices"
EVENTS = "/api/v1/namespaces/erp-dev/events"
LOG = "/api/v1/namespaces/erp-dev/pods/a-1/log"
HPAS = "/apis/autoscaling/v2/namespaces/erp-dev/horizontalpodautoscalers"
OWNED = {"meta.helm.sh/release-name": RELEASE.name}


def items(*found: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "List", "items": list(found)}


@pytest.mark.parametrize(
    "answer", [{}, {"items": []}, {"kind": "Status"}, {"kind": "DeploymentList"}, {"kind": "PodList", "items": {}}]
)
def test_an_answer_that_is_no_list_is_not_taken_for_an_empty_one(
    answer: dict[str, Any], cluster: EksCluster, server: Loopback
) -> None:
    server.serve(LISTS["deployments"], answer)
    with pytest.raises(ReleaseFailed, match="not that of a Kubernetes API server") as caught:
        cluster.workloads(RELEASE)
    assert "HTTP 200, no list of objects" in caught.value.why


def test_a_list_of_nothing_is_one(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LISTS["deployments"], {"kind": "DeploymentList", "items": None})
    assert cluster.workloads(RELEASE) == ()


def test_a_service_counts_the_addresses_that_are_ready(cluster: EksCluster, server: Loopback) -> None:
    mine = {"metadata": {"name": "a", "annotations": OWNED}, "spec": {"selector": {"app": "a"}}}
    other = {"metadata": {"name": "b"}, "spec": {"selector": {"app": "b"}}}
    label = {"kubernetes.io/service-name": "a"}
    endpoints = [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": True}},
        {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
        {"addresses": ["10.0.0.3"], "conditions": {}},
    ]
    server.serve(SERVICES, items(mine, other))
    found = {"metadata": {"name": "a-x", "labels": label}, "addressType": "IPv4", "endpoints": endpoints}
    server.serve(SLICES, items(found))
    assert cluster.endpoints(RELEASE) == (Endpoints(name="a", selector=(("app", "a"),), ready=2, not_ready=1),)


def test_warnings_come_oldest_first_and_those_that_may_not_be_read_are_none(
    cluster: EksCluster, server: Loopback
) -> None:
    def event(version: str, reason: str, count: int | None) -> dict[str, Any]:
        about = {"kind": "Pod", "name": "a-1"}
        metadata = {"name": f"e{version}", "namespace": "erp-dev", "resourceVersion": version}
        return {"metadata": metadata, "involvedObject": about, "reason": reason, "message": "m\n", "count": count}

    server.serve(EVENTS, items(event("9", "BackOff", 3), event("8", "Failed", None)))
    assert cluster.events(RELEASE) == (ClusterEvent("a-1", "Failed", "m"), ClusterEvent("a-1", "BackOff", "m", 3))
    server.serve(EVENTS, {"kind": "Status"}, 403)
    assert cluster.events(RELEASE) == ()


def test_the_log_of_the_container_that_ended_comes_first(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LOG, "starting\nno disk \xff\n".encode("latin-1"))
    assert cluster.log(RELEASE, "a-1", "a") == ("starting", "no disk \N{REPLACEMENT CHARACTER}")
    assert "previous=True" in server.asked[-1].path or "previous=true" in server.asked[-1].path
    assert "tailLines=20" in server.asked[-1].path


def test_a_container_without_a_log_has_none(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LOG, {"kind": "Status", "message": "container is waiting to start"}, 400)
    assert cluster.log(RELEASE, "a-1", "a") == ()


def test_every_autoscaler_of_the_namespace_counts_whoever_made_it(cluster: EksCluster, server: Loopback) -> None:
    spec = {"minReplicas": 2, "maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "a"}}
    server.serve(HPAS, items({"metadata": {"name": "keda-hpa-a"}, "spec": spec}))
    (scaler,) = cluster.scalers(RELEASE)
    assert scaler["spec"]["scaleTargetRef"]["name"] == "a"


BINDINGS = "/apis/elbv2.k8s.aws/v1beta1/namespaces/erp-dev/targetgroupbindings"


def test_bindings_are_read_whoever_made_them(cluster: EksCluster, server: Loopback) -> None:
    found = {"metadata": {"name": "k8s-erpdev-a-0a1b"}, "spec": {"targetGroupARN": "arn", "serviceRef": {"name": "a"}}}
    server.serve(BINDINGS, {"kind": "TargetGroupBindingList", "items": [found]})
    assert cluster.target_bindings(RELEASE) == (found,)


def test_a_cluster_without_that_kind_has_none_and_one_that_refuses_says_so(
    cluster: EksCluster, server: Loopback
) -> None:
    server.serve(BINDINGS, {"kind": "Status"}, 404)
    assert cluster.target_bindings(RELEASE) == ()
    server.serve(BINDINGS, {"kind": "Status", "message": "cannot list"}, 403)
    with pytest.raises(ReleaseFailed, match="403 Forbidden"):
        cluster.target_bindings(RELEASE)

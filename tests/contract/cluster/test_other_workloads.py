"""Objects of other kinds that make pods: their counters in the words of a Deployment, their pods, and the calls."""

from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import Refused
from erp_build.model.releases.kubernetes import ObjectName, Workload
from tests.contract.cluster.conftest import LISTS, RELEASE
from tests.support.loopback import Loopback

BATCH = {"Job": "batch/v1", "CronJob": "batch/v1"}
PROBE = {"httpGet": {"path": "/", "port": 80}}


def path_of(kind: str, namespace: str = "erp-dev") -> str:
    return f"/apis/{BATCH.get(kind, 'apps/v1')}/namespaces/{namespace}/{kind.lower()}s"


def item(kind: str, spec: dict[str, Any], status: dict[str, Any], name: str = "kafka", **about: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": "k:1"}]}}
    pods = {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"template": template}
    metadata = {"name": name, "uid": f"u-{name}", "generation": 3, **about}
    return {"metadata": metadata, "spec": {**spec, **pods}, "status": status}


def pod(
    name: str, labels: dict[str, str] | None = None, *, owner: str = "u-kafka", restarts: int = 0
) -> dict[str, Any]:
    state = {
        "name": "kafka",
        "image": "docker.io/k:1",
        "imageID": "k@sha256:1",
        "ready": True,
        "restartCount": restarts,
    }
    owners = [{"kind": "x", "uid": owner, "controller": True}]
    about = {"name": name, "uid": name, "labels": labels or {}, "ownerReferences": owners}
    spec = {"containers": [{"name": "kafka", "image": "k:1"}]}
    return {"metadata": about, "spec": spec, "status": {"containerStatuses": [state]}}


def listed(*found: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "List", "items": list(found)}


def read(cluster: EksCluster, server: Loopback, kind: str, *found: dict[str, Any], pods: Any = ()) -> Workload:
    server.serve(LISTS["deployments"], listed())
    server.serve(LISTS["pods"], listed(*pods))
    server.serve(path_of(kind), listed(*found, item(kind, {}, {}, "another")))
    (workload,) = cluster.workloads(RELEASE, [ObjectName(kind, "kafka")])
    return workload


SET = {
    "observedGeneration": 3,
    "replicas": 3,
    "updatedReplicas": 3,
    "availableReplicas": 3,
    "updateRevision": "kafka-2",
}


@pytest.mark.parametrize(
    ("spec", "status", "complete"),
    [
        pytest.param({}, {}, True, id="all new and ready"),
        pytest.param({}, {"observedGeneration": 2}, False, id="not yet seen"),
        pytest.param({}, {"updatedReplicas": 2}, False, id="one is old"),
        pytest.param({}, {"availableReplicas": 2}, False, id="one is not ready"),
        pytest.param({}, {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, False, id="one is not there"),
        pytest.param(
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
            {"updatedReplicas": 1},
            True,
            id="two are left old by a partition",
        ),
        pytest.param(
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
            {"updatedReplicas": 1},
            False,
            id="one of the partition is still old",
        ),
        pytest.param(
            {"updateStrategy": {"type": "OnDelete"}}, {"updatedReplicas": 0}, True, id="only people replace pods"
        ),
    ],
)
def test_a_stateful_set_is_complete_by_the_rule_of_kubectl(
    cluster: EksCluster, server: Loopback, spec: dict[str, Any], status: dict[str, Any], *, complete: bool
) -> None:
    found = read(cluster, server, "StatefulSet", item("StatefulSet", {"replicas": 3, **spec}, {**SET, **status}))
    assert found.rolled_out is complete


def test_the_new_pods_of_a_stateful_set_are_those_of_its_newest_revision(cluster: EksCluster, server: Loopback) -> None:
    pods = [
        pod("kafka-0", {"controller-revision-hash": "kafka-2"}, restarts=4),
        pod("kafka-1", {"controller-revision-hash": "kafka-1"}),
        pod("other-0", owner="u-other"),
    ]
    found = read(cluster, server, "StatefulSet", item("StatefulSet", {"replicas": 3}, SET), pods=pods)
    assert {one.name: (one.current, one.restarts) for one in found.pods} == {
        "kafka-0": (True, 4),
        "kafka-1": (False, 0),
    }
    assert [one.image for one in found.pods[0].containers] == ["k:1"], "as the pod names it, not as the runtime does"


@pytest.mark.parametrize(
    ("kind", "status", "is_current"), [("StatefulSet", SET, False), ("DaemonSet", {}, False), ("Job", {}, True)]
)
def test_a_pod_that_has_ended_is_new_no_more_but_that_of_a_job(
    cluster: EksCluster, server: Loopback, kind: str, status: dict[str, Any], *, is_current: bool
) -> None:
    evicted = pod("kafka-0", {"controller-revision-hash": "kafka-2"})
    evicted["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    found = read(cluster, server, kind, item(kind, {}, status), pods=[evicted])
    assert [one.current for one in found.pods] == [is_current]


def test_a_stateful_set_without_pods_by_choice_is_complete(cluster: EksCluster, server: Loopback) -> None:
    found = read(cluster, server, "StatefulSet", item("StatefulSet", {"replicas": 0}, {"observedGeneration": 3}))
    assert (found.rolled_out, found.progress) == (True, "runs nothing by choice: 0 replicas")


NODES = {"observedGeneration": 3, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("spec", "status", "complete"),
    [
        pytest.param({}, {}, True, id="on every node"),
        pytest.param({}, {"observedGeneration": 2}, False, id="not yet seen"),
        pytest.param({}, {"updatedNumberScheduled": 1}, False, id="one is old"),
        pytest.param({}, {"numberAvailable": 1}, False, id="one is not ready"),
        pytest.param({"updateStrategy": {"type": "OnDelete"}}, {"updatedNumberScheduled": 0}, True, id="by people"),
        pytest.param(
            {}, {"desiredNumberScheduled": 0, "updatedNumberScheduled": 0, "numberAvailable": 0}, True, id="none"
        ),
    ],
)
def test_a_daemon_set_is_complete_by_the_rule_of_kubectl(
    cluster: EksCluster, server: Loopback, spec: dict[str, Any], status: dict[str, Any], *, complete: bool
) -> None:
    found = read(cluster, server, "DaemonSet", item("DaemonSet", spec, {**NODES, **status}))
    assert found.rolled_out is complete


def test_the_new_pods_of_a_daemon_set_are_those_of_its_newest_template(cluster: EksCluster, server: Loopback) -> None:
    made = item("DaemonSet", {}, NODES, annotations={"deprecated.daemonset.template.generation": "5"})
    pods = [pod("a", {"pod-template-generation": "5"}), pod("b", {"pod-template-generation": "4"})]
    found = read(cluster, server, "DaemonSet", made, pods=pods)
    assert {one.name: one.current for one in found.pods} == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("spec", "conditions", "state"),
    [
        pytest.param({}, [], (False, False, "has not ended well yet"), id="at work"),
        pytest.param({}, [("Complete", "True")], (True, False, "has ended well"), id="done"),
        pytest.param({}, [("Failed", "False")], (False, False, "has not ended well yet"), id="not failed"),
        pytest.param({}, [("Failed", "True")], (False, True, "has not ended well yet"), id="failed for good"),
        pytest.param(
            {"suspend": True},
            [("Suspended", "True")],
            (True, False, "runs nothing by choice: it is suspended"),
            id="idle",
        ),
    ],
)
def test_a_job_says_itself_how_it_ended(
    cluster: EksCluster, server: Loopback, spec: dict[str, Any], conditions: Any, state: Any
) -> None:
    words = [{"type": kind, "status": status, "reason": "R", "message": "m"} for kind, status in conditions]
    found = read(cluster, server, "Job", item("Job", spec, {"conditions": words}))
    assert (found.rolled_out, found.is_over, found.progress) == state
    assert found.failure == ("R: m" if state[1] else "")


def test_a_cron_job_tells_its_template(cluster: EksCluster, server: Loopback) -> None:
    found = read(cluster, server, "CronJob", item("CronJob", {"schedule": "0 3 * * *"}, {}))
    assert (found.images, found.rolled_out) == (("k:1",), True)


def test_a_paused_deployment_says_so_and_its_probes_are_known(cluster: EksCluster, server: Loopback) -> None:
    made = item(
        "Deployment", {"paused": True}, {"observedGeneration": 3}, annotations={"meta.helm.sh/release-name": "erp"}
    )
    made["spec"]["template"]["spec"]["containers"].append({"name": "web", "image": "w:1", "readinessProbe": PROBE})
    for kind in LISTS:
        server.serve(LISTS[kind], listed(made) if kind == "deployments" else listed())
    (found,) = cluster.workloads(RELEASE)
    assert found.paused
    assert [(one.name, one.probed) for one in found.containers] == [("kafka", False), ("web", True)]


def test_the_number_of_calls_grows_with_kinds_and_namespaces_and_not_with_objects(
    cluster: EksCluster, server: Loopback
) -> None:
    for path in (LISTS["deployments"], LISTS["pods"], path_of("StatefulSet"), path_of("Job", "logging")):
        server.serve(path, listed())
    server.serve(path_of("DaemonSet", "logging"), listed(*(item("DaemonSet", {}, NODES, f"d{n}") for n in range(50))))
    server.serve("/api/v1/namespaces/logging/pods", listed())
    sets = [ObjectName("StatefulSet", f"s{number}") for number in range(50)]
    daemons = [ObjectName("DaemonSet", f"d{number}", "logging") for number in range(50)]
    found = cluster.workloads(RELEASE, [*sets, *daemons, ObjectName("Job", "j", "logging")])
    assert {(one.kind, one.namespace) for one in found} == {("DaemonSet", "logging")}
    assert len(found) == 50
    assert len(server.asked) == 6


def test_another_namespace_that_may_not_be_read_is_an_error(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LISTS["deployments"], listed())
    server.serve(LISTS["pods"], listed())
    server.serve("/api/v1/namespaces/logging/pods", {"message": 'cannot list resource "pods"'}, 403)
    with pytest.raises(Refused, match="403") as caught:
        cluster.workloads(RELEASE, [ObjectName("DaemonSet", "d", "logging")])
    assert "logging" in caught.value.where

"""What of a release runs, read from recorded lists; each case is a file in tests/recorded/kubernetes."""

from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.model.releases.kubernetes import Pod, Workload
from tests.contract.cluster.conftest import LISTS, RECORDED, RELEASE, recorded, serve
from tests.support.loopback import Loopback

CASES = sorted(file.stem for file in RECORDED.glob("*.json"))
assert CASES


def described(found: Pod | Workload) -> dict[str, Any]:
    """What a case may say of a workload or of a pod with one container."""
    fields = {name: getattr(found, name) for name in type(found).__slots__}
    if isinstance(found, Workload):
        pods = {pod.name: described(pod) for pod in found.pods}
        return {**fields, "images": list(found.images), "pods": pods, "rolled_out": found.rolled_out,
                "progress": found.progress}  # fmt: skip
    container = found.containers[0] if found.containers else None
    own = {name: getattr(container, name) for name in type(container).__slots__} if container else {}
    return {**fields, **own, "digest": container.digest if container else ""}


def only(found: Any, wanted: Any) -> Any:
    """Of what was found that which a case speaks of; the names of workloads and pods are always spoken of."""
    if not isinstance(wanted, dict):
        return found
    names = wanted if "current" in found or "failure" in found else found
    return {name: only(found[name], wanted.get(name)) for name in names}


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_cluster_reads_as_its_file_says(name: str, cluster: EksCluster, server: Loopback) -> None:
    case = recorded(name)
    serve(server, case)
    found = {workload.name: described(workload) for workload in cluster.workloads(RELEASE)}
    assert only(found, case["workloads"]) == case["workloads"]


def test_nothing_more_is_asked_where_nothing_is_of_the_release(cluster: EksCluster, server: Loopback) -> None:
    serve(server, recorded("nothing-of-the-release"))
    assert cluster.workloads(RELEASE) == ()
    assert [asked.path for asked in server.asked] == [LISTS["deployments"]]


def test_a_pod_of_a_deployment_that_was_evicted_is_not_one_of_its_new_pods(
    cluster: EksCluster, server: Loopback
) -> None:
    """The kubelet leaves it there, and its ReplicaSet makes another one."""
    case = recorded("steady")
    serve(server, case)
    before = {one.name: len(one.current_pods) for one in cluster.workloads(RELEASE)}
    for pod in case["pods"]["items"]:
        pod["status"] |= {"phase": "Failed", "reason": "Evicted"}
    serve(server, case)
    after = cluster.workloads(RELEASE)
    assert any(before.values())
    assert {one.name: len(one.current_pods) for one in after} == dict.fromkeys(before, 0)
    assert {len(one.pods) for one in after} == set(before.values())

"""Sign-in at each call, TLS by the cluster's own certificate, and what a refusal or silence of the API becomes."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.patience import Patience, patient
from erp_build.errors import OutOfReach, ReleaseFailed
from tests.contract.cluster.conftest import LISTS, RELEASE, Way, cluster_by, recorded, serve
from tests.support.cases import transient
from tests.support.certificates import make_certificate
from tests.support.loopback import ANY, Loopback, loopback


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "cluster.pem")


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Loopback]:
    with loopback(certificate) as served:
        yield served


def refusal(cluster: EksCluster) -> ReleaseFailed:
    with pytest.raises(ReleaseFailed) as caught:
        cluster.workloads(RELEASE)
    return caught.value


def test_every_request_is_signed_in_with_a_token_that_is_good_at_that_moment(
    cluster: EksCluster, server: Loopback
) -> None:
    serve(server, recorded("steady"))
    cluster.workloads(RELEASE)
    asked = [(request.path, request.headers["authorization"]) for request in server.asked]
    assert asked == [(path, f"Bearer token-{number}") for number, path in enumerate(LISTS.values(), 1)]


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [
        (401, "Unauthorized", "authentication mode API_AND_CONFIG_MAP): add an access entry"),
        (
            403,
            "Forbidden",
            "allow it to the role in namespace erp-dev: erp-build doctor --only rights --write access.yaml",
        ),
        (300, "Multiple Choices", "look at the API server"),
        (404, "Not Found", "look at the API server"),
        (500, "Internal Server Error", "look at the API server"),
        (503, "Service Unavailable", "look at the API server"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, reason: str, hint: str, cluster: EksCluster, server: Loopback) -> None:
    server.serve(ANY, {"kind": "Status", "status": "Failure", "code": status, "message": "no"}, status)
    error = refusal(cluster)
    assert error.what == f"the cluster answered {status} {reason}"
    assert error.where == "erp-dev, namespace erp-dev"
    assert hint in error.next_step


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("unable to create new content in namespace erp-dev because it is being terminated", "is being deleted"),
        ('admission webhook "policy.example" denied the request: no', "a policy of the cluster refuses the object"),
        ('pods "a" is forbidden: exceeded quota: q', "the namespace's quota is used up"),
    ],
)
def test_a_refusal_that_no_right_would_change_names_its_cause(
    message: str, hint: str, cluster: EksCluster, server: Loopback
) -> None:
    server.serve(ANY, {"kind": "Status", "status": "Failure", "code": 403, "message": message}, 403)
    assert hint in refusal(cluster).next_step


def test_a_cluster_without_access_entries_asks_for_a_line_of_aws_auth(server: Loopback) -> None:
    with cluster_by(Way(server.address, mode="CONFIG_MAP")) as cluster:
        server.serve(ANY, {"kind": "Status"}, 401)
        assert "mode CONFIG_MAP): it has no access entries: add the role" in refusal(cluster).next_step


def test_a_token_that_is_not_taken_any_more_is_forgotten_and_worth_another_try(server: Loopback) -> None:
    way = Way(server.address)
    with cluster_by(way) as cluster:
        server.serve(ANY, {"kind": "Status"}, 401)
        error = refusal(cluster)
        assert isinstance(error, OutOfReach)
        assert error.what.startswith("the cluster answered 401")
        assert way.forgotten == 1
        server.serve(ANY, {"kind": "Status"}, 403)
        error = refusal(cluster)
        assert not isinstance(error, OutOfReach)
        assert error.what.startswith("the cluster answered 403")


def test_an_answer_that_is_no_document_is_not_taken_for_an_empty_list(cluster: EksCluster, server: Loopback) -> None:
    server.serve(ANY, b"<html>sign in to the network</html>")
    error = refusal(cluster)
    assert error.what == "the response is not that of a Kubernetes API server"
    assert error.where == "erp-dev, apis/apps/v1/namespaces/erp-dev/deployments"
    assert "<html>sign in" in error.why


def test_pods_that_may_not_be_listed_are_a_refusal_too(cluster: EksCluster, server: Loopback) -> None:
    serve(server, recorded("steady"))
    server.serve(LISTS["pods"], {"kind": "Status", "message": "pods is forbidden"}, 403)
    error = refusal(cluster)
    assert error.why == "pods is forbidden"
    assert "erp-build doctor --only rights --write" in error.next_step


def test_a_cluster_where_nobody_listens_points_to_the_network() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with cluster_by(Way(address)) as cluster:
            error = refusal(cluster)
    assert error.what == "the cluster cannot be reached"
    assert error.where == f"erp-dev, {address}"
    assert "private endpoint" in error.next_step


def test_a_cluster_is_trusted_by_the_certificate_that_aws_names(tls_server: Loopback, certificate: Path) -> None:
    serve(tls_server, recorded("steady"))
    with cluster_by(Way(tls_server.address, certificate)) as cluster:
        assert len(cluster.workloads(RELEASE)) == 2


def test_a_cluster_with_another_certificate_gets_no_token(tls_server: Loopback, tmp_path: Path) -> None:
    with cluster_by(Way(tls_server.address, make_certificate(tmp_path / "another.pem"))) as cluster:
        error = refusal(cluster)
    assert "certificate verify failed" in error.why.lower().replace("_", " ")
    assert not tls_server.asked


@pytest.mark.parametrize("case", transient("http"))
def test_an_answer_of_the_api_passes_or_not_and_is_asked_for_once(
    case: dict[str, Any], cluster: EksCluster, server: Loopback
) -> None:
    server.headers = case.get("headers", {})
    server.serve(ANY, {"kind": "Status", "message": case.get("message", "no")}, case["status"])
    error = refusal(cluster)
    assert (error.passes, isinstance(error, OutOfReach)) == (case["passes"], case["passes"])
    assert error.wait == case.get("wait", error.wait)
    assert len(server.asked) == 1


@pytest.mark.parametrize("case", transient("http"))
def test_events_logs_and_nodes_are_missing_only_after_a_final_answer(
    case: dict[str, Any], cluster: EksCluster, server: Loopback
) -> None:
    server.serve(ANY, {"kind": "Status", "message": "no"}, case["status"])
    reads = (
        lambda: cluster.events(RELEASE),
        lambda: cluster.log(RELEASE, "a-1", "a"),
        lambda: tuple(cluster.architectures(RELEASE.cluster)),
    )
    for read in reads:
        if case["passes"]:
            with pytest.raises(OutOfReach, match=f"the cluster answered {case['status']}"):
                read()
        else:
            assert read() == ()


def test_a_cluster_that_cannot_answer_for_a_moment_is_asked_again(cluster: EksCluster, server: Loopback) -> None:
    class Recovering(SimulatedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            serve(server, recorded("steady"))
            del server.served[ANY]

    server.serve(ANY, {"kind": "Status", "message": "etcdserver: leader changed"}, 500)
    said: list[str] = []
    found = patient(cluster, Patience(Recovering(), said.append)).workloads(RELEASE)
    assert len(found) == 2
    (line,) = said
    assert line.startswith("the cluster answered 500 Internal Server Error, erp-dev, namespace erp-dev: etcdserver")


def test_a_wrong_certificate_does_not_pass(tls_server: Loopback, tmp_path: Path) -> None:
    with cluster_by(Way(tls_server.address, make_certificate(tmp_path / "another.pem"))) as cluster:
        assert not refusal(cluster).passes


def test_a_cluster_that_does_not_know_the_role_leaves_the_nodes_unknown(cluster: EksCluster, server: Loopback) -> None:
    server.serve(ANY, {"kind": "Status", "message": "Unauthorized"}, 401)
    assert cluster.architectures(RELEASE.cluster) == frozenset()
    assert len(server.asked) == 2, "the second one with a new token, because the first one may have expired"

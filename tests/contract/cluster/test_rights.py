"""Which kinds a cluster serves and what the caller may do there, by the answers of a real API server."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.deployment.rights.assumed import assumed_resources
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.rights import URLS, Kind, Resource, Right
from tests.contract.cluster.conftest import RELEASE
from tests.support.loopback import Asked, Loopback

RECORDED = Path(__file__).parents[2] / "recorded" / "discovery"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LISTS = sorted(file.stem for file in RECORDED.glob("*v[0-9]*.json"))
assert LISTS


@pytest.fixture(autouse=True)
def _discovery(server: Loopback) -> None:
    for file in RECORDED.glob("*.json"):
        server.serve(f"/{file.stem.replace('__', '/')}", json.loads(file.read_text(encoding="utf-8")))


def test_a_kind_has_the_resource_that_the_api_says_and_others_are_not_served(
    cluster: EksCluster, server: Loopback
) -> None:
    deployment, scale = Kind("apps/v1", "Deployment"), Kind("apps/v1", "Scale")
    space, old = Kind("v1", "Namespace"), Kind("policy/v1beta1", "PodDisruptionBudget")
    assert cluster.served(RELEASE, [deployment, scale, space, old]) == {
        deployment: Resource("deployments", is_namespaced=True),
        space: Resource("namespaces", is_namespaced=False),
    }
    # One call for each version, however many kinds it has; a subresource is no kind.
    assert sorted(asked.path for asked in server.asked) == ["/api/v1", "/apis/apps/v1", "/apis/policy/v1beta1"]


def test_no_kind_needs_no_call(cluster: EksCluster, server: Loopback) -> None:
    assert cluster.served(RELEASE, []) == {}
    assert cluster.missing_rights(RELEASE, []) == frozenset()
    assert server.asked == []


def test_the_versions_of_a_group_are_told_and_a_group_that_is_not_there_has_none(cluster: EksCluster) -> None:
    assert cluster.served_versions(RELEASE, "apps") == ("apps/v1",)
    assert cluster.served_versions(RELEASE, "") == ("v1",)
    assert cluster.served_versions(RELEASE, "external-secrets.io") == ()


def test_a_proxy_in_front_is_not_taken_for_a_cluster_that_serves_nothing(cluster: EksCluster, server: Loopback) -> None:
    server.serve("/apis/apps/v1", b"<html>sign in</html>")
    with pytest.raises(ReleaseFailed, match="not that of a Kubernetes API server"):
        cluster.served(RELEASE, [Kind("apps/v1", "Deployment")])


@pytest.mark.parametrize("name", LISTS)
def test_what_is_assumed_of_kubernetes_own_kinds_is_what_it_serves(name: str, cluster: EksCluster) -> None:
    document = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    own = {Kind(document["groupVersion"], one["kind"]) for one in document["resources"] if "/" not in one["name"]}
    assert cluster.served(RELEASE, own) == assumed_resources(own)


ALLOWED = {
    "kind": "SelfSubjectAccessReview",
    "apiVersion": "authorization.k8s.io/v1",
    "metadata": {"managedFields": []},
    "spec": {"resourceAttributes": {"namespace": "logs", "verb": "get", "resource": "pods"}},
    "status": {"allowed": True, "reason": 'RBAC: allowed by RoleBinding "erp-build/logs" of Role "erp-build"'},
}
DENIED = {**ALLOWED, "status": {"allowed": False}}


def answering(server: Loopback, monkeypatch: pytest.MonkeyPatch, denied: set[str]) -> list[dict[str, Any]]:
    """Let the server deny resources; returns what it is asked, in any order."""
    questions: list[dict[str, Any]] = []

    def answer(asked: Asked) -> tuple[int, Any]:
        assert (asked.verb, asked.path) == ("POST", REVIEWS)
        question = json.loads(asked.body)["spec"]
        questions.append(question)
        about = question.get("resourceAttributes") or question["nonResourceAttributes"]
        return 201, DENIED if about.get("resource", about.get("path")) in denied else ALLOWED

    monkeypatch.setattr(server, "answer", answer)
    return questions


def test_each_right_is_asked_for_once_as_the_api_names_it(
    cluster: EksCluster, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = answering(server, monkeypatch, set())
    log = Right("logs", "", "pods/log", "get")
    role = Right("", "rbac.authorization.k8s.io", "clusterroles", "bind", "view")
    assert cluster.missing_rights(RELEASE, [log, role, log, Right("", URLS, "/metrics", "get")]) == frozenset()
    assert len(questions) == 3
    for question in (
        {"resourceAttributes": {"namespace": "logs", "verb": "get", "resource": "pods", "subresource": "log"}},
        {"resourceAttributes": {
            "verb": "bind", "group": "rbac.authorization.k8s.io", "resource": "clusterroles", "name": "view"}},
        {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}},
    ):  # fmt: skip
        assert question in questions


def test_what_is_denied_is_missing(cluster: EksCluster, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(server, monkeypatch, {"secrets", "/metrics"})
    secrets, pods = Right("a", "", "secrets", "list"), Right("a", "", "pods", "list")
    metrics = Right("", URLS, "/metrics", "get")
    many = [Right(f"n{number}", "", "pods", "get") for number in range(30)]
    assert cluster.missing_rights(RELEASE, [secrets, pods, metrics, *many]) == {secrets, metrics}


def test_a_cluster_that_does_not_answer_one_review_has_not_allowed_the_rest(
    cluster: EksCluster, server: Loopback
) -> None:
    server.serve(REVIEWS, {"kind": "Status", "message": "etcd is away"}, 503)
    with pytest.raises(ReleaseFailed, match="answered 503"):
        cluster.missing_rights(RELEASE, [Right("a", "", "pods", verb) for verb in ("get", "list", "watch")])


@pytest.mark.parametrize(
    ("right", "path"),
    [
        (Right("logs", "rbac.authorization.k8s.io", "roles", "bind", "a"), "namespaces/logs/roles/a"),
        (Right("logs", "rbac.authorization.k8s.io", "clusterroles", "bind", "view"), "clusterroles/view"),
        (Right("", "rbac.authorization.k8s.io", "clusterroles", "bind", "system:a"), "clusterroles/system%3Aa"),
    ],
)
def test_a_role_is_read_where_it_is_and_one_that_may_not_be_read_is_none(
    right: Right, path: str, cluster: EksCluster, server: Loopback
) -> None:
    where = f"/apis/rbac.authorization.k8s.io/v1/{path}"
    server.serve(where, {"kind": "Status", "message": "forbidden"}, 403)
    assert cluster.role(RELEASE, right) is None
    server.serve(where, {"kind": "ClusterRole", "rules": []})
    assert cluster.role(RELEASE, right) == {"kind": "ClusterRole", "rules": []}

"""How the objects of a manifest are found in the cluster, and what a dry run says of them."""

import json
from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.errors import ReleaseFailed
from tests.contract.cluster.conftest import RELEASE
from tests.support.loopback import Loopback

APPS, CORE, KEDA = "/apis/apps/v1", "/api/v1", "/apis/keda.sh/v1alpha1"
DEPLOYMENT = f"{APPS}/namespaces/erp-dev/deployments/a"
REFUSED = {"kind": "Status", "message": "forbidden"}


def an(version: str, kind: str, **metadata: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", **metadata}, "status": {"replicas": 0}}


@pytest.fixture(autouse=True)
def _kinds(server: Loopback) -> None:
    """The kinds that the cluster knows."""
    kinds = {
        APPS: [("deployments", "Deployment", True), ("deployments/scale", "Scale", True)],
        CORE: [("services", "Service", True), ("namespaces", "Namespace", False)],
    }
    for path, found in kinds.items():
        listed = [{"name": name, "kind": kind, "namespaced": inside} for name, kind, inside in found]
        server.serve(path, {"kind": "APIResourceList", "resources": listed})
    server.serve(KEDA, {"kind": "Status"}, 404)


def test_an_object_is_read_where_its_kind_is(cluster: EksCluster, server: Loopback) -> None:
    paths = {
        DEPLOYMENT: an("apps/v1", "Deployment"),
        f"{CORE}/namespaces/logs/services/a": an("v1", "Service", namespace="logs"),
        f"{CORE}/namespaces/a": an("v1", "Namespace"),
    }
    for path, item in paths.items():
        server.serve(path, {**item, "found": path})
        found = cluster.live_object(RELEASE, item)
        assert found is not None
        assert found["found"] == path
    asked = [one.path.partition("?")[0] for one in server.asked]
    assert asked == [APPS, DEPLOYMENT, CORE, *list(paths)[1:]], "the kinds of an API are asked for once"


def test_an_object_that_was_removed_is_gone(cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, {"kind": "Status"}, 404)
    assert cluster.live_object(RELEASE, an("apps/v1", "Deployment")) is None


def test_an_object_that_may_not_be_read_or_has_an_unknown_kind_is_empty(cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, REFUSED, 403)
    for item in (an("apps/v1", "Deployment"), an("apps/v1", "Unknown"), an("keda.sh/v1alpha1", "ScaledObject")):
        assert cluster.live_object(RELEASE, item) == {}


def test_a_dry_run_applies_the_object_without_its_status_and_changes_nothing(
    cluster: EksCluster, server: Loopback
) -> None:
    applied = {"metadata": {"name": "a"}, "spec": {"replicas": 2}}
    server.serve(DEPLOYMENT, applied)
    assert cluster.tried(RELEASE, an("apps/v1", "Deployment")) == applied
    asked = server.asked[-1]
    assert (asked.verb, asked.headers["content-type"]) == ("PATCH", "application/apply-patch+yaml")
    assert "dryRun=All" in asked.path
    assert "force=true" in asked.path
    assert json.loads(asked.body) == {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}


@pytest.mark.parametrize("found", [{}, {"metadata": None}, {"metadata": []}, {"metadata": {"labels": ["a"]}}])
def test_an_answer_that_is_no_object_is_an_error_of_the_cluster(
    found: dict[str, Any], cluster: EksCluster, server: Loopback
) -> None:
    server.serve(DEPLOYMENT, found)
    for read in (cluster.live_object, cluster.tried):
        with pytest.raises(ReleaseFailed, match="cannot be read"):
            read(RELEASE, an("apps/v1", "Deployment"))


@pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
def test_a_dry_run_that_is_refused_says_nothing(status: int, cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, REFUSED, status)
    assert cluster.tried(RELEASE, an("apps/v1", "Deployment")) is None
    assert cluster.tried(RELEASE, an("apps/v1", "Unknown")) is None

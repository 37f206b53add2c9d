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
        (found,) = cluster.live_objects(RELEASE, [item])
        assert found is not None
        assert found["found"] == path
    asked = [one.path.partition("?")[0] for one in server.asked]
    assert asked == [APPS, DEPLOYMENT, CORE, *list(paths)[1:]], "the kinds of an API are asked for once"


def test_an_object_that_was_removed_is_gone(cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, {"kind": "Status"}, 404)
    assert cluster.live_objects(RELEASE, [an("apps/v1", "Deployment")]) == (None,)


def test_several_objects_of_a_kind_that_a_run_lists_take_one_call(cluster: EksCluster, server: Loopback) -> None:
    here, there = f"{APPS}/namespaces/erp-dev/deployments", f"{CORE}/namespaces/logs/services"
    first, second = an("apps/v1", "Deployment"), an("apps/v1", "Deployment", name="b")
    services = [an("v1", "Service", namespace="logs", name=name) for name in "cd"]
    server.serve(here, {"kind": "DeploymentList", "items": [{**first, "found": 1}, an("v1", "Deployment", name="z")]})
    server.serve(there, {"kind": "ServiceList", "items": services})
    found = cluster.live_objects(RELEASE, [first, services[0], second, services[1]])
    assert found == ({**first, "found": 1}, services[0], None, services[1])
    assert [one.path.partition("?")[0] for one in server.asked] == [here, there]


def test_objects_that_may_not_be_listed_are_read_one_by_one(cluster: EksCluster, server: Loopback) -> None:
    first, second = an("apps/v1", "Deployment"), an("apps/v1", "Deployment", name="b")
    server.serve(f"{APPS}/namespaces/erp-dev/deployments", REFUSED, 403)
    server.serve(DEPLOYMENT, first)
    server.serve(f"{APPS}/namespaces/erp-dev/deployments/b", {"kind": "Status"}, 404)
    assert cluster.live_objects(RELEASE, [first, second]) == (first, None)


def test_objects_of_other_kinds_are_read_by_name_for_want_of_the_right_to_list_them(
    cluster: EksCluster, server: Loopback
) -> None:
    server.serve(CORE, {"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}]})
    maps = [an("v1", "ConfigMap", name=name) for name in "ab"]
    for item in maps:
        server.serve(f"{CORE}/namespaces/erp-dev/configmaps/{item['metadata']['name']}", item)
    assert cluster.live_objects(RELEASE, maps) == tuple(maps)


def test_an_object_that_may_not_be_read_or_has_an_unknown_kind_is_empty(cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, REFUSED, 403)
    for item in (an("apps/v1", "Deployment"), an("apps/v1", "Unknown"), an("keda.sh/v1alpha1", "ScaledObject")):
        assert cluster.live_objects(RELEASE, [item]) == ({},)


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
    item = an("apps/v1", "Deployment")
    for read in (lambda: cluster.live_objects(RELEASE, [item]), lambda: cluster.tried(RELEASE, item)):
        with pytest.raises(ReleaseFailed, match="cannot be read"):
            read()


@pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
def test_a_dry_run_that_is_refused_says_nothing(status: int, cluster: EksCluster, server: Loopback) -> None:
    server.serve(DEPLOYMENT, REFUSED, status)
    assert cluster.tried(RELEASE, an("apps/v1", "Deployment")) is None
    assert cluster.tried(RELEASE, an("apps/v1", "Unknown")) is None

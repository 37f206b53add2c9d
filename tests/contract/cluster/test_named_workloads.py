"""Deployments that are asked for by their names: what belongs to others is not asked for."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.workloads import MOST_SELECTED, label_selector
from erp_build.model.releases.kubernetes import ObjectName
from tests.contract.cluster.conftest import LISTS, RELEASE
from tests.contract.cluster.test_other_workloads import item, listed, path_of
from tests.support.loopback import Loopback

OURS = {"annotations": {"meta.helm.sh/release-name": "erp"}}


def deployment(name: str, **labels: str) -> dict[str, Any]:
    return item("Deployment", {"selector": {"matchLabels": labels}}, {"observedGeneration": 3}, name, **OURS)


def asked(server: Loopback) -> dict[str, dict[str, list[str]]]:
    """Collection -> the query of the request for it."""
    parts = [urlsplit(one.path) for one in server.asked]
    return {part.path.rpartition("/")[2]: parse_qs(part.query) for part in parts}


def serve(server: Loopback, *deployments: dict[str, Any]) -> None:
    for kind in LISTS:
        server.serve(LISTS[kind], listed(*deployments) if kind == "deployments" else listed())


def test_one_is_asked_for_by_its_name_and_its_pods_by_their_labels(cluster: EksCluster, server: Loopback) -> None:
    serve(server, deployment("a", app="a", tier="web"))
    assert [one.name for one in cluster.workloads(RELEASE, only=["a"])] == ["a"]
    selected = {"labelSelector": ["app in (a)"]}
    assert asked(server) == {
        "deployments": {"fieldSelector": ["metadata.name=a"]},
        "replicasets": selected,
        "pods": selected,
    }


def test_of_several_all_others_are_left_out(cluster: EksCluster, server: Loopback) -> None:
    serve(server, *(deployment(name, app=name) for name in "abc"))
    assert [one.name for one in cluster.workloads(RELEASE, only=["a", "c"])] == ["a", "c"]
    assert asked(server)["deployments"] == {}
    assert asked(server)["pods"] == {"labelSelector": ["app in (a,c)"]}


def test_where_pods_of_other_objects_are_wanted_all_pods_are_asked_for(cluster: EksCluster, server: Loopback) -> None:
    serve(server, deployment("a", app="a"))
    server.serve(path_of("StatefulSet"), listed())
    cluster.workloads(RELEASE, [ObjectName("StatefulSet", "kafka")], only=["a"])
    assert asked(server)["pods"] == {}
    assert asked(server)["replicasets"] == {"labelSelector": ["app in (a)"]}


def test_without_a_name_no_deployment_is_asked_for(cluster: EksCluster, server: Loopback) -> None:
    serve(server)
    server.serve(path_of("StatefulSet"), listed())
    assert cluster.workloads(RELEASE, [ObjectName("StatefulSet", "kafka")], only=[]) == ()
    assert set(asked(server)) == {"statefulsets", "pods"}


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        pytest.param([{"app": "a"}], "app in (a)", id="one"),
        pytest.param([{"app": "a"}, {"app": "b"}, {"app": "a"}], "app in (a,b)", id="each value once"),
        pytest.param(
            [{"part-of": "erp", "app": "a"}, {"part-of": "erp", "app": "b"}], "app in (a,b)", id="the telling one"
        ),
        pytest.param(
            [{"part-of": "erp", "app": "a"}, {"part-of": "erp", "component": "b"}], "part-of in (erp)", id="shared"
        ),
        pytest.param([{"app": "a"}, {"component": "b"}], "", id="none is shared"),
        pytest.param([{"app": "a"}, {}], "", id="one selects by expressions alone"),
        pytest.param([], "", id="no Deployment"),
        pytest.param([{"app": f"a-{number:060}"} for number in range(MOST_SELECTED // 60)], "", id="too long"),
    ],
)
def test_what_a_selector_is_made_of(labels: list[dict[str, str]], text: str) -> None:
    found = label_selector([deployment(f"d{number}", **one) for number, one in enumerate(labels)])
    assert found == ({"labelSelector": text} if text else {})

"""What only `doctor` asks a cluster: its version, and whose Deployments there are."""

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.capabilities import NOTHING_KNOWN
from erp_build.model.releases.kubernetes import OwnedDeployment
from tests.contract.cluster.conftest import LISTS, RELEASE
from tests.support.loopback import Loopback

STATED = {
    "major": "1", "minor": "34", "gitVersion": "v1.34.4-eks-0a1b", "gitCommit": "c", "gitTreeState": "clean",
    "buildDate": "d", "goVersion": "g", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip


def deployment(name: str, image: str, **annotations: str) -> dict[str, object]:
    template = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": image}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name, "annotations": annotations}, "spec": spec}


def test_the_version_is_that_of_the_api_server(cluster: EksCluster, server: Loopback) -> None:
    server.serve("/version/", STATED)
    assert cluster.version(RELEASE) == "v1.34.4-eks-0a1b"


def test_what_a_cluster_can_do_is_read_with_all_kinds_at_once(cluster: EksCluster, server: Loopback) -> None:
    pods = {"resource": "pods", "responseKind": {"kind": "Pod"}, "subresources": [{"subresource": "log"}]}
    kind = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    scaled = {
        "resource": "deployments",
        "responseKind": {"kind": "Deployment"},
        "subresources": [{"responseKind": kind}],
    }
    server.serve("/version/", STATED)
    server.serve("/api", {"items": [{"metadata": {}, "versions": [{"version": "v1", "resources": [pods]}]}]})
    apps = {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [scaled]}]}
    server.serve("/apis", {"items": [apps, {"metadata": {"name": "x.example"}, "versions": [{"version": "v1"}]}]})
    found = cluster.capabilities(RELEASE)
    assert found.version == "v1.34.4-eks-0a1b"
    assert found.apis == ("apps/v1", "apps/v1/Deployment", "apps/v1/Scale", "v1", "v1/Pod", "x.example/v1")
    assert "apidiscovery.k8s.io;v=v2" in server.asked[-1].headers["accept"]


def test_an_older_server_tells_its_groups(cluster: EksCluster, server: Loopback) -> None:
    server.serve("/version/", STATED)
    server.serve("/api", {"kind": "APIVersions", "versions": ["v1"]})
    server.serve("/apis", {"kind": "APIGroupList", "groups": [{"versions": [{"groupVersion": "apps/v1"}]}]})
    assert cluster.capabilities(RELEASE).apis == ("apps/v1", "v1")


def test_without_the_right_to_ask_nothing_is_known_of_a_cluster(cluster: EksCluster, server: Loopback) -> None:
    server.serve("/version/", {"message": "no"}, 403)
    assert cluster.capabilities(RELEASE) == NOTHING_KNOWN


def test_every_deployment_tells_its_release(cluster: EksCluster, server: Loopback) -> None:
    ours = deployment("a", "host/erp/a:1", **{"meta.helm.sh/release-name": "erp-dev"})
    server.serve(LISTS["deployments"], {"kind": "DeploymentList", "items": [ours, deployment("b", "b:2")]})
    assert cluster.deployments(RELEASE) == (
        OwnedDeployment(name="a", owner="erp-dev", images=("host/erp/a:1",)),
        OwnedDeployment(name="b", owner="", images=("b:2",)),
    )


def test_who_may_not_read_is_told_what_is_missing(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LISTS["deployments"], {"message": "no"}, 403)
    with pytest.raises(ReleaseFailed, match="the cluster answered 403"):
        cluster.deployments(RELEASE)

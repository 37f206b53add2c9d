"""What only `doctor` asks a cluster: its version, and whose Deployments there are."""

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.errors import ReleaseFailed
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

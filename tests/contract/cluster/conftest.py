"""A Kubernetes API of recorded lists on loopback, and the way to it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.kubeconfig import Access
from erp_build.model.releases.release import Release
from tests.support.loopback import Loopback, loopback

RECORDED = Path(__file__).parents[2] / "recorded" / "kubernetes"
RELEASE = Release("erp-dev", "erp-dev", "erp")
LISTS = {
    "deployments": "/apis/apps/v1/namespaces/erp-dev/deployments",
    "replicasets": "/apis/apps/v1/namespaces/erp-dev/replicasets",
    "pods": "/api/v1/namespaces/erp-dev/pods",
}


class Way:
    """Stands for `ClusterAccess`: one address, and a new token each time."""

    def __init__(
        self, endpoint: str, certificate: Path = Path("/nowhere/ca.crt"), mode: str = "API_AND_CONFIG_MAP"
    ) -> None:
        self._access = Access(endpoint, certificate, Path("/nowhere/kubeconfig"), mode)
        self._given = 0
        self.forgotten = 0

    def to(self, cluster: str) -> Access:
        """How to reach the cluster."""
        assert cluster == RELEASE.cluster
        return self._access

    def forget_token(self, cluster: str) -> None:
        """Each token is a new one here."""
        self.forgotten += cluster == RELEASE.cluster

    def token(self, cluster: str) -> str:
        """The next token."""
        assert cluster == RELEASE.cluster
        self._given += 1
        return f"token-{self._given}"


@contextmanager
def cluster_by(way: Way) -> Iterator[EksCluster]:
    """The tool, led to an address."""
    connection = ClusterConnection(way)  # type: ignore[arg-type]
    yield EksCluster(connection)
    connection.close()


def recorded(name: str) -> dict[str, Any]:
    """A recorded case."""
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return found


def serve(server: Loopback, case: dict[str, Any]) -> None:
    """Serve the lists of a case."""
    for kind, path in LISTS.items():
        server.serve(path, case[kind])


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an account nor a proxy of the machine that runs the tests."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "KUBE", "HELM_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)


@pytest.fixture
def server() -> Iterator[Loopback]:
    """The API server."""
    with loopback() as served:
        yield served


@pytest.fixture
def cluster(server: Loopback) -> Iterator[EksCluster]:
    """The tool, led to the API server."""
    with cluster_by(Way(server.address)) as tool:
        yield tool

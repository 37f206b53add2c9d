"""Charts of the shapes that public ones have: what is installed has no drift, and every edit by hand is found.

Both Helms install all charts of `tests/cases/drift`, and controllers and a webhook do their part. No pod runs.
"""

import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.kubeconfig import Access
from sandbox.lanes import in_lane
from sandbox.paths import ADMIN_KUBECONFIG
from tests.support.drift_play import Playground
from tests.world.pairs import administrators_helm

pytestmark = pytest.mark.world


class AdministratorsWay:
    """Stands for `ClusterAccess`: the way of the sandbox's administrator."""

    def __init__(self, folder: Path) -> None:
        found = yaml.safe_load(ADMIN_KUBECONFIG.read_text(encoding="utf-8"))
        cluster: dict[str, Any] = found["clusters"][0]["cluster"]
        self._token: str = found["users"][0]["user"]["token"]
        authority = cluster.get("certificate-authority")
        if authority is None:
            authority = folder / "ca.crt"
            authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        self._access = Access(cluster["server"], Path(authority), ADMIN_KUBECONFIG, "API")

    def to(self, _: str) -> Access:
        return self._access

    def token(self, _: str) -> str:
        return self._token

    def forget_token(self, _: str) -> None:
        """The administrator's token does not expire."""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[ClusterConnection]:
    """The sandbox's cluster with all rights."""
    found = ClusterConnection(AdministratorsWay(tmp_path))  # type: ignore[arg-type]
    yield found
    found.close()


@pytest.mark.parametrize("helm", [3, 4])
def test_no_chart_has_drift_before_it_is_edited_by_hand_and_every_edit_is_found_and_repaired(
    helm: int, connection: ClusterConnection, tmp_path: Path
) -> None:
    run = partial(administrators_helm, helm=helm)
    ground = Playground(connection, run, helm, tmp_path, in_lane(f"drift{helm}"))
    assert len(ground.charts()) >= 15
    assert [text for name in ground.charts() for text in ground.play(name)] == []

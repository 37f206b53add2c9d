"""The whole demo with Helm 4, in an account and a namespace of its own."""

from pathlib import Path

import pytest

from sandbox.demo import run_modes
from sandbox.demo.play import play
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning
from tests.world.conftest import IMPATIENT
from tests.world.test_demo import EXPECTED, outcomes

pytestmark = pytest.mark.world


def test_the_demo_holds_with_helm_4(tmp_path: Path) -> None:
    erp = play(in_lane("helm4"), tmp_path / "helm4", run_modes.on_this_machine(helm=4), IMPATIENT)
    assert outcomes(tmp_path / "helm4") == EXPECTED
    provisioning.remove(erp)

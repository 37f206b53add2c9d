"""The whole demo, with both Helms: four deployments and one that the gate stops, each read back from the world."""

import json
from pathlib import Path

import pytest

from sandbox.demo import run_modes
from sandbox.demo.play import play
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning
from tests.world.conftest import IMPATIENT, Erp

pytestmark = pytest.mark.world


def reports(folder: Path) -> dict[str, dict[str, object]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*-*.json"))}


def outcomes(folder: Path) -> dict[str, object]:
    return {name: report["outcome"] for name, report in reports(folder).items()}


EXPECTED = {
    "1-first": "deployed",
    "2-service": "deployed",
    "3-function": "deployed",
    "4-replicas": "deployed",
    "5-critical": "failed",
}


def test_the_demo_holds_with_helm_3(demonstrated: Erp) -> None:
    assert outcomes(demonstrated.repository.parent) == EXPECTED


def test_the_demo_holds_with_helm_4(tmp_path: Path) -> None:
    erp = play(in_lane("helm4"), tmp_path / "helm4", run_modes.on_this_machine(helm=4), IMPATIENT)
    assert outcomes(tmp_path / "helm4") == EXPECTED
    provisioning.remove(erp)


def test_every_deployed_target_of_every_report_has_one_digest(demonstrated: Erp) -> None:
    deployed = [
        (name, item["name"], item["built"], item["scanned"], item["running"])
        for name, report in reports(demonstrated.repository.parent).items()
        if report["outcome"] == "deployed"
        for item in report["targets"]  # type: ignore[attr-defined]
        if item["kind"] != "chart" and item["action"] != "none"
    ]
    assert len(deployed) == 4 + 1 + 1 + 3
    assert [row for row in deployed if not (row[2] and row[2] == row[3] == row[4])] == []

"""The whole demo with Helm 3: four deployments and one that the gate stops, each read back from the world."""

import json
from pathlib import Path

import pytest

from tests.world.conftest import Erp

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

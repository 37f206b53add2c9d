"""What runs stays fresh: a finding that came later is heard of, and a rebuild brings its fix."""

import json
from typing import Any

import pytest

from sandbox.aws.fault_proxy.client import Faults
from sandbox.tenants import deployed_state
from tests.world.as_is import scale
from tests.world.conftest import Erp
from tests.world.test_gate import AHEAD, scanned
from tests.world.test_notify import Phone

pytestmark = pytest.mark.world

SERVICE = "notification-service"
FIXED: dict[str, Any] = {
    "severity": "CRITICAL",
    "status": "ACTIVE",
    "fixAvailable": "YES",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2026-9999",
        "vulnerablePackages": [{"name": "libssl3", "version": "3.0.13", "fixedInVersion": "3.0.15"}],
    },
}
FOUND: dict[str, Any] = {
    "imageScanStatus": {"status": "ACTIVE"},
    "imageScanFindings": {
        "imageScanCompletedAt": AHEAD,
        "findingSeverityCounts": {"CRITICAL": 1},
        "enhancedFindings": [FIXED],
    },
}


def test_a_finding_that_came_later_is_told_and_rebuilt_for_its_fix(erp: Erp) -> None:
    phone, name = Phone(erp.tenant.topic), f"{erp.tenant.name}/{SERVICE}"
    well = erp.call("gate", "--running", "--tell")
    assert well.code == 0, well.stderr
    assert phone.heard() == []

    before = erp.look()
    Faults().scans(name, [FOUND])
    told = erp.call("gate", "--running", "--tell")
    assert told.code == 6, told.stderr
    (message,) = phone.heard()
    assert "FINDINGS in what runs: 1 of 4 images" in message["Subject"]
    (digest,) = set(before.deployments[SERVICE].digests)
    for part in (digest, "CVE-2026-9999 CRITICAL in libssl3 3.0.13: fixed in 3.0.15", "erp-build run --rebuild"):
        assert part in message["Message"]

    shown = erp.call("plan", "--live", "--rebuild", "--json")
    assert shown.code == 0, shown.stderr
    actions = {one["name"]: one for one in json.loads(shown.stdout)["targets"]}
    assert actions[SERVICE]["action"] == "build"
    assert "fixed in 3.0.15" in actions[SERVICE]["because"][0]["rule"]
    assert erp.look() == before

    # Each image has its own answers: that of today is bad at the first question, what is built from now on is clean.
    Faults().scans(name, [scanned()])
    Faults().scans(name, [FOUND, scanned()], digest)
    done = erp.run("--rebuild")
    assert done.code == 0, done.stderr
    assert [one["name"] for one in done.report["targets"] if one["action"] == "build"] == [SERVICE]
    after = erp.look()
    # What is made of the same bytes is the same image, and is said to be.
    is_the_same = set(after.deployments[SERVICE].digests) == {digest}
    assert is_the_same == any("is the very image that runs" in text for text in done.report["warnings"])
    assert after.deployments[SERVICE].tag != before.deployments[SERVICE].tag
    assert deployed_state.latest_digests(erp.tenant)[name] in after.deployments[SERVICE].digests


def test_the_exit_code_of_the_status_tells_drift_from_well(erp: Erp) -> None:
    # What an earlier test has left unproven is proven by a run.
    assert erp.run().code == 0
    well = erp.call("status", "--exit-code")
    assert well.code == 0, well.stderr
    pods = len(erp.look().deployments[SERVICE].digests)
    scale(erp.tenant.namespace, SERVICE, pods + 1)
    try:
        drifted = erp.call("status", "--exit-code")
    finally:
        scale(erp.tenant.namespace, SERVICE, pods)
    assert drifted.code == 14, drifted.stderr
    assert f"{SERVICE}: replicas: {pods + 1} instead of {pods}" in drifted.stderr

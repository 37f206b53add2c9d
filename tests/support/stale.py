"""A service whose base image moves, or of which a finding is told after it was deployed."""

from datetime import datetime
from typing import Any

from erp_build.model.plan import Step
from erp_build.run_options import Options
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

BASE = "eclipse-temurin:17-jre"
OLD, NEW = "sha256:" + "b" * 64, "sha256:" + "c" * 64
DOCKERFILE = "backend/notification-service/Dockerfile"
STALE = Options(stale=True)


def built_on_base(world: FakeWorld) -> FakeWorld:
    """Build the notification service on a base whose registry says its digest; everything runs."""
    world.assembly.bases[BASE] = OLD
    world.commit({DOCKERFILE: f"FROM {BASE}\n"})
    world.run()
    return world


def step_of(world: FakeWorld, name: str = NOTIFICATION) -> Step:
    """The step of a target in the last plan."""
    assert world.report.plan is not None
    return next(step for step in world.report.plan.steps if step.target.name == name)


def enhanced(
    now: datetime, severity: str = "CRITICAL", fixed_in: str = "3.0.15", manager: str = "OS"
) -> dict[str, Any]:
    """An answer of continuous scanning with one finding; of what has no fix Inspector says so in place of a version."""
    package = {
        "name": "libssl3",
        "version": "3.0.13",
        "packageManager": manager,
        "fixedInVersion": fixed_in or "NotAvailable",
    }
    finding = {
        "severity": severity,
        "status": "ACTIVE",
        "fixAvailable": "YES" if fixed_in else "NO",
        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2026-1", "vulnerablePackages": [package]},
    }
    found = {"imageScanCompletedAt": now, "enhancedFindings": [finding]}
    return {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": found}


def found_in_what_runs(world: FakeWorld, answer: dict[str, Any]) -> None:
    """A finding that came after the deployment; what is built from now on does not have it."""
    world.registry.answers(world.cluster.digest(NOTIFICATION), answer)

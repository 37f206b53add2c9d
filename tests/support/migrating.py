"""Worlds whose deployments run migrations."""

from typing import Any

from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.model.project import DeployPolicy
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

MIGRATES = "Job erp-migrate (pre-upgrade)"
"""How the hook of `job` is told."""

SCRIPT = "backend/notification-service/src/main/resources/db/migration/V2__add_channel.sql"


def job(events: str = "pre-install,pre-upgrade", name: str = "erp-migrate", kind: str = "Job") -> dict[str, Any]:
    """A hook, or without events an object of the release."""
    marks = {"annotations": {"helm.sh/hook": events}} if events else {}
    spec: dict[str, Any] = {"template": {"spec": {"containers": [{"name": "migrate", "image": f"migrate:{name}"}]}}}
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": name, **marks}, "spec": spec}


def migrates(world: FakeWorld, *items: dict[str, Any]) -> None:
    """The chart has these objects from now on; by default a Job that runs before each upgrade."""
    made = list(items or (job(),))
    world.helm.makes = lambda _: made


def never_gets_ready(world: FakeWorld) -> str:
    """A change of the notification service that cannot succeed; returns its tag."""
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    return world.change(NOTIFICATION)[:7]


def goes(world: FakeWorld, policy: Any) -> None:
    """Set what follows a failed deployment."""
    world.project = world.project._replace(deploy=DeployPolicy(on_failure=policy))


def last(world: FakeWorld) -> LedgerEntry:
    """The newest entry of the ledger."""
    return read_entries(world.leases.lease.record if world.leases.lease else "")[-1]

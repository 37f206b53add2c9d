"""Worlds whose deployments are baked, and what happens in the middle of a bake."""

from collections.abc import Callable

from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.model.project import DeployPolicy
from tests.fakes.world import FakeWorld

BAKE_S = 600.0
ALARM = "erp-dev-high-error-rate"


def bakes(world: FakeWorld, policy: DeployPolicy | None = None) -> None:
    """The next deployments are baked, and follow this policy besides."""
    world.project = world.project._replace(deploy=(policy or DeployPolicy())._replace(bake=BAKE_S))


def ledger(world: FakeWorld) -> tuple[LedgerEntry, ...]:
    """The deployments that are written down, oldest first."""
    return read_entries(world.leases.lease.record if world.leases.lease else "")


def in_the_bake(world: FakeWorld, *, after: float = 60.0) -> float:
    """The moment so many seconds behind the begin of the bake that the next run comes to."""
    other = world.copy_to(world.root.with_name("tried"))
    other.run()
    began = next(one.began for one in other.report.stages if one.name == "bake")
    return world.clock.monotonic() + began + after


def alarm_on(world: FakeWorld) -> Callable[[], None]:
    """What turns an alarm on."""
    return lambda: world.alarms.alarms.update({ALARM: "ALARM"})


def ended_by(error: BaseException) -> Callable[[], None]:
    """What ends a run."""

    def end() -> None:
        raise error

    return end

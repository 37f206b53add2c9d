"""Worlds whose deployments are baked, and what happens in the middle of a bake."""

from collections.abc import Callable

import pytest

from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.errors import BakeBroken
from erp_build.model.project import DeployPolicy
from tests.fakes.health import GROUP
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import NOTIFICATION

BAKE_S = 600.0
ALARM = "erp-dev-high-error-rate"
ADDRESS = "https://erp.example.com/health"
OURS = GROUP.format("notification")
TARGET = "10.0.0.7:8080"


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


def taken_back(world: FakeWorld, why: str) -> None:
    """The next run ends with a broken bake, and everything runs as before."""
    running, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    with pytest.raises(BakeBroken, match="the bake is broken after") as caught:
        world.run()
    assert why in caught.value.why
    assert "taken back: release erp-microservices" in caught.value.why
    assert caught.value.code == 10
    assert (world.cluster.running(), world.functions.states[FUNCTION].digest) == (running, digest)
    (bake,) = world.report.bakes
    assert (bake.state, bake.wanted) == ("broken", BAKE_S)
    assert why in bake.broken[0]
    assert ledger(world)[-1].outcome == "taken back"
    assert ledger(world)[-1].bake.startswith("bake broken after")
    assert not [one for one in world.done() if one.endswith(f"{NOTIFICATION}:latest")]

"""Runs that fail, and what the ledger says of them."""

import pytest

from erp_build.deployment.ledger import read_entries
from erp_build.errors import (
    Failure,
    ReleaseFailed,
    told,
)
from tests.fakes.world import FakeWorld


def fail(
    world: FakeWorld, kind: type[Failure] = ReleaseFailed, said: str = "the rollout is not complete in time"
) -> Failure:
    """Run, expect this failure, and return it."""
    with pytest.raises(kind, match=said) as caught:
        world.run()
    return caught.value


def outcomes(world: FakeWorld) -> list[str]:
    """How the deployments ended, by the ledger, oldest first."""
    record = world.leases.lease.record if world.leases.lease else ""
    return [entry.outcome for entry in read_entries(record)]


def fail_with(world: FakeWorld, error: Exception) -> str:
    """What is told of the error, by itself and by its notes."""
    world.helm.failures["upgrade"] = error
    with pytest.raises(type(error)) as caught:
        world.run()
    assert caught.value is error
    return told(error)

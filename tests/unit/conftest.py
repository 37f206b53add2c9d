"""What all unit tests have in common."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.isolation import own_cache, plain_environment

if TYPE_CHECKING:
    from tests.fakes.world import FakeWorld

__all__ = ["own_cache", "plain_environment"]

# The same examples every time, and none too slow: a busy machine is no failure.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


@pytest.fixture
def proud(world: "FakeWorld") -> "FakeWorld":
    """A deployed world whose project now wants evidence."""
    world.project = world.project._replace(build=world.project.build._replace(evidence=True))
    return world

"""The fake worlds of these tests."""

from pathlib import Path

import pytest

from tests.fake_world.world import FakeWorld


@pytest.fixture
def new_world(tmp_path: Path) -> FakeWorld:
    """A world in which nothing was deployed yet."""
    return FakeWorld(tmp_path)


@pytest.fixture
def world(new_world: FakeWorld) -> FakeWorld:
    """A world after the first deployment."""
    new_world.run()
    return new_world

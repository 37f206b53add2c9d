"""What several files of tests of the deployment share."""

from pathlib import Path

import pytest

from tests.fakes.health import binding, service
from tests.fakes.world import FakeWorld
from tests.support.baking import OURS, TARGET, bakes
from tests.support.samples import EMPLOYEE, NOTIFICATION


@pytest.fixture(scope="module")
def changed_template(world_template: FakeWorld, tmp_path_factory: pytest.TempPathFactory) -> FakeWorld:
    """A world in which the notification service and the function were just deployed, made once."""
    world = world_template.copy_to(tmp_path_factory.mktemp("changed") / "world")
    world.change(NOTIFICATION, EMPLOYEE)
    world.run()
    return world


@pytest.fixture
def changed(changed_template: FakeWorld, tmp_path: Path) -> FakeWorld:
    """A world in which the notification service and the function were just deployed."""
    return changed_template.copy_to(tmp_path / "changed")


@pytest.fixture
def baking(changed: FakeWorld) -> FakeWorld:
    """A deployed world whose next deployments are baked; one target stands behind the notifications."""
    bakes(changed)
    changed.helm.around = (service(NOTIFICATION), binding(NOTIFICATION, NOTIFICATION, OURS))
    changed.health.groups[OURS] = {TARGET: "healthy"}
    changed.change(NOTIFICATION, EMPLOYEE, text="baked")
    return changed

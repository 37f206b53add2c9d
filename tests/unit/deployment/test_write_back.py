"""Writing tags back: off by default, after the proof, and never a reason to fail."""

from erp_build.errors import PushFailed
from erp_build.model.project import DeployPolicy
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION


def writes_back(world: FakeWorld) -> None:
    world.project = world.project._replace(deploy=DeployPolicy(write_back="branch", branch="release"))
    world.effects.branches["release"] = world.values.read_bytes()


def test_by_default_nothing_is_written_back(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    assert "edit_branch" not in world.verbs()


def test_the_tags_that_run_are_written_to_the_branch_after_latest(world: FakeWorld) -> None:
    writes_back(world)
    head = world.change(NOTIFICATION)
    world.run()
    assert world.verbs()[-1] == "edit_branch"
    assert world.effects.branches["release"] == world.values.read_bytes()
    assert f'"{head[:7]}@{world.cluster.digest(NOTIFICATION)}"'.encode() in world.effects.branches["release"]


def test_a_branch_that_does_not_take_them_is_a_warning(world: FakeWorld) -> None:
    writes_back(world)
    world.effects.failures["edit_branch", "release"] = PushFailed("the tags cannot be written back", why="protected")
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"
    assert "warning: the tags cannot be written back: protected" in world.progress.lines


def test_a_function_alone_writes_nothing_back(world: FakeWorld) -> None:
    writes_back(world)
    world.change(EMPLOYEE)
    world.run()
    assert "edit_branch" not in world.verbs()

"""A release that was cut off over a migration: the second run ends it, and brings nothing older back."""

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.preflight import check_plan
from erp_build.errors import ReleaseFailed
from erp_build.model.stages.hooks import Pipeline
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FakeWorld, Killed
from tests.support.failing import outcomes
from tests.support.migrating import MIGRATES, goes, job, migrates
from tests.support.samples import NOTIFICATION


def killed(world: FakeWorld, events: str) -> str:
    """A run that is killed while a migration runs; returns the tag that it was to deploy."""
    migrates(world, job(events))
    world.helm.hooks.ends = {"erp-migrate": Killed("while it migrates")}
    head = world.change(NOTIFICATION)
    with pytest.raises(Killed, match="while it migrates"):
        world.run()
    assert world.helm.revisions[-1].status == "pending-upgrade"
    world.helm.hooks.ends = {}
    return head[:7]


def ways(world: FakeWorld) -> list[str]:
    """The rollbacks of the last run."""
    return [effect for effect in world.done() if effect.startswith("rollback_release")]


def test_cut_off_before_its_objects_it_is_taken_back_which_moves_nothing_and_deployed_again(world: FakeWorld) -> None:
    tag = killed(world, "pre-upgrade")
    assert world.cluster.running()[NOTIFICATION] != tag
    world.run()
    assert ways(world) == ["rollback_release erp-microservices:1"]
    assert world.cluster.running()[NOTIFICATION] == tag
    assert outcomes(world)[-1] == "deployed"


def test_cut_off_behind_its_objects_it_is_ended_as_it_is(world: FakeWorld) -> None:
    tag = killed(world, "post-upgrade")
    assert world.cluster.running()[NOTIFICATION] == tag
    world.run()
    assert ways(world) == ["rollback_release erp-microservices:2"]
    assert world.cluster.running()[NOTIFICATION] == tag
    assert "a migration has run, or was cut off: Job erp-migrate (post-upgrade)" in world.progress.lines
    said = "revision 2 was cut off (pending-upgrade): ending it as it is, without going back"
    assert said in world.progress.lines


def test_the_run_that_ends_it_as_it_is_upgrades_it_once_more_so_that_no_hook_is_left_out(world: FakeWorld) -> None:
    """The commit is the same, and a rollback runs no hook of an upgrade."""
    killed(world, "post-upgrade")
    migrates(world, job("post-upgrade"), job("post-upgrade", "erp-seed"))
    world.run()
    moved = [verb for verb in world.verbs() if verb in ("rollback_release", "upgrade_release")]
    assert moved == ["rollback_release", "upgrade_release"]
    assert [one.name for one in world.helm.hooks.of(4)] == ["erp-migrate", "erp-seed"]
    assert outcomes(world)[-1] == "deployed"
    assert world.run().outcome == "nothing"


def test_a_project_that_goes_back_over_migrations_does_so_here_too(world: FakeWorld) -> None:
    goes(world, "rollback-over-migrations")
    killed(world, "post-upgrade")
    world.run()
    assert ways(world) == ["rollback_release erp-microservices:1"]


def test_forward_goes_on_from_what_was_cut_off_without_a_migration_too(world: FakeWorld) -> None:
    goes(world, "forward")
    migrates(world, job("post-upgrade", kind="ConfigMap"))
    world.helm.hooks.ends = {"erp-migrate": Killed("in the middle")}
    world.change(NOTIFICATION)
    with pytest.raises(Killed, match="in the middle"):
        world.run()
    world.helm.hooks.ends = {}
    world.run()
    assert ways(world) == ["rollback_release erp-microservices:2"]


def test_the_run_that_ended_it_does_not_go_back_over_it_either(world: FakeWorld) -> None:
    """The deployment behind it has no migration of its own."""
    killed(world, "post-upgrade")
    world.helm.makes = lambda _: []
    tag = world.change(NOTIFICATION, text="behind it")[:7]
    # A rollback of the fake makes everything well, also the one that ends the release as it is.
    world.pipeline = (
        Pipeline().at(check_plan).before(lambda *_: world.cluster.troubles.update({NOTIFICATION: NEVER_READY}))
    )
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time") as caught:
        world.run()
    assert "Job erp-migrate (post-upgrade)" in caught.value.why
    assert world.cluster.running()[NOTIFICATION] == tag


def test_a_rollback_by_hand_with_the_answer_takes_back_what_was_cut_off(world: FakeWorld) -> None:
    tags = world.cluster.running()
    killed(world, "pre-upgrade")
    world.leases.is_held(alive=False)
    with pytest.raises(ReleaseFailed, match="go back over a migration") as caught:
        roll_back(world.site(), None, 0.0)
    assert MIGRATES in caught.value.why
    roll_back(world.site(), None, 0.0, over_migration=True)
    assert world.cluster.running() == tags
    assert world.helm.revisions[-1].description == "Rollback to 1"

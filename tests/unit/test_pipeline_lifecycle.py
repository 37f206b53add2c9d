"""A run says before it pushes what a lifecycle policy would remove of what it deploys, and of the way back."""

import json
from datetime import timedelta

import pytest

from erp_build.errors import ConfigurationError
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.lifecycle import expires_after, keeps, policy_text
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

REPOSITORY = f"erp/{NOTIFICATION}"
DENIED = ConfigurationError(
    "ecr:GetLifecyclePolicy is not allowed", where=REPOSITORY, next_step="add to the policy of role erp: {...}"
)


def warned(world: FakeWorld) -> list[str]:
    """What the plan of the last run warns of."""
    assert world.report.plan is not None
    return list(world.report.plan.warnings)


def test_a_push_that_pushes_out_what_a_rollback_needs_is_said_and_deploys(world: FakeWorld) -> None:
    world.registry.policies[REPOSITORY] = policy_text(keeps(1))
    running = world.cluster.digest(NOTIFICATION)
    world.change(NOTIFICATION)
    world.run()
    (warning,) = warned(world)
    assert warning == (
        f"{REPOSITORY}: {running[:19]}, which {NOTIFICATION} runs and a rollback needs, is deleted within a day of "
        "the next push by rule 1 (any, imageCountMoreThan 1): raise countNumber of rule 1 from 1 to at least 2"
    )
    assert f"warning: {warning}" in world.progress.lines
    assert world.report.outcome == "deployed"


def test_it_is_said_before_anything_is_pushed(world: FakeWorld) -> None:
    world.registry.policies[REPOSITORY] = policy_text(keeps(1))
    world.change(NOTIFICATION)
    world.rehearse()
    (warning,) = warned(world)
    assert "a rollback needs" in warning


def test_the_number_that_the_warning_names_is_enough(world: FakeWorld) -> None:
    world.registry.policies[REPOSITORY] = policy_text(keeps(2))
    world.change(NOTIFICATION)
    world.run()
    assert warned(world) == []


def test_with_evidence_an_image_takes_three_places(proud: FakeWorld) -> None:
    proud.registry.policies[REPOSITORY] = policy_text(keeps(2))
    proud.change(NOTIFICATION)
    proud.run()
    (warning,) = warned(proud)
    assert warning.startswith(
        f"{REPOSITORY}: what this run deploys of {NOTIFICATION} is deleted within a day of the next push"
    )
    assert warning.endswith(", and 1 more that is needed: raise countNumber of rule 1 from 2 to at least 4")


def test_an_image_that_is_used_again_is_as_old_as_it_is(world: FakeWorld) -> None:
    first = world.cluster.digest(NOTIFICATION)
    world.change(NOTIFICATION)
    world.run()
    world.registry.pushed |= {first: world.clock.now() - timedelta(days=28)}
    world.registry.pushed |= {world.cluster.digest(NOTIFICATION): world.clock.now()}
    world.registry.policies[REPOSITORY] = policy_text(expires_after(30))
    world.revert()
    world.run()
    assert world.actions()[NOTIFICATION] == "reuse"
    (warning,) = warned(world)
    assert warning.startswith(
        f"{REPOSITORY}: what this run deploys of {NOTIFICATION} is deleted in 2 days by rule 1 (any,"
    )


def test_the_image_of_a_function_is_looked_at_as_well(world: FakeWorld) -> None:
    world.registry.policies[FUNCTION_REPOSITORY] = policy_text(keeps(1))
    world.change(EMPLOYEE)
    world.run()
    (warning,) = warned(world)
    assert f"which {EMPLOYEE} runs and a rollback needs" in warning


def test_only_repositories_that_get_something_are_asked(world: FakeWorld) -> None:
    world.registry.policies[REPOSITORY] = policy_text(keeps(1))
    world.change(REQUEST)
    world.run()
    assert warned(world) == []


def test_a_role_that_may_not_read_policies_deploys_and_says_so_once(world: FakeWorld) -> None:
    world.registry.no_policies = DENIED
    world.change(NOTIFICATION, REQUEST)
    world.run()
    said = [line for line in world.progress.lines if "lifecycle policies" in line]
    (line,) = said
    assert line == (
        f"whether lifecycle policies keep what runs is not known of {REQUEST}, {NOTIFICATION}: "
        "ecr:GetLifecyclePolicy is not allowed (add to the policy of role erp: {...})"
    )
    assert (world.report.outcome, warned(world)) == ("deployed", [])


def test_a_registry_that_does_not_say_it_now_ends_no_run(world: FakeWorld) -> None:
    world.registry.no_policies = ConfigurationError("ecr:GetLifecyclePolicy failed").passing()
    world.change(NOTIFICATION, REQUEST)
    world.run()
    assert [
        line for line in world.progress.lines if line.startswith("whether lifecycle policies keep what runs is not")
    ]
    assert world.report.outcome == "deployed"


@pytest.mark.parametrize("text", ["[]", policy_text({"rulePriority": 1})])
def test_a_policy_that_cannot_be_read_is_a_doubt_that_is_said(world: FakeWorld, text: str) -> None:
    world.registry.policies[REPOSITORY] = text
    world.change(NOTIFICATION)
    world.run()
    (warning,) = warned(world)
    assert "whether its lifecycle policy keeps what runs is not known: its text cannot be read" in warning


def test_a_build_alone_asks_nothing_of_what_runs(world: FakeWorld) -> None:
    world.registry.no_policies = DENIED
    world.change(NOTIFICATION)
    world.build(NOTIFICATION)
    assert not [line for line in world.progress.lines if "lifecycle" in line]


def test_what_an_index_names_stays_with_the_index(world: FakeWorld) -> None:
    running = world.cluster.digest(NOTIFICATION)
    plain, world.registry.manifest = world.registry.manifest, json.dumps({"manifests": [{"digest": running}]})
    world.registry.push(REPOSITORY, "all", None)
    world.registry.manifest = plain
    world.registry.policies[REPOSITORY] = policy_text(keeps(9, 1, "all"), keeps(1, 2))
    world.change(NOTIFICATION)
    world.run()
    assert warned(world) == []

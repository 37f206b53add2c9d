"""The rollback that a person asks for: checked first, both halves, proven, and written down."""

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.ledger import read_entries
from erp_build.errors import Locked, ReleaseFailed, VerificationFailed, told
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION


def go_back(world: FakeWorld, to: str | None = None) -> list[str]:
    return [proof.target for proof in roll_back(world.site(), to, 0.0) if proof.holds]


def deployed(world: FakeWorld, *names: str) -> str:
    head = world.change(*names, text=f"change {len(world.helm.revisions)}")
    world.run()
    return head


def entries(world: FakeWorld) -> list[tuple[str, int | None]]:
    record = world.leases.lease.record if world.leases.lease else ""
    return [(entry.outcome, entry.revision) for entry in read_entries(record)]


def test_without_a_commit_both_halves_go_back_to_what_ran_before_and_are_proven(world: FakeWorld) -> None:
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    deployed(world, NOTIFICATION, EMPLOYEE)
    assert len(go_back(world)) == 4
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest
    assert world.latest()[FUNCTION_REPOSITORY] == digest
    assert world.helm.revisions[-1].description == "Rollback to 1"
    assert entries(world)[-1] == ("rolled back", 3)


def test_a_deployment_of_lambda_alone_is_taken_back_without_a_revision(world: FakeWorld) -> None:
    digest = world.functions.states[FUNCTION].digest
    deployed(world, EMPLOYEE)
    go_back(world)
    assert world.functions.states[FUNCTION].digest == digest
    assert len(world.helm.revisions) == 1


def test_a_commit_is_found_among_the_deployments(world: FakeWorld) -> None:
    first = deployed(world, NOTIFICATION)
    tags, digest = world.cluster.running(), world.functions.states[FUNCTION].digest
    deployed(world, EMPLOYEE)
    deployed(world, NOTIFICATION)
    go_back(world, first[:9])
    assert world.cluster.running() == tags
    assert world.functions.states[FUNCTION].digest == digest


def test_a_second_rollback_undoes_the_first(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION)
    tags = world.cluster.running()
    go_back(world)
    go_back(world)
    assert world.cluster.running() == tags


def test_without_anything_written_down_helms_history_is_what_there_is(world: FakeWorld) -> None:
    tags = world.cluster.running()
    head = deployed(world, CHART)
    deployed(world, NOTIFICATION)
    world.leases.lease = None
    go_back(world)
    assert world.cluster.running() == tags
    world.leases.lease = None
    go_back(world, head[:7])
    assert world.cluster.running() == tags


@pytest.mark.parametrize("repository", [f"erp/{NOTIFICATION}", FUNCTION_REPOSITORY])
def test_an_image_that_is_gone_refuses_before_anything_is_touched(world: FakeWorld, repository: str) -> None:
    deployed(world, NOTIFICATION, EMPLOYEE)
    before, effects = world.cluster.running(), len(world.verbs())
    world.registry.expired.add(repository)
    with pytest.raises(ReleaseFailed, match="nothing was touched") as caught:
        go_back(world)
    assert repository in caught.value.why
    assert world.cluster.running() == before
    assert len(world.verbs()) == effects


def test_a_commit_that_was_never_deployed_is_refused_with_those_that_were(world: FakeWorld) -> None:
    head = deployed(world, NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="fffffff was not deployed") as caught:
        go_back(world, "fffffff")
    assert head[:12] in caught.value.why


def test_the_first_deployment_has_nothing_before_it(new_world: FakeWorld) -> None:
    with pytest.raises(ReleaseFailed, match="no deployment to go back to"):
        go_back(new_world)


def test_a_rollback_needs_the_lock_as_a_run_does(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION)
    world.leases.is_held(alive=True)
    with pytest.raises(Locked, match="another run deploys"):
        go_back(world)


def test_a_rollback_that_is_not_proven_says_what_runs(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION)
    world.cluster.unreachable.add(NOTIFICATION)
    with pytest.raises(VerificationFailed) as caught:
        go_back(world)
    assert f"the Service {NOTIFICATION} leads to no ready pod (2 are not ready)" in caught.value.why
    assert "what runs now:" in caught.value.why


def test_a_rollback_that_a_mistake_of_this_program_ends_says_what_runs(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION)
    world.helm.failures["rollback"] = KeyError("version")
    with pytest.raises(KeyError) as caught:
        go_back(world)
    assert "what runs now:" in told(caught.value)
    assert f"  {EMPLOYEE}: {world.functions.states[FUNCTION].digest}" in told(caught.value)

"""The rollback that a person asks for: checked first, both halves, proven, and written down."""

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.going_back.proven import Proven, proven_before
from erp_build.deployment.ledger import LedgerEntry, PreviousState, read_entries
from erp_build.errors import Locked, PushFailed, ReleaseFailed, VerificationFailed, told
from erp_build.model.releases.release import Revision
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld, Killed
from tests.support.samples import CHART, DIGEST, EMPLOYEE, HEAD, NOTIFICATION


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


def runs(world: FakeWorld) -> tuple[dict[str, str], str]:
    return world.cluster.running(), world.functions.states[FUNCTION].digest


def failed(world: FakeWorld, *names: str) -> None:
    """A deployment whose pods never get ready, and which ends as the project wants it."""
    world.change(*names, text=f"failed {len(world.helm.revisions)}")
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        world.run()
    world.cluster.troubles.clear()


def test_after_two_good_deployments_and_a_bad_one_that_stands_the_second_is_gone_back_to(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION, EMPLOYEE)
    good = runs(world)
    world.keeps_failures()
    failed(world, NOTIFICATION, EMPLOYEE)
    assert world.helm.revisions[-1].status == "deployed"
    go_back(world)
    assert runs(world) == good


def test_after_a_good_deployment_and_a_bad_one_that_stands_both_halves_go_back(world: FakeWorld) -> None:
    good = runs(world)
    world.keeps_failures()
    failed(world, NOTIFICATION, EMPLOYEE)
    go_back(world)
    assert runs(world) == good
    assert world.helm.revisions[-1].description == "Rollback to 1"


def test_after_a_deployment_that_was_taken_back_the_one_before_the_last_good_one_is_gone_back_to(
    world: FakeWorld,
) -> None:
    first = runs(world)
    deployed(world, NOTIFICATION, EMPLOYEE)
    failed(world, NOTIFICATION, EMPLOYEE)
    go_back(world)
    assert runs(world) == first


def test_a_killed_deployment_that_moved_nothing_leaves_the_last_good_one_where_it_is(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION, EMPLOYEE)
    good = runs(world)
    world.change(NOTIFICATION, EMPLOYEE, text="killed")
    world.is_killed("update_function", 1, "before")
    with pytest.raises(Killed, match="before update_function"):
        world.run()
    go_back(world)
    assert runs(world) == good
    assert entries(world)[-1][0] == "rolled back"


def test_what_somebody_changed_since_is_taken_back_to_the_last_good_deployment(world: FakeWorld) -> None:
    deployed(world, NOTIFICATION, EMPLOYEE)
    good = runs(world)
    world.helm.rollback(1)
    go_back(world)
    assert runs(world) == good


def test_the_first_deployment_over_an_older_pipelines_release_goes_back_to_that() -> None:
    before = PreviousState(functions={EMPLOYEE: f"host/erp/e@{DIGEST}"}, revision=41, updated="then")
    first = LedgerEntry(at="now", commit=HEAD, build="1", before=before, outcome="deployed", revision=42, updated="now")
    history = (
        Revision(number=41, status="superseded", updated="then"),
        Revision(number=42, status="deployed", updated="now"),
    )
    assert proven_before((first,), history, {}) == Proven("", before)


def test_a_commit_whose_deployment_failed_is_no_destination(world: FakeWorld) -> None:
    world.keeps_failures()
    failed(world, NOTIFICATION)
    head = world.checkout.head()
    with pytest.raises(ReleaseFailed, match=f"{head[:9]} was deployed, and not proven") as caught:
        go_back(world, head[:9])
    assert head[:12] not in caught.value.why


def test_a_failed_first_deployment_has_nothing_before_it_and_nothing_is_touched(new_world: FakeWorld) -> None:
    new_world.keeps_failures()
    failed(new_world, NOTIFICATION, EMPLOYEE)
    before, effects = runs(new_world), len(new_world.verbs())
    with pytest.raises(ReleaseFailed, match="no deployment to go back to"):
        go_back(new_world)
    assert (runs(new_world), len(new_world.verbs())) == (before, effects)


def test_a_revision_with_the_number_of_a_proven_one_is_not_taken_for_it(world: FakeWorld) -> None:
    """The release was uninstalled, and its numbers began anew."""
    proven = deployed(world, NOTIFICATION)
    world.helm.uninstall()
    world.run()
    world.helm.was_deployed(world.values.read_text(encoding="utf-8"))
    with pytest.raises(ReleaseFailed, match="nothing was touched") as caught:
        go_back(world, world.checkout.git("rev-parse", f"{proven}~1").strip()[:9])
    assert "revision 1 is no longer in Helm's history" in caught.value.why


def test_a_rollback_that_fails_is_written_down_and_the_next_failure_leads_where_it_should_have(
    world: FakeWorld,
) -> None:
    wanted = runs(world)
    deployed(world, NOTIFICATION, EMPLOYEE)
    world.helm.failures["rollback"] = ReleaseFailed("the release cannot be written")
    with pytest.raises(ReleaseFailed, match="cannot be written"):
        go_back(world)
    assert entries(world)[-1][0] == "failed"
    world.helm.failures.clear()
    failed(world, NOTIFICATION, EMPLOYEE)
    assert runs(world) == wanted


@pytest.mark.parametrize("immutable", [True, False])
def test_a_rollback_whose_latest_cannot_be_moved_is_proven_all_the_same(world: FakeWorld, *, immutable: bool) -> None:
    good = runs(world)
    deployed(world, NOTIFICATION, EMPLOYEE)
    if immutable:
        world.registry.immutable.add(f"erp/{NOTIFICATION}")
        go_back(world)
    else:
        world.effects.failures["tag", f"erp/{NOTIFICATION}:latest"] = PushFailed("ecr:PutImage failed")
        with pytest.raises(PushFailed, match="ecr:PutImage failed"):
            go_back(world)
    assert runs(world) == good
    assert entries(world)[-1][0] == "rolled back"
    failed(world, NOTIFICATION, EMPLOYEE)
    assert runs(world) == good


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

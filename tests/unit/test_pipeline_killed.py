"""A run that is killed at any step, and the plain second run; two runs at once, in every order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.changes.live_state import commit_of
from erp_build.deployment.ledger import read_entries
from erp_build.deployment.recording import function_images
from erp_build.errors import Locked, NewerDeployed, ReleaseFailed
from tests.fakes.account import FakeProgress
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld, Killed
from tests.support.samples import EMPLOYEE, NOTIFICATION

STEPS = [("write_file", 1), ("update_function", 1), ("upgrade_release", 1), ("tag", 3), ("tag", 4)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("effect", "number"), STEPS)
def test_the_second_run_finishes_what_a_killed_one_left(world: FakeWorld, effect: str, number: int, when: str) -> None:
    head = world.change(NOTIFICATION, EMPLOYEE)
    updates, revisions = len(world.functions.updates), len(world.helm.revisions)
    world.is_killed(effect, number, when)
    with pytest.raises(Killed, match=f"{when} {effect}"):
        world.run()
    world.killed = None
    world.run()
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    digest = world.registry.tags[FUNCTION_REPOSITORY, head[:7]]
    assert world.functions.states[FUNCTION].digest == digest
    assert len(world.functions.updates) == updates + 1
    assert len(world.helm.revisions) == revisions + 1
    assert world.latest()[FUNCTION_REPOSITORY] == digest
    assert world.latest()[f"erp/{NOTIFICATION}"] == world.cluster.digest(NOTIFICATION)
    assert all(proof.holds for proof in world.report.proofs)
    assert world.report.proofs
    assert world.run().outcome == "nothing"
    assert world.done() == []


def outcomes(world: FakeWorld) -> list[str]:
    return [one.outcome for one in read_entries(world.leases.lease.record if world.leases.lease else "")]


@pytest.mark.parametrize(("effect", "number"), [("upgrade_release", 1), ("tag", 3)])
def test_a_second_run_with_nothing_to_do_proves_what_a_killed_one_left_and_closes_its_entry(
    world: FakeWorld, effect: str, number: int
) -> None:
    head = world.change(NOTIFICATION, EMPLOYEE)
    world.is_killed(effect, number, "after")
    with pytest.raises(Killed, match=f"after {effect}"):
        world.run()
    world.killed = None
    assert world.run().outcome == "nothing"
    assert outcomes(world) == ["deployed", "deployed"]
    assert world.leases.lease
    last = read_entries(world.leases.lease.record)[-1]
    assert (last.commit, last.revision, last.left.functions) == (head, 2, function_images(world.site()))
    assert world.run().outcome == "nothing"
    assert "take lock" not in [stage.name for stage in world.report.stages]


def test_what_a_killed_run_left_is_proven_for_the_commit_of_the_run_that_finds_nothing_to_do(world: FakeWorld) -> None:
    """The entry of the killed run stays open: what runs is not all that it was to deploy."""
    before = world.checkout.head()
    killed = world.change(NOTIFICATION, EMPLOYEE)
    world.is_killed("update_function", 1, "before")
    with pytest.raises(Killed, match="before update_function"):
        world.run()
    world.killed = None
    world.checkout.git("reset", "--quiet", "--hard", before)
    assert world.run().outcome == "nothing"
    assert outcomes(world) == ["deployed", "begun", "deployed"]
    assert world.leases.lease
    assert [one.commit for one in read_entries(world.leases.lease.record)] == [before, killed, before]


def test_a_failure_that_stands_and_got_well_is_proven_by_the_next_run(world: FakeWorld) -> None:
    world.keeps_failures()
    world.change(NOTIFICATION)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        world.run()
    world.cluster.troubles.clear()
    assert world.run().outcome == "nothing"
    assert outcomes(world) == ["deployed", "failed", "deployed"]


class Hooked(FakeProgress):
    """Does something when a stage begins."""

    def __init__(self, place: int, hook: Callable[[], None]) -> None:
        super().__init__()
        self._left = place
        self._hook = hook

    def stage(self, name: str) -> None:
        super().stage(name)
        self._left -= 1
        if self._left == 0:
            self._hook()


def run(world: FakeWorld) -> str:
    """One run to its end; returns how it ended."""
    try:
        return world.run().outcome
    except Locked:
        return "locked"
    except NewerDeployed:
        return "newer"


@pytest.mark.slow
@pytest.mark.parametrize("older_first", [True, False], ids=["the older begins", "the newer begins"])
@pytest.mark.parametrize("place", range(2, 17))
def test_of_two_runs_at_once_never_the_older_one_wins(
    world: FakeWorld, tmp_path: Path, place: int, *, older_first: bool
) -> None:
    """While one run begins its stage number `place`, the other one runs from its beginning to its end."""
    older = world.change(NOTIFICATION, text="one")
    newer = world.change(EMPLOYEE, text="two")
    commits = (older, newer) if older_first else (newer, older)
    first, second = (world.beside(tmp_path / name, commit) for name, commit in zip("ab", commits, strict=True))
    ended: list[str] = []

    def run_the_other() -> None:
        world.leases.stays_alive(alive=bool(world.leases.lease and world.leases.lease.holder))
        ended.append(run(second))
        world.leases.stays_alive(alive=False)

    first.progress = Hooked(place, run_the_other)
    ended.insert(0, run(first))
    deployed = [commit_of(one, tuple(world.helm.revisions)) for one in world.helm.revisions[1:]]
    assert deployed in ([], [older], [newer], [older, newer])
    state = world.registry.revisions[world.functions.states[FUNCTION].digest]
    assert state != older
    assert set(ended) <= {"deployed", "nothing", "locked", "newer"}
    assert run(world.beside(tmp_path / "c", newer)) in ("deployed", "nothing")
    assert world.cluster.running()[NOTIFICATION] in (older[:7], newer[:7])
    assert world.registry.revisions[world.functions.states[FUNCTION].digest] == newer
    assert run(world.beside(tmp_path / "d", older)) == "newer"

"""Schedules of several units, of which `make faults` plays a thousand: nobody is changed or held by another's fault.

After each run: nothing runs that was not cleared; a release or function that failed or was left out is as it was
before; one without a fault is at head; no lock is held; the exit code says which it was. After the cure one run brings
all to head. In some runs functions are deployed by themselves, in others together with their release.
"""

import pytest

from tests.fakes.several import several_releases
from tests.support.apart_schedules import NAMES, OF_FUNCTION, OF_SERVICE, Player, schedule_of

SEEDS = range(12)


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Plays in copies of a world with three releases and two functions, made once."""
    folder = tmp_path_factory.mktemp("schedules")
    return Player(several_releases(folder / "world", NAMES, "apart"), folder / "copies")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_unit_is_changed_or_held_by_the_fault_of_another(player: Player, seed: int) -> None:
    assert player.wrongs(seed) == []


def test_the_sample_has_every_fault_and_a_choice_and_functions_apart_and_not() -> None:
    rounds = [one for seed in SEEDS for one in schedule_of(seed)]
    assert {fault for one in rounds for fault in one.faults.values()} == {*OF_SERVICE, *OF_FUNCTION}
    assert any(one.only for one in rounds)
    assert {one.apart for one in rounds} == {True, False}
    assert any(
        one.apart != other.apart
        for seed in SEEDS
        for one, other in zip(schedule_of(seed), schedule_of(seed)[1:], strict=False)
    )

"""The work of whole runs grows with the number of services, and not with its square."""

import cProfile
import pstats
from pathlib import Path

import pytest

from tests.support.counted_world import CountedWorld

SIZES = (30, 60, 90)
MOST_GROWTH = 1.1
"""How much more the last services may take than as many before them; with the square it would be 1.7."""


@pytest.mark.parametrize("changed", [0, 1])
def test_the_last_services_take_as_much_work_as_those_before_them(tmp_path: Path, changed: int) -> None:
    calls = [calls_of_functions(tmp_path / f"{size}", size, changed) for size in SIZES]
    assert calls[2] - calls[1] <= (calls[1] - calls[0]) * MOST_GROWTH


def calls_of_functions(folder: Path, services: int, changed: int) -> int:
    """How many functions the main thread of a run calls: the same on every machine, as times are not."""
    world = CountedWorld.deployed(folder, services)
    world.change_first(changed)
    profile = cProfile.Profile()
    profile.enable()
    try:
        world.run()
    finally:
        profile.disable()
    return int(vars(pstats.Stats(profile))["total_calls"])

"""`python -m tests.support.every_schedule`: every schedule of two runs at once, in minutes; `make faults` calls it."""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.support.faulted_scenarios import SCENARIOS
from tests.support.schedules import Table

PLAYED = ("a service and the function change", "a function with an alias changes", "a first deployment")
"""The scenarios that are played by two runs."""

SCHEDULES = 700
"""Schedules of each of them."""


def prepared_schedules(name: str, folder: Path) -> Table:
    """Make a scenario in a folder, and try out both of its runs alone."""
    scenario = SCENARIOS[name](folder)
    scenario.name = name
    return Table(scenario)


def play_all(name: str, folder: Path) -> list[str]:
    """Play every schedule of a scenario, and return everything that does not hold."""
    table = prepared_schedules(name, folder / name.replace(" ", "-"))
    return [line for seed in range(SCHEDULES) for line in table.wrongs(seed)]


def main() -> int:
    """Play all schedules; 1 if something does not hold."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        found = [line for lines in pool.map(partial(play_all, folder=Path(folder)), PLAYED) for line in lines]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{SCHEDULES * len(PLAYED)} schedules, {len(found)} violations\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.support.every_fault [PART OF A NAME]`: every case of the sweep, in minutes; `make faults` calls it.

Prints the cases and seconds of each scenario, and each violation once for every call, with how often it was found.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.support.fault_cases import Case, cases_of
from tests.support.fault_invariants import Violation, violations
from tests.support.faulted_scenarios import SCENARIOS, Scenario, prepared


class Swept(NamedTuple):
    """The cases of a scenario: how many faults came about, in how many seconds, and what does not hold."""

    scenario: str
    cases: int
    seconds: float
    found: tuple[Violation, ...]

    def __str__(self) -> str:
        """The numbers, and each violation once for every call that it was found at."""
        groups = {(one.invariant, one.case.point.call, one.case.when): one for one in reversed(self.found)}
        counts = Counter((one.invariant, one.case.point.call, one.case.when) for one in self.found)
        lines = [f"  {counts[key]:4} x {groups[key]}" for key, _ in counts.most_common()]
        return "\n".join(
            [f"{self.scenario}: {self.cases} cases, {self.seconds:.0f} s, {len(self.found)} wrong", *lines]
        )


def sweep(scenario: Scenario, cases: Iterable[Case]) -> Swept:
    """Run cases of a scenario."""
    began, count, found = time.perf_counter(), 0, []
    for case in cases:
        seen = violations(scenario, case)
        count += seen is not None
        found += seen or []
    return Swept(scenario.name, count, time.perf_counter() - began, tuple(found))


def sample(scenario: Scenario, size: int) -> list[Case]:
    """Some cases of a scenario, the same ones every time."""
    cases = list(cases_of(scenario))
    chosen = random.Random(scenario.name).sample(range(len(cases)), size)  # noqa: S311 - no cryptography
    return [cases[place] for place in sorted(chosen)]


def sweep_all(name: str, folder: Path) -> Swept:
    """Run every case of a scenario; its repository lies in the folder."""
    scenario = prepared(name, folder / name.replace(" ", "-"))
    return sweep(scenario, cases_of(scenario))


def main(wanted: Sequence[str]) -> int:
    """Run every case of the scenarios whose names have one of these parts; 1 if something does not hold."""
    names = [name for name in SCENARIOS if not wanted or any(part in name for part in wanted)]
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        swept = []
        for one in pool.map(partial(sweep_all, folder=Path(folder)), names):
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
            swept.append(one)
    wrong = sum(len(one.found) for one in swept)
    sys.stdout.write(f"{sum(one.cases for one in swept)} cases, {wrong} violations\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.support.every_transient_answer`: every answer of a run passes once; `make faults` calls it."""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.transient_world import SCENARIOS, Point, Striking, TransientWorld, When, deployed, outcome

END = 6
"""Looks at either end of a wait that are struck; those between them are like the first ones."""


class Tried(NamedTuple):
    """A scenario that was tried out undisturbed: its world, its name, its points, and how it ends."""

    world: TransientWorld
    name: str
    points: list[Point]
    ends: dict[str, Any]

    def cases(self) -> list[tuple[Point, When]]:
        """Each point, with the answer that passes and with the answer that is lost; of a long wait both of its ends."""
        often = Counter(point[:2] for point in self.points)
        ends = [one for one in self.points if one.number <= END or one.number > often[one[:2]] - END]
        return [(point, when) for point in ends for when in ("before", "after")]

    def differences(self, point: Point, when: When) -> str:
        """What differs from the undisturbed end; empty where nothing does."""
        striking = Striking(point, when)
        world = self.world.again(striking)
        ends = outcome(world, SCENARIOS[self.name])
        lines = [f"  {key}: {ends[key]} instead of {self.ends[key]}" for key in ends if ends[key] != self.ends[key]]
        if not world.striking.struck and not striking.struck:
            lines.append("  nothing was struck")
        return "\n".join([f"{when} {point}", *lines]) if lines else ""


def tried_out(start: TransientWorld, name: str) -> Tried:
    """Try a scenario out undisturbed."""
    world = start.again(Striking())
    ends = outcome(world, SCENARIOS[name])
    return Tried(start, name, sorted(world.striking.seen), ends)


def wrong(tried: Tried, cases: Sequence[tuple[Point, When]]) -> list[str]:
    """What is not as in the undisturbed run, of each case."""
    return [found for case in cases if (found := tried.differences(*case))]


def main() -> int:
    """Strike every point of every scenario; 1 if something differs."""
    with tempfile.TemporaryDirectory() as folder:
        start = deployed(Path(folder) / "repository")
        cases = {name: (tried, tried.cases()) for name in SCENARIOS for tried in [tried_out(start, name)]}
        found = [line for tried, its in cases.values() for line in wrong(tried, its)]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{sum(len(its) for _, its in cases.values())} answers that pass, {len(found)} differences\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""One answer that passes, at any read or effect of a whole run, changes nothing of the outcome.

Each call of a client outside of this machine is a point. Either the call gets an answer that passes (500, 503, 429), or
it is done and its answer is lost. By default these are struck: every effect, the last call of every reader (the end of
a run has the rollout, the proof and the record), and of the other reads a sample, the same one every time.
"""

import random
from collections import Counter
from typing import Any, NamedTuple

import pytest

from tests.support.transient_world import SCENARIOS, Point, Striking, TransientWorld, When, deployed, outcome

SAMPLE = 12
"""Cases with a read of each scenario that are run by default, besides the last ones."""

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


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> TransientWorld:
    return deployed(tmp_path_factory.mktemp("transient") / "repository")


@pytest.fixture(scope="module", params=SCENARIOS)
def tried(request: pytest.FixtureRequest, start: TransientWorld) -> Tried:
    """Each scenario, tried out undisturbed."""
    world = start.again(Striking())
    ends = outcome(world, SCENARIOS[request.param])
    return Tried(start, request.param, sorted(world.striking.seen), ends)


def wrong(tried: Tried, cases: list[tuple[Point, When]]) -> list[str]:
    return [found for case in cases if (found := tried.differences(*case))]


def test_the_undisturbed_runs_end_as_they_should(tried: Tried) -> None:
    how = {
        "a deployment": ("", "deployed"),
        "a deployment that is taken back": ("ReleaseFailed the rollout", "taken back"),
        "a rollback by hand": ("", "rolled back"),
    }
    words, ledger = how[tried.name]
    assert tried.ends["ended"].startswith(words)
    assert bool(tried.ends["ended"]) == bool(words)
    assert tried.ends["ledger"][-1][0] == ledger
    assert tried.ends["holder"] == ""


def test_every_client_and_effect_is_struck_somewhere(tried: Tried) -> None:
    calls = {point.call for point in tried.points}
    assert calls >= {"helm.history", "cluster.workloads", "functions.state", "leases.read", "effects.write_lease"}
    assert calls >= {"effects.update_function", "effects.publish"}


def test_one_answer_that_passes_changes_nothing(tried: Tried) -> None:
    effects = [case for case in tried.cases() if case[0].call.startswith("effects.")]
    reads = [case for case in tried.cases() if case not in effects]
    last = {point.call: (point, when) for point, when in sorted(reads, key=lambda case: case[0].number)}
    found = wrong(tried, [*effects, *last.values(), *random.Random(tried.name).sample(reads, SAMPLE)])  # noqa: S311 - no cryptography
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_one_answer_that_passes_changes_nothing_at_any_point(tried: Tried) -> None:
    cases = tried.cases()
    assert len(cases) > SAMPLE
    found = wrong(tried, cases)
    assert not found, f"{len(found)} of {len(cases)}\n" + "\n".join(found)

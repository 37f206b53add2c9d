"""Two runs at once, in every order: at each read and effect the turn may pass from one run to the other.

A schedule is made of a seed. It says who begins, where the turn passes, where a run is paused for longer than its lock
lasts (also between a check and its write), and where somebody frees the lock by hand. A run that is not paused sends
heartbeats.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from erp_build.model.stages.hooks import Pipeline
from erp_build.run_options import Options
from tests.support.faulted_scenarios import Scenario, state_of
from tests.support.faulted_world import Ended, FaultedWorld, run_all, running
from tests.support.faults import Faults, Gone, Point, When
from tests.support.in_order import one_at_a_time
from tests.support.schedule_wrongs import MOVING, Content, Done, Name, Played, ends_wrong, older_over_newer

NAMES: tuple[Name, Name] = ("older", "newer")

RELEASE = Release("erp-dev", "erp-dev", "erp-microservices")

PASSES, PAUSES, IS_UNLOCKED = 0.02, 0.004, 0.002
"""How likely it is at a point that the turn passes, that the run is paused, and that somebody frees the lock."""

CALLS_BEFORE_AN_EFFECT, CALLS_BEHIND_AN_EFFECT = 8, 2
"""How near to an effect that changes what runs the chosen run is paused."""

PAUSE_S = 60.0
"""Seconds of a pause: twice as long as the lock lasts."""

WAITS_S = (0.0, 0.0, 900.0)
"""How long a run waits for the lock: a schedule chooses one for both."""

TIMEOUT_S = 120.0
"""Seconds after which a schedule counts as stuck."""


class Moment(NamedTuple):
    """A call of a run: its name, what it is about, and the how manieth of these."""

    call: str
    subject: str
    number: int


Moments = dict[Name, list[Moment]]
"""The calls around which a run may be paused."""


class Schedule:
    """Whose turn it is. Every thread of a run waits at its next point while it is the other one's."""

    def __init__(self, seed: int, worlds: dict[Name, FaultedWorld], moments: Moments) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no cryptography
        self.played = Played(seed)
        self.wait = self.random.choice(WAITS_S)
        self._world = worlds["older"]
        self._commits = {world.checkout.head(): name for name, world in worlds.items()}
        self._turn: Name = self.random.choice(NAMES)
        chosen: Name = self.random.choice(("older", "older", "newer"))
        self._chosen = (chosen, self.random.choice(moments[chosen]), self.random.choice(("before", "after")))
        self._paused: dict[Name, int] = {}
        """A paused run -> how many points of the other one it sleeps through."""
        self._ended: set[Name] = set()
        self._condition = threading.Condition()

    def await_turn(self, run: Name) -> None:
        """Wait until it is the run's turn."""
        with self._condition:
            if not self._condition.wait_for(lambda: self._turn == run, TIMEOUT_S):
                raise Gone

    def may_pass(self, run: Name, point: Moment, when: When) -> None:
        """Let something happen at a point, or not."""
        with self._condition:
            other: Name = "newer" if run == "older" else "older"
            if other in self._ended:
                return
            if left := self._paused.get(other):
                self._paused[other] = left - 1
                if left == 1:
                    del self._paused[other]
                return
            dice = self.random.random()
            if dice < PAUSES or (run, point, when) == self._chosen:
                self._paused[run] = self.random.choice((5, 40, 100_000, 100_000))
                self._world.clock.sleep(PAUSE_S)
                self._pass_to(other, f"{run} is paused {when} {point.call} #{point.number}")
            elif dice < PAUSES + PASSES or (point.call == "clock.sleep" and dice < 0.5):
                self._pass_to(other, "")
            elif dice > 1 - IS_UNLOCKED and (lease := self._world.leases.lease) and lease.holder:
                self._world.leases.write(RELEASE, lease.freed(failed=True))
                self.played.events.append(f"unlocked {when} {run}'s {point.call}")

    def end(self, run: Name, ended: Ended) -> None:
        """A run has ended: the other one goes on alone."""
        with self._condition:
            self.played.ended[run] = ended
            self.played.events.append(f"{run} ends with {ended.code}")
            self._ended.add(run)
            self._paused.clear()
            self._turn = "newer" if run == "older" else "older"
            self._condition.notify_all()

    def send_heartbeats(self) -> None:
        """Let the holder of the lock renew it whenever somebody looks, unless it is paused or has ended."""
        lease = self._world.leases.lease or Lease()
        holder = self._commits.get(lease.commit)
        is_alive = holder is not None and holder not in self._paused and holder not in self._ended
        self._world.leases.stays_alive(alive=bool(lease.holder) and is_alive)

    def _pass_to(self, other: Name, event: str) -> None:
        if event:
            self.played.events.append(event)
        self._turn = other
        self._condition.notify_all()


class Turn(Faults):
    """The points of one of the two runs."""

    def __init__(self, schedule: Schedule, run: Name) -> None:
        super().__init__()
        self._schedule = schedule
        self._run = run
        self._main = threading.current_thread()

    @contextmanager
    def point(self, call: str, subject: str) -> Iterator[None]:
        """Wait for the turn; it may pass before and after the real call."""
        # While a worker thread works, its main thread waits for it.
        is_main = threading.current_thread() is self._main
        self._schedule.await_turn(self._run)
        self._numbers[call, subject] += 1
        moment = Moment(call, subject, self._numbers[call, subject])
        if is_main:
            self._schedule.may_pass(self._run, moment, "before")
            self._schedule.await_turn(self._run)
        if call == "leases.read":
            self._schedule.send_heartbeats()
        yield
        if call.startswith("effects."):
            self._schedule.played.done.append(Done(self._run, call, subject))
        if is_main:
            self._schedule.may_pass(self._run, moment, "after")
            self._schedule.await_turn(self._run)


class Table:
    """A scenario for two runs.

    Attributes:
        scenario: the world before them.
        newest: what runs after the newer run, when it is alone.
        moments: the calls around the moving effects of each run, when it is alone.
        pipeline: hooks of both runs.
        codes: with which exit codes the two runs, newer first, ended in the schedules that were played so far.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.pipeline = Pipeline()
        self.codes: set[tuple[int, ...]] = set()
        self.moments: Moments = {}
        for name, world in self._worlds().items():
            ended = world.ends(run_all)
            assert ended.error is None, ended
            self.moments[name] = _near_effects(world.faults.seen)
            self.newest = content_of(world)

    def play(self, seed: int) -> tuple[Played, FaultedWorld]:
        """Play a schedule: both runs at once; returns what came of it, and the world as the newer run sees it."""
        worlds = self._worlds()
        worlds["newer"] = worlds["older"].of_another_run(worlds["newer"])
        schedule = Schedule(seed, worlds, self.moments)

        def run(name: Name) -> None:
            turn = Turn(schedule, name)
            schedule.await_turn(name)
            act = running(Options(wait_for_lock=schedule.wait), self.pipeline)
            schedule.end(name, worlds[name].ends(act, turn))

        threads = [threading.Thread(target=run, args=(name,), daemon=True) for name in NAMES]
        # For both of them, whichever ends first.
        with one_at_a_time():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT_S)
        played, world = schedule.played, worlds["newer"]
        played.content = content_of(world)
        played.holder = world.leases.lease.holder if world.leases.lease else ""
        world.leases.stays_alive(alive=False)
        return played, world

    def wrongs(self, seed: int) -> list[str]:
        """Everything that does not hold in a schedule."""
        played, world = self.play(seed)
        self.codes.add(tuple(ended.code for _, ended in sorted(played.ended.items())))
        found = [*ends_wrong(played), *older_over_newer(played, self.newest)]
        ended = world.ends(run_all)
        if ended.error is not None or content_of(world) != self.newest:
            found.append(f"the newer run does not heal: {ended.error!r}, {content_of(world)}")
        return [f"{self.scenario.name}, seed {seed}: {one}; {'; '.join(played.events)}" for one in found]

    def _worlds(self) -> dict[Name, FaultedWorld]:
        """A world for each run, as if it were alone."""
        assert self.scenario.newer is not None
        found = {}
        for name in NAMES:
            world = self.scenario.world.again()
            # The time of a pause passes for both runs, and a rollout of the other one need not fail for it.
            world.project = world.project._replace(chart=world.project.chart._replace(timeout=10 * PAUSE_S))
            found[name] = world if name == "older" else world.of_another_run(self.scenario.newer)
        return found


def content_of(world: FaultedWorld) -> Content:
    """What runs, by its content: which of two runs has built an image of the same sources makes no difference."""
    state, keys = state_of(world), world.registry.keys
    digests = {**{name: digest for name, (_, digest) in state.services.items()}, **state.functions}
    return {
        **{name: keys.get(digest, digest) for name, digest in digests.items()},
        "chart": state.chart.partition(" ")[2][:40],
    }


def _near_effects(points: list[Point]) -> list[Moment]:
    """The calls around the effects that change what runs, of the main thread."""
    seen = [one for one in points if not one.in_worker]
    near = {
        place
        for effect, one in enumerate(seen)
        if one.call in MOVING and (one.call != "effects.tag" or one.subject.endswith(":latest"))
        for place in range(effect - CALLS_BEFORE_AN_EFFECT, effect + CALLS_BEHIND_AN_EFFECT + 1)
    }
    return [Moment(*seen[place][:3]) for place in sorted(near) if place < len(seen)]

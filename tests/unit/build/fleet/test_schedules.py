"""Whatever becomes of workers and coordinator, in a thousand seeded schedules: one right image each, nobody left."""

from random import Random

import pytest

from erp_build.build.fleet.stage import FleetOrder, build_on_workers
from erp_build.changes.make_plan import make_plan
from erp_build.errors import BuildFailed, FleetFull, Locked
from erp_build.model.build_options import FanOut
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.images.fleet import Worker
from erp_build.model.plan import LiveState, Plan
from tests.fakes.fleet import Way, refusal
from tests.support.counted_world import project_of
from tests.support.git import Checkout
from tests.unit.build.fleet.conftest import PROJECT, FleetWorld

SCHEDULES, CHUNKS = 1000, 10
HEAD = "a" * 40
WORKS: tuple[Way, ...] = ("works", "works", "works", "late")
DEAF: tuple[Way, ...] = ("deaf",)
FAILS: tuple[Way, ...] = ("fails", "breaks", "hangs", "lost", "another base", "stopped")


class Killed(BaseException):
    """The coordinator is gone, and has stopped nobody."""


ENDS: tuple[type[BaseException] | None, ...] = (None, None, None, KeyboardInterrupt, Locked, Killed)
"""What ends a coordinator; None: nothing."""


class Play:
    """One schedule: its world, and what ends the coordinator at which of its questions; all of it from a seed."""

    def __init__(self, seed: int, checkout: Checkout) -> None:
        some = self.some = Random(seed)  # noqa: S311 - a schedule, and no secret
        self.world = FleetWorld(checkout, project_of(some.randint(1, 13), some.randint(0, 1)))
        fleet = self.fleet = self.world.fleet
        fleet.ways = some.choices((*WORKS, *FAILS, *(DEAF if seed % 5 == 0 else ())), k=some.randint(0, 8))
        fleet.fails_at, fleet.each = some.randint(0, 3), some.choice((1.0, 30.0, 120.0))
        fleet.room = some.choice((0, 1, 2, 60, 60, 60))
        refusals = (FleetFull("no room"), refusal(), refusal(passes=True))
        fleet.refusals = some.choices(refusals, k=some.choice((0, 0, 0, 1, 2)))
        fleet.blind = [refusal(passes=True)] * some.choice((0, 0, 1, 7))
        fleet.broken_names = {name for name in self.world.names if some.randrange(20) == 0}
        self.ends = some.choice(ENDS)
        self.at = some.randint(1, 30)
        self.asked = 0
        self.workers: tuple[Worker, ...] = ()
        self.plan = planned(self.world)
        self.made: Plan | None = None
        self.error: BaseException | None = None

    def go(self) -> "Play":
        """Play it; a coordinator that was killed is followed by another one, some time later."""
        try:
            self._coordinate()
        except Killed:
            self.fleet.is_out_of_reach = False
            self.world.clock.sleep(self.some.uniform(0, 200))
            self._coordinate()
        return self

    def _coordinate(self) -> None:
        options = FanOut(self.some.randint(1, 5), 1, PROJECT, "", self.some.choice((60.0, 400.0, 3000.0)))
        seconds = {name: self.some.uniform(1, 300) for name in self.world.names if self.some.randrange(2)}
        order = FleetOrder(options, PROJECT, options.workers, seconds, self._require_ours, self._note)
        try:
            self.made = build_on_workers(self.world.site(), self.plan, order)
        except (BuildFailed, KeyboardInterrupt, Locked) as error:
            self.error = error

    def _note(self, workers: tuple[Worker, ...]) -> None:
        self.workers = workers

    def _require_ours(self) -> None:
        self.asked += 1
        if self.ends and self.asked == self.at:
            self.fleet.is_out_of_reach = self.ends is Killed
            raise self.ends("the coordinator ends")

    def wrongs(self) -> list[str]:
        """What must not be, and is."""
        fleet, keys = self.fleet, self.world.registry.keys
        wrong = [f"{key} was built by {one} and {two} at once" for key, one, two in fleet.overlaps()]
        wrong += [f"{build} goes on, and nobody stopped it" for build in fleet.going_on if build not in fleet.stops]
        if isinstance(self.error, BuildFailed) and self.error.what != "a worker does not end":
            wrong.append(f"it failed: {self.error.what}")
        if self.made is None:
            return wrong if self.error else [*wrong, "there is neither a plan nor an error"]
        wrong += [f"{build} goes on beside what is built here" for build in fleet.going_on]
        for step in self.made.steps[:-1]:
            name, image = step.target.name, step.image
            if step.action not in ("build", "reuse"):
                wrong.append(f"{name} is {step.action}")
            if step.action == "reuse" and (image is None or keys[image.digest] != step.key):
                wrong.append(f"{name} is taken with another key than its own")
            if step.action == "reuse" and name in fleet.broken_names:
                wrong.append(f"{name} is taken, and no worker can have built it")
            if step.action == "build" and not step.because[-1].rule.startswith("built here: "):
                wrong.append(f"{name} is built here, and nobody says why")
        return wrong


def planned(world: FleetWorld) -> Plan:
    """Everything is to be built, each under a key of its own."""
    baselines = tuple(Baseline(target=one.name, commit=None, source="none") for one in world.project.targets)
    plan = make_plan(world.project, ChangeSet(head=HEAD, baselines=baselines, changes={}), LiveState())
    steps = (step._replace(key=f"{place:040x}-{place:012x}") for place, step in enumerate(plan.steps))
    return plan._replace(steps=tuple(steps))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A repository that nobody looks into."""
    return Checkout.create(tmp_path_factory.mktemp("schedules") / "repository", **{"README.md": "a"})


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_schedule_leaves_a_worker_or_builds_a_content_twice_at_once_or_takes_a_wrong_image(
    chunk: int, checkout: Checkout
) -> None:
    seeds = range(chunk, SCHEDULES, CHUNKS)
    assert [f"seed {seed}: {wrong}" for seed in seeds for wrong in Play(seed, checkout).go().wrongs()] == []


def test_the_schedules_are_of_every_kind(checkout: Checkout) -> None:
    plays = [Play(seed, checkout).go() for seed in range(200)]
    assert {worker.end for play in plays for worker in play.workers} == {
        *("done", "failed", "broken", "stopped", "lost", "hung", "left"),
    }
    assert {type(play.error) for play in plays} == {type(None), BuildFailed, KeyboardInterrupt, Locked}
    assert any(play.ends is Killed and play.made for play in plays)

"""Histories of up to five deployments as whole runs: where a rollback and a failing run lead, read from what runs."""

import random
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from erp_build.errors import ReleaseFailed
from erp_build.model.project import DeployPolicy
from erp_build.model.stages.hooks import Pipeline
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, Killed
from tests.support.faulted_scenarios import State, state_of
from tests.support.faulted_world import SMALL, FaultedWorld, rolling_back, running, small_sources
from tests.support.faults import Faults, Point
from tests.support.git import Checkout
from tests.support.rollback_histories import LONGEST, STEPS, Expectation, Step
from tests.support.samples import EMPLOYEE, REQUEST

HISTORIES, QUICK = 100, 25
"""How many histories there are, and how many of them `make check` runs."""

RELEASE = SMALL.chart.release
KEPT = SMALL._replace(deploy=DeployPolicy(on_failure="keep"))
KILLS = (
    Point("effects.update_function", FUNCTION, 1),
    Point("effects.upgrade_release", RELEASE, 1),
    Point("cluster.workloads", RELEASE, 4),
)
"""Where a run is killed; behind the first one it has moved the function alone."""

Halves = tuple[dict[str, str], str]


@dataclass
class Told:
    """A world, and what is known of it: content -> both halves as they ran, and the time of its revision."""

    world: FaultedWorld
    chance: random.Random
    expected: Expectation = field(default_factory=Expectation)
    halves: dict[int, Halves] = field(default_factory=dict)
    made: dict[int, str] = field(default_factory=dict)

    def do(self, step: Step, content: int) -> None:
        """Go through a step."""
        world = self.world
        entries = len(world.ledger())
        if step == "uninstalled":
            if world.helm.revisions:
                world.helm.uninstall(keep_history=self.chance.random() < 0.5)
        else:
            world.change_small(REQUEST, EMPLOYEE, text=f"content {content}")
            self.run(step)
        if step == "uninstalled" or len(world.ledger()) > entries:
            newest = world.helm.revisions[-1] if world.helm.revisions else None
            is_installed = newest is not None and newest.status != "uninstalled"
            self.expected.see(step, content, is_installed=is_installed)
        if step == "proven" and len(world.ledger()) > entries:
            self.halves[content], self.made[content] = halves(world), world.helm.revisions[-1].updated
        there = {one.updated for one in world.helm.revisions}
        self.expected.gone |= {one for one, updated in self.made.items() if updated not in there}

    def run(self, step: Step) -> None:
        """A run that ends so."""
        world = self.world
        world.project = KEPT if step == "kept" else SMALL
        act = running(Options(replace_cut_off_install=True), Pipeline())
        if step == "killed":
            self.kill()
        else:
            ended = world.ends(act, None if step == "proven" else self.never_ready())
            assert (ended.error is None) == (step == "proven") or isinstance(ended.error, ReleaseFailed), ended
        world.cluster.troubles.clear()
        world.project = SMALL

    def never_ready(self) -> Faults:
        """The pods that the next upgrade makes never get ready."""

        def strike() -> None:
            self.world.cluster.troubles[REQUEST] = NEVER_READY

        return Faults(Point("effects.upgrade_release", RELEASE, 1), "before", strike)

    def kill(self) -> None:
        """A run that is killed, perhaps in the middle of Helm; nobody frees its lock."""
        world, point = self.world, self.chance.choice(KILLS)
        in_helm = point.call == "effects.upgrade_release" and self.chance.random() < 0.5

        def strike() -> NoReturn:
            if in_helm:
                world.helm.is_pending(world.leases.now.isoformat())
            raise Killed

        act = running(Options(replace_cut_off_install=True), Pipeline())
        ended = world.ends(act, Faults(point, "before" if in_helm else self.chance.choice(("before", "after")), strike))
        if isinstance(ended.error, Killed):
            world.leases.is_held(alive=False)


def halves(world: FaultedWorld) -> Halves:
    """What each half runs: the digests of the services, and of the function."""
    state: State = state_of(world)
    return {name: digest for name, (_, digest) in state.services.items()}, state.functions[FUNCTION]


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> FaultedWorld:
    """A project that was never deployed; its function was made by hand."""
    return FaultedWorld(Checkout.create(tmp_path_factory.mktemp("histories") / "repository", **small_sources()))


@pytest.mark.parametrize(
    "seed", [pytest.param(one, marks=[pytest.mark.slow] * (one >= QUICK)) for one in range(HISTORIES)]
)
def test_whole_runs_go_back_to_what_the_ledger_says_was_proven(new: FaultedWorld, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no cryptography
    steps: list[Step] = chance.choices(STEPS, k=chance.randint(2, LONGEST))
    told = Told(new.again(), chance)
    told.halves[0] = halves(told.world)
    for content, step in enumerate(steps, 1):
        told.do(step, content)
    rolled_back_by_hand(told, steps)
    failing_run_goes_back(told, steps)


def rolled_back_by_hand(told: Told, steps: list[Step]) -> None:
    """`erp-build rollback`, in a copy of the world."""
    world, wanted = told.world.again(), told.expected.by_hand
    before = halves(world)
    ended = world.ends(rolling_back(None))
    if wanted is None:
        assert isinstance(ended.error, ReleaseFailed), (steps, ended)
        assert halves(world) == before, steps
        return
    assert ended.error is None, (steps, ended)
    assert halves(world) == told.halves[wanted], steps
    assert world.ledger()[-1]["outcome"] == "rolled back"


def failing_run_goes_back(told: Told, steps: list[Step]) -> None:
    """A run whose pods never get ready, in the world itself."""
    world, release, function = told.world, told.expected.automatic_release, told.expected.automatic_function
    entries = len(world.ledger())
    told.do("taken back", LONGEST + 1)
    if len(world.ledger()) == entries:
        # A cut-off release without a proven revision: it is a person's turn.
        return
    now = halves(world)
    assert now[1] == told.halves[function][1], steps
    assert world.ledger()[-1]["outcome"] == ("failed" if release is None else "taken back"), steps
    if release is not None:
        assert now[0] == told.halves[release][0], steps

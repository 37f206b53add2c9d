"""What runs do while a fault strikes: each scenario has a world before it, the act, and how a second one heals it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, NoReturn

from erp_build.model.project import DeployPolicy, Project
from erp_build.model.releases.deployment import Proof
from erp_build.model.stages.hooks import Pipeline
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY, Trouble
from tests.fakes.health import GROUP, binding, service
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, Killed
from tests.support.faulted_world import SMALL, Ended, FaultedWorld, rolling_back, run_all, running, small_sources
from tests.support.faults import Faults, Point
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, PROCESSING, REQUEST

Act = Callable[[FaultedWorld], tuple[Proof, ...]]
WITH_ALIAS = SMALL._replace(
    functions=(SMALL.functions[0]._replace(publish=True, alias="live"),), build=SMALL.build._replace(evidence=True)
)
WITH_BRANCH = SMALL._replace(deploy=DeployPolicy(write_back="branch", branch="main"))

ADDRESS = "https://erp.example.com/health"
WITH_BAKE = SMALL._replace(deploy=DeployPolicy(bake=6.0, bake_http=ADDRESS))


class State(NamedTuple):
    """What runs, as a reader of the account and the cluster sees it.

    Attributes:
        services: service -> tag and digest.
        functions: name of a function, or `name:alias` -> digest.
        chart: the description of the revision that made the objects; empty: there is no release.
        status: of the newest revision.
    """

    services: dict[str, tuple[str, str]]
    functions: dict[str, str]
    chart: str
    status: str


NOTHING = State({}, {}, "", "")
WELL = Ended(None, 0, ())


@dataclass
class Scenario:
    """Runs that do the same thing from the same world.

    Attributes:
        world: what is there before; each run gets a copy.
        act: a run or a rollback.
        heal: what a second, undisturbed one does.
        is_rollback: whether a person goes back: then older over newer is what was asked for.
        cure: takes away the cause of a failure that the scenario itself has.
        newer: the world with the checkout of a newer commit, for another run.
        before: the states that count as "everything is as before".
        points: every point of an undisturbed run.
        undisturbed, after, latest: how that ended, what runs after it, and what `latest` names.
        healed, healed_latest: the same after the second one.
        name: what the runs do.
    """

    world: FaultedWorld
    act: Act = run_all
    heal: Act = run_all
    is_rollback: bool = False
    cure: Callable[[FaultedWorld], object] = lambda _: None
    newer: FaultedWorld | None = None
    before: list[State] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    undisturbed: Ended = WELL
    after: State = NOTHING
    healed: State = NOTHING
    latest: dict[str, str] = field(default_factory=dict)
    healed_latest: dict[str, str] = field(default_factory=dict)
    name: str = ""

    def try_out(self) -> "Scenario":
        """Run it without a fault, for its points and its ends."""
        self.before.append(state_of(self.world))
        world = self.world.again()
        self.undisturbed = world.ends(self.act)
        # Threads may come in another order the next time.
        self.points = sorted(world.faults.seen)
        self.after, self.latest = state_of(world), world.latest()
        self.cure(world)
        ended = world.ends(self.heal)
        assert ended.error is None, ended
        self.healed, self.healed_latest = state_of(world), world.latest()
        return self


def state_of(world: FaultedWorld) -> State:
    """What runs now; updates of functions that are on their way have ended."""
    while (state := world.functions.state(FUNCTION)) and state.last_update == "InProgress":
        pass
    functions = {FUNCTION: state.digest if state else ""}
    functions |= world.functions.aliases
    revisions = world.helm.revisions
    services = {name: (tag, world.cluster.digest(name)) for name, tag in world.cluster.running().items()}
    return State(services, functions, _origin(world, len(revisions)), revisions[-1].status if revisions else "")


def _origin(world: FaultedWorld, number: int) -> str:
    """The description of a revision, or of the one that it is a rollback to."""
    if not number:
        return ""
    text = world.helm.revisions[number - 1].description
    return _origin(world, int(text.split()[-1])) if text.startswith("Rollback to ") else text


def deployed(folder: Path, project: Project = SMALL) -> FaultedWorld:
    """A world after two deployments, so that there is something to go back to."""
    world = FaultedWorld(Checkout.create(folder, **small_sources()), project)
    _deploy(world)
    world.change_small(PROCESSING, EMPLOYEE, text="second")
    _deploy(world)
    return world


def _deploy(world: FaultedWorld) -> None:
    ended = world.ends(run_all)
    assert ended.error is None, ended
    world.values.write_bytes(world.committed)


def _with_newer(world: FaultedWorld) -> FaultedWorld:
    """The world of another run, at a commit on top of this one's; this one's checkout knows that commit as well."""
    older = world.checkout.head()
    world.change_small(PROCESSING, EMPLOYEE, text="newer")
    other = world.cloned(world.root.with_name(f"{world.root.name}-newer"))
    world.checkout.git("reset", "--quiet", "--hard", older)
    world.look_at_the_checkout()
    return other


def _first_deployment(folder: Path) -> Scenario:
    world = FaultedWorld(Checkout.create(folder, **small_sources()))
    return Scenario(world, newer=_with_newer(world))


def _changed(folder: Path, project: Project, *targets: str) -> Scenario:
    world = deployed(folder, project)
    world.change_small(*targets, text="third")
    return Scenario(world, newer=_with_newer(world))


def _in_part(folder: Path) -> Scenario:
    """A service is deployed, while the function and the chart that changed as well stay as they run."""
    world = deployed(folder)
    world.change_small(REQUEST, EMPLOYEE, CHART, text="third")
    part = running(Options(only=(REQUEST,)), Pipeline())
    return Scenario(world, act=part, heal=part)


def _nothing(folder: Path) -> Scenario:
    world = deployed(folder)
    return Scenario(world, newer=_with_newer(world))


def _rolled_back(folder: Path, *, to_commit: bool) -> Scenario:
    world = deployed(folder)
    to = world.checkout.head()
    world.change_small(REQUEST, EMPLOYEE, text="third")
    _deploy(world)
    act = rolling_back(to if to_commit else None)
    return Scenario(world, act=act, heal=rolling_back(to), is_rollback=True, newer=_with_newer(world))


def _blocked(folder: Path) -> Scenario:
    world = deployed(folder)
    world.change_small(REQUEST, EMPLOYEE, text="third")
    world.registry.answers(f"erp/{REQUEST}", scan(CRITICAL=1))
    return Scenario(world, cure=lambda one: one.registry.scans.clear())


def _never_ready(folder: Path) -> Scenario:
    world = deployed(folder)
    world.change_small(REQUEST, EMPLOYEE, text="third")
    world.cluster.troubles[REQUEST] = NEVER_READY
    return Scenario(world, cure=lambda one: one.cluster.troubles.clear())


def _baked(folder: Path) -> Scenario:
    """A world whose deployments are baked, with a target behind a service."""
    world = deployed(folder, WITH_BAKE)
    group = GROUP.format("request")
    world.helm.around = (service(REQUEST), binding(REQUEST, REQUEST, group))
    world.health.groups[group] = {"10.0.0.7:8080": "healthy"}
    world.change_small(REQUEST, EMPLOYEE, text="third")
    return Scenario(world)


def _broken(folder: Path) -> Scenario:
    """A pod of the deployed service starts again in the bake."""
    scenario = _baked(folder)
    tried = scenario.world.again()
    tried.ends(run_all)
    began = next(one.began for one in tried.report.stages if one.name == "bake")
    since = scenario.world.clock.monotonic() + began + 2
    scenario.world.cluster.troubles[REQUEST] = Trouble(ready=True, restarts=1, since=since)
    scenario.cure = lambda one: one.cluster.troubles.clear()
    return scenario


def _after_a_run_killed_in_its_bake(folder: Path) -> Scenario:
    scenario = _baked(folder)
    before = state_of(scenario.world)
    ended = scenario.world.ends(run_all, Faults(Point("health.http", ADDRESS, 4), "after", _kill))
    assert isinstance(ended.error, Killed), ended
    scenario.world.leases.is_held(alive=False)
    scenario.before.append(before)
    return scenario


def _after_a_run_killed_behind(folder: Path, effect: str) -> Scenario:
    world = deployed(folder)
    before = state_of(world)
    world.change_small(REQUEST, EMPLOYEE, text="third")
    name = {"update_function": FUNCTION, "upgrade_release": world.project.chart.release}[effect]
    ended = world.ends(run_all, Faults(Point(f"effects.{effect}", name, 1), "after", _kill))
    assert isinstance(ended.error, Killed), ended
    # Nobody has freed the lock.
    world.leases.is_held(alive=False)
    return Scenario(world, newer=_with_newer(world), before=[before])


def _after_helm_was_cut_off(folder: Path) -> Scenario:
    world = deployed(folder)
    before = state_of(world)
    world.change_small(REQUEST, EMPLOYEE, text="third")
    world.helm.is_pending()
    return Scenario(world, newer=_with_newer(world), before=[before])


def _kill() -> NoReturn:
    raise Killed


SCENARIOS: dict[str, Callable[[Path], Scenario]] = {
    "a first deployment": _first_deployment,
    "a service and the function change": lambda folder: _changed(folder, WITH_BRANCH, REQUEST, EMPLOYEE),
    "a function with an alias changes": lambda folder: _changed(folder, WITH_ALIAS, EMPLOYEE),
    "the chart changes": lambda folder: _changed(folder, SMALL, CHART),
    "a part is deployed": _in_part,
    "there is nothing to do": _nothing,
    "a rollback by hand": lambda folder: _rolled_back(folder, to_commit=False),
    "a rollback by hand to a commit": lambda folder: _rolled_back(folder, to_commit=True),
    "the gate blocks an image": _blocked,
    "a deployment is taken back": _never_ready,
    "a run after a killed one": lambda folder: _after_a_run_killed_behind(folder, "update_function"),
    "a run after one that was killed before its proof": lambda folder: _after_a_run_killed_behind(
        folder, "upgrade_release"
    ),
    "a run after a cut-off Helm": _after_helm_was_cut_off,
    "a deployment is baked": _baked,
    "a bake is broken": _broken,
    "a run after one that was killed in its bake": _after_a_run_killed_in_its_bake,
}
"""What runs do -> makes its scenario in a folder."""


def prepared(name: str, folder: Path) -> Scenario:
    """Make a scenario, and try it out without a fault."""
    scenario = SCENARIOS[name](folder)
    scenario.name = name
    return scenario.try_out()

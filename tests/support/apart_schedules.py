"""Schedules of several releases and functions: random changes, faults and choices, and what must hold after each run.

In some runs functions are apart, in others they are deployed with their release; the key changes between runs, too.
`python -m tests.support.apart_schedules` plays a thousand of them, in minutes; `make faults` calls it.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from erp_build.errors import ErpBuildError
from erp_build.model.project import Chart, DeployPolicy, Function, Project, Service, Target
from erp_build.model.releases.units import name_of, units_of
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.several import PAYROLL, SeveralReleases, several_releases
from tests.support.samples import EMPLOYEE

NAMES = ("a", "b", "c")
SERVICES, FUNCTIONS = tuple(f"service-{name}" for name in NAMES), (EMPLOYEE, PAYROLL.name)
OF_SERVICE = ("blocked", "repository", "never ready", "locked", "bug")
OF_FUNCTION = ("blocked", "repository", "update fails", "locked", "protected")
BEFORE_DEPLOYING = ("blocked", "repository")
"""Faults with which nothing of the unit may be deployed."""

SCHEDULES, ROUNDS, BATCH = 1_000, 3, 50


class Round(NamedTuple):
    """A run: whether functions are apart, what its commit changes, target -> what is wrong with it, and `--only`."""

    apart: bool
    changed: tuple[str, ...]
    faults: dict[str, str]
    only: tuple[str, ...]


def schedule_of(seed: int) -> list[Round]:
    """The rounds of a seed. A fault strikes only a service or function that changes."""
    random = Random(seed)  # noqa: S311 - a schedule, and no secret
    rounds, apart = [], random.random() < 0.7
    for _ in range(ROUNDS):
        apart = apart if random.random() < 0.8 else not apart
        services = [name for name in SERVICES if random.random() < 0.6]
        functions = [name for name in FUNCTIONS if random.random() < 0.5]
        charts = [name for name in NAMES if random.random() < 0.2]
        kinds = {**dict.fromkeys(services, OF_SERVICE), **dict.fromkeys(functions, OF_FUNCTION)}
        faults = {name: random.choice(faults) for name, faults in kinds.items() if random.random() < 0.5}
        images = (*SERVICES, *FUNCTIONS)
        only = [name for name in images if random.random() < 0.6] if random.random() < 0.25 else []
        rounds.append(Round(apart, (*services, *functions, *charts), faults, tuple(only)))
    return rounds


class Player:
    """Plays schedules in copies of a world; each broken promise is a line."""

    def __init__(self, template: SeveralReleases, folder: Path) -> None:
        self._template, self._folder = template, folder

    def wrongs(self, seed: int) -> list[str]:
        """Everything that does not hold in the schedule of a seed."""
        world = self._template.copy_to(self._folder / str(seed))
        cleared = set(world.digests().values())
        found, last = [], schedule_of(seed)
        for number, one in enumerate((*last, last[-1]._replace(changed=(), faults={}, only=()))):
            found += [f"seed {seed}, run {number}, {one}: {text}" for text in _round(world, number, one, cleared)]
        if world.run().outcome != "nothing":
            found.append(f"seed {seed}: something was left to do")
        return found


class Before(NamedTuple):
    """What ran before a round: target -> its state, and chart -> its template in the commit that its release names."""

    states: Mapping[str, object]
    charted: Mapping[str, str]


def _round(world: SeveralReleases, number: int, one: Round, cleared: set[str]) -> Iterator[str]:
    world.project = world.project._replace(deploy=DeployPolicy(units="apart" if one.apart else "together"))
    head = world.change(*one.changed, text=f"run {number}") if one.changed else world.checkout.head()
    states = {target.name: _state(world, target) for target in world.project.targets}
    charted = {one.name: _text(world, _commit(world, one), f"{one.path}/{HPA}") for one in world.project.charts}
    before = Before(states, charted)
    _strike(world, one)
    code = 0
    try:
        world.run(Options(only=one.only))
    except ErpBuildError as error:
        code = error.code
    _cure(world, one)
    cleared |= {image.image.digest for image in world.report.cleared}
    if bad := set(world.digests().values()) - cleared:
        yield f"uncleared: {sorted(bad)} runs"
    if not world.is_free():
        yield "a lock is held"
    ends = {unit.name: unit.outcome for unit in world.report.units}
    for unit in units_of(world.project):
        for text in _wrongs_of(world, one, unit, ends[name_of(unit)], before, head):
            yield f"{name_of(unit)} ended as {ends[name_of(unit)]}: {text}"
    failed, gone = "failed" in ends.values(), "deployed" in ends.values()
    if failed != bool(code) or (code == 12) != (failed and gone):
        yield f"exit code {code} for {ends}"


def _wrongs_of(world: SeveralReleases, one: Round, unit: Project, end: str, before: Before, head: str) -> Iterator[str]:
    chosen = [target for target in unit.targets if not one.only or target.name in one.only]
    for target in unit.targets:
        if end in ("failed", "left out") or target not in chosen:
            if not _is_as_before(world, target, end, before):
                yield f"{target.name} was changed"
        elif _is_late(world, target, head):
            yield f"{target.name} is not at head"
    if end == "failed" and not any(target.name in one.faults for target in unit.targets):
        yield "it has no fault of its own"
    stops = [target.name for target in chosen if one.faults.get(target.name) in BEFORE_DEPLOYING]
    if stops and end != "failed":
        yield f"in spite of the fault of {stops}"


def _is_as_before(world: SeveralReleases, target: Target, end: str, before: Before) -> bool:
    if _state(world, target) == before.states[target.name]:
        return True
    # An upgrade for a service makes a revision, with the chart that was there.
    is_upgraded = isinstance(target, Chart) and end != "failed"
    return is_upgraded and _charted(world, target.name).strip() == before.charted[target.name].strip()


HPA = "templates/hpa.yaml"


def _release(target: Target) -> str:
    return f"release-{target.chart if isinstance(target, Service) else target.name}"


def _state(world: SeveralReleases, target: Target) -> object:
    """What runs of a target: a digest; of a chart, what the revision says whose objects it has."""
    if isinstance(target, Function):
        return world.functions.states[target.function].digest
    if isinstance(target, Service):
        return world.clusters[_release(target)].digest(target.name)
    revisions = world.helms[_release(target)].revisions
    text = revisions[-1].description
    while text.startswith("Rollback to "):
        text = revisions[int(text.split()[-1]) - 1].description
    return text


def _charted(world: SeveralReleases, name: str) -> str:
    """The template with which the release was upgraded last."""
    return world.helms[f"release-{name}"].charted.get(HPA, "")


def _commit(world: SeveralReleases, chart: Chart) -> str:
    """The commit that a release says its chart is of."""
    return str(_state(world, chart)).split()[1]


def _is_late(world: SeveralReleases, target: Target, head: str) -> bool:
    """Whether a target runs another content than head has."""
    if isinstance(target, Chart):
        return _charted(world, target.name).strip() != _text(world, head, f"{target.path}/{HPA}").strip()
    path = f"{target.path}/src/App.java"
    commit = world.registry.revisions[str(_state(world, target))]
    return _text(world, commit, path) != _text(world, head, path)


def _text(world: SeveralReleases, commit: str, path: str) -> str:
    """A file of a commit; empty where it has none."""
    listed = world.checkout.git("ls-tree", "-r", "--name-only", commit, path).strip()
    return world.checkout.git("show", f"{commit}:{path}") if listed else ""


def _strike(world: SeveralReleases, one: Round) -> None:
    for target, fault in _faults(world.project, one.faults).items():
        if fault == "blocked":
            world.registry.answers(f"erp/{target.repository}", scan(CRITICAL=1))
        elif fault == "repository":
            world.registry.repositories.discard(f"erp/{target.repository}")
        elif fault == "locked":
            world.all_leases[_lock(target)].is_held(alive=True, until=world.clock.monotonic() + 1e6)
        elif isinstance(target, Function):
            if fault == "protected":
                world.functions.protected.add(target.function)
            else:
                world.functions.fails_to_update(target.function, "ImageAccessDenied", times=1)
        elif fault == "never ready":
            world.clusters[_release(target)].troubles[target.name] = NEVER_READY
        else:
            world.helms[_release(target)].failures["render"] = KeyError("surprise")


def _cure(world: SeveralReleases, one: Round) -> None:
    for target, fault in _faults(world.project, one.faults).items():
        world.registry.scans.pop(f"erp/{target.repository}", None)
        world.registry.repositories.add(f"erp/{target.repository}")
        if isinstance(target, Function):
            world.functions.protected.clear()
            world.functions.fails_to_update(target.function, "", times=0)
        else:
            world.clusters[_release(target)].troubles.clear()
            world.helms[_release(target)].failures.clear()
        leases = world.all_leases[_lock(target)]
        if fault == "locked" and leases.lease:
            leases.stays_alive(alive=False)
            leases.lease = leases.lease.freed()


def _faults(project: Project, faults: Mapping[str, str]) -> dict[Service | Function, str]:
    return {target: faults[target.name] for target in project.image_targets if target.name in faults}


def _lock(target: Service | Function) -> str:
    """Whose lock it is; that of a function is nobody's while functions are deployed with their release."""
    return target.function if isinstance(target, Function) else _release(target)


def _play(seeds: tuple[int, ...], folder: Path) -> list[str]:
    place = folder / str(seeds[0])
    player = Player(several_releases(place / "world", NAMES, "apart"), place / "copies")
    return [line for seed in seeds for line in player.wrongs(seed)]


def main() -> int:
    """Play all schedules; 1 if something does not hold."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        parts = pool.map(
            partial(_play, folder=Path(folder)),
            [tuple(range(start, start + BATCH)) for start in range(0, SCHEDULES, BATCH)],
        )
        found = [line for lines in parts for line in lines]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{SCHEDULES} schedules of releases and functions, {len(found)} violations\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

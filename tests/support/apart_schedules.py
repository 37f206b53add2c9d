"""Schedules of several releases: random changes, faults and choices, and what must hold after each run.

`python -m tests.support.apart_schedules` plays a thousand of them, in minutes; `make faults` calls it.
"""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from erp_build.errors import ErpBuildError
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.several import SeveralReleases, several_releases
from tests.fakes.world import FUNCTION
from tests.support.samples import EMPLOYEE

NAMES = ("a", "b", "c")
FAULTS = ("blocked", "repository", "never ready", "locked", "bug")
SCHEDULES, ROUNDS, BATCH = 1_000, 3, 50


class Round(NamedTuple):
    """A run: what its commit changes, release -> what is wrong with it, and `--only`."""

    changed: tuple[str, ...]
    faults: dict[str, str]
    only: tuple[str, ...]


def schedule_of(seed: int) -> list[Round]:
    """The rounds of a seed. A fault strikes only a release whose service changes."""
    random = Random(seed)  # noqa: S311 - a schedule, and no secret
    rounds = []
    for _ in range(ROUNDS):
        services = [name for name in NAMES if random.random() < 0.6]
        charts = [name for name in NAMES if random.random() < 0.2]
        changed = [*(f"service-{name}" for name in services), *charts]
        changed += [EMPLOYEE] if random.random() < 0.4 else []
        faults = {name: random.choice(FAULTS) for name in services if random.random() < 0.5}
        only = [f"service-{name}" for name in NAMES if random.random() < 0.6] if random.random() < 0.25 else []
        rounds.append(Round(tuple(changed), faults, tuple(only)))
    return rounds


class Player:
    """Plays schedules in copies of a world; each broken promise is a line."""

    def __init__(self, template: SeveralReleases, folder: Path) -> None:
        self._template, self._folder = template, folder

    def wrongs(self, seed: int) -> list[str]:
        """Everything that does not hold in the schedule of a seed."""
        world = self._template.copy_to(self._folder / str(seed))
        assert isinstance(world, SeveralReleases)
        cleared = set(world.digests().values())
        found = []
        for number, one in enumerate((*schedule_of(seed), Round((), {}, ()))):
            found += [f"seed {seed}, run {number}, {one}: {text}" for text in _round(world, number, one, cleared)]
        if world.run().outcome != "nothing":
            found.append(f"seed {seed}: something was left to do")
        return found


def _round(world: SeveralReleases, number: int, one: Round, cleared: set[str]) -> Iterator[str]:
    head = world.change(*one.changed, text=f"run {number}") if one.changed else world.checkout.head()
    before = {name: _state(world, name) for name in NAMES}
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
    for name in NAMES:
        chosen = not one.only or f"service-{name}" in one.only
        if not chosen or ends[name] in ("failed", "left out"):
            if _state(world, name) != before[name]:
                yield f"{name} was changed although it {'failed' if chosen else 'was left out'}"
        elif late := [what for what in _late(world, name, head) if not one.only or what.startswith("service")]:
            yield f"{name} ended as {ends[name]}, and {late} is not at head"
        if chosen and ends[name] == "failed" and name not in one.faults:
            yield f"{name} failed without a fault of its own"
    failed, gone = "failed" in ends.values(), "deployed" in ends.values()
    if failed != bool(code) or (code == 12) != (failed and gone):
        yield f"exit code {code} for {ends}"


def _state(world: SeveralReleases, name: str) -> tuple[object, ...]:
    """What runs of a release: the digests, the function that is deployed with it, and the chart's template."""
    function = world.functions.states[FUNCTION].digest if name == NAMES[0] else ""
    digest = world.clusters[f"release-{name}"].digest(f"service-{name}")
    revisions = world.helms[f"release-{name}"].revisions
    text = revisions[-1].description
    while text.startswith("Rollback to "):
        text = revisions[int(text.split()[-1]) - 1].description
    return digest, function, text


def _late(world: SeveralReleases, name: str, head: str) -> list[str]:
    """What of a release runs another content than head has."""
    running = {f"service-{name}": world.clusters[f"release-{name}"].digest(f"service-{name}")}
    if name == NAMES[0]:
        running[EMPLOYEE] = world.functions.states[FUNCTION].digest
    paths = {target.name: f"{target.path}/src/App.java" for target in world.project.image_targets}
    late = [
        what
        for what, digest in running.items()
        if _text(world, world.registry.revisions[digest], paths[what]) != _text(world, head, paths[what])
    ]
    template = world.helms[f"release-{name}"].charted.get("templates/hpa.yaml", "")
    wanted = _text(world, head, f"charts/{name}/templates/hpa.yaml")
    return late if template.strip() == wanted.strip() else [*late, "the chart"]


def _text(world: SeveralReleases, commit: str, path: str) -> str:
    """A file of a commit; empty where it has none."""
    listed = world.checkout.git("ls-tree", "-r", "--name-only", commit, path).strip()
    return world.checkout.git("show", f"{commit}:{path}") if listed else ""


def _strike(world: SeveralReleases, one: Round) -> None:
    for name, fault in one.faults.items():
        if fault == "blocked":
            world.registry.answers(f"erp/service-{name}", scan(CRITICAL=1))
        elif fault == "repository":
            world.registry.repositories.discard(f"erp/service-{name}")
        elif fault == "never ready":
            world.clusters[f"release-{name}"].troubles[f"service-{name}"] = NEVER_READY
        elif fault == "locked":
            world.all_leases[f"release-{name}"].is_held(alive=True, until=world.clock.monotonic() + 1e6)
        else:
            world.helms[f"release-{name}"].failures["render"] = KeyError("surprise")


def _cure(world: SeveralReleases, one: Round) -> None:
    for name, fault in one.faults.items():
        world.registry.scans.pop(f"erp/service-{name}", None)
        world.registry.repositories.add(f"erp/service-{name}")
        world.clusters[f"release-{name}"].troubles.clear()
        world.helms[f"release-{name}"].failures.clear()
        leases = world.all_leases[f"release-{name}"]
        if fault == "locked" and leases.lease:
            leases.stays_alive(alive=False)
            leases.lease = leases.lease.freed()


def _play(seeds: tuple[int, ...], folder: Path) -> list[str]:
    place = folder / str(seeds[0])
    player = Player(several_releases(place / "world", NAMES), place / "copies")
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
    sys.stdout.write(f"{SCHEDULES} schedules of several releases, {len(found)} violations\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench runs [--services 4 50 200 1000] [--latency 40]`: whole runs over fakes that take their time.

Every stage is the real one, Git is Git, and the files of the report are written. The clients are the fakes of the
tests, each of whose requests takes so many milliseconds in the thread that asks (`tests/support/counted_calls.py` says
what a call is in requests). Compiling and pushing take nothing: these are runs without their builds.
"""

import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.counted_run import Change, Measured, measured
from bench.timing import save
from tests.support.counted_world import CountedWorld

SERVICES = (4, 50, 200, 1000)
LATENCY_MS = 40.0
ROUNDS = 3

CASES: dict[str, Change] = {
    "nothing": lambda world: world.change_first(0),
    "one": lambda world: world.change_first(1),
    "ten": lambda world: world.change_first(10),
    "all there": lambda world: world.change_all("first"),
}
"""Name -> what is committed before the run: nothing that counts, one service, ten, all, whose images are there."""

GOALS_S = {("nothing", 200): 10.0, ("one", 200): 15.0}
"""(Case, services) -> seconds beyond its build; 1,000 services may take three times as long."""

LARGER, TIMES = 1000, 3.0
MOST_MB = 400.0
MOST_READINGS = 2.5
"""Of the values file in a run: as it lies there, and as it is edited."""

Row = tuple[int, str]


def main(services: Sequence[int] = SERVICES, rounds: int = ROUNDS, latency_ms: float = LATENCY_MS) -> int:
    """Measure each case at each size in shuffled rounds, save, show, and say which goal is missed."""
    found: dict[Row, list[Measured]] = {}
    for number in services:
        for name, runs in _of_size(number, rounds, latency_ms / 1000).items():
            found[number, name] = runs
            print(_line(number, name, runs), flush=True)
    save(_rows(found))
    print(f"\n{_heading()}")
    for (number, name), runs in found.items():
        print(_line(number, name, runs))
    for words in _missed(found, latency_ms):
        print(f"goal missed: {words}")
    return 0


def _of_size(services: int, rounds: int, latency: float) -> dict[str, list[Measured]]:
    """Case -> its runs, at one size; everything was deployed twice before, the second time with other content."""
    chance, found = random.Random(1), {name: list[Measured]() for name in CASES}
    with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
        world = CountedWorld.deployed(Path(folder) / "repository", services)
        world.change_all("second")
        world.run()
        for _ in range(rounds):
            for name in chance.sample(list(CASES), len(CASES)):
                found[name].append(measured(world, CASES[name], latency))
    return found


def _median_s(runs: Sequence[Measured]) -> float:
    return statistics.median(one.seconds for one in runs)


def _rows(found: dict[Row, list[Measured]]) -> dict[str, dict[str, object]]:
    """The rows for the results; each is compared with the same case at the smallest size of the same run."""
    smallest = min(number for number, _ in found)
    rows: dict[str, dict[str, object]] = {}
    for (number, name), runs in found.items():
        ours, other, last = _median_s(runs), _median_s(found[smallest, name]), runs[-1]
        rows[f"runs.{number}.{name.replace(' ', '-')}"] = {
            "ours_ms": round(ours * 1000),
            "other_ms": round(other * 1000),
            "other": f"{smallest} services",
            "ratio": round(ours / other, 3),
            "n": len(runs),
            "cpu_ms": round(statistics.median(one.cpu_s for one in runs) * 1000),
            "waits_s": round(last.waits_s, 1),
            "report_ms": round(last.report_s * 1000),
            "fakes_ms": round(last.inside_s * 1000),
            "peak_mb": round(max(one.peak_mb for one in runs)),
            "requests": last.total,
            "values_readings": last.readings,
            "calls": last.calls,
        }
    return rows


Figure = Callable[[Sequence[Measured]], float]

FIGURES: dict[str, tuple[Figure, int]] = {
    "s": (_median_s, 1),
    "cpu": (lambda runs: statistics.median(one.cpu_s for one in runs), 2),
    "waits": (lambda runs: runs[-1].waits_s, 1),
    "report": (lambda runs: runs[-1].report_s, 2),
    "fakes": (lambda runs: runs[-1].inside_s, 2),
    "MB": (lambda runs: max(one.peak_mb for one in runs), 0),
    "requests": (lambda runs: runs[-1].total, 0),
    "readings": (lambda runs: runs[-1].readings, 0),
}
"""Head of a column -> its figure, and digits behind the point."""

CLIENTS = ("registry", "functions", "cluster", "helm", "leases", "effects")


def _heading() -> str:
    return f"{'services':>8}  {'changed':<10}" + "".join(f"{head:>10}" for head in (*FIGURES, *CLIENTS)) + "  steps"


def _line(services: int, name: str, runs: Sequence[Measured]) -> str:
    figures = "".join(f"{figure(runs):10.{digits}f}" for figure, digits in FIGURES.values())
    requests = "".join(f"{runs[-1].requests.get(client, 0):10}" for client in CLIENTS)
    steps = ", ".join(f"{number} {action}" for action, number in runs[-1].steps.items()) or "none"
    return f"{services:>8}  {name:<10}{figures}{requests}  {steps}"


def _missed(found: dict[Row, list[Measured]], latency_ms: float) -> list[str]:
    """Which goals are missed; those in seconds hold at 40 ms a request."""
    missed = [
        f"{number} services, {name}: {peak:.0f} MB, and {MOST_MB:.0f} are allowed"
        for (number, name), runs in found.items()
        if (peak := max(one.peak_mb for one in runs)) > MOST_MB
    ]
    missed += [
        f"{number} services, {name}: the values file is read {runs[-1].readings} times, and {MOST_READINGS} are allowed"
        for (number, name), runs in found.items()
        if runs[-1].readings > MOST_READINGS
    ]
    for (name, number), most in GOALS_S.items() if latency_ms == LATENCY_MS else ():
        for size, allowed in ((number, most), (LARGER, most * TIMES)):
            if (size, name) in found and (seconds := _median_s(found[size, name])) > allowed:
                missed.append(f"{size} services, {name}: {seconds:.1f} s, and {allowed:.0f} are allowed")
    return missed

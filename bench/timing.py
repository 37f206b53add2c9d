"""Timing of whole commands: cases interleaved in shuffled rounds, medians, ratios within one run."""

import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)

RESULTS = Path(__file__).resolve().parent / "results" / "latest.json"


def measure(
    cases: Mapping[Name, Callable[[], object]],
    rounds: int,
    seed: int = 1,
    before: Callable[[Name], object] = lambda _: None,
) -> dict[Name, float]:
    """Call every case once per round, each round in another order; returns the median of each in milliseconds.

    `before` is called with a case's name ahead of it, and is no part of its time.
    """
    chance = random.Random(seed)
    times: dict[Name, list[float]] = {name: [] for name in cases}
    for name, work in cases.items():
        before(name)
        work()  # warms the caches of disk and tools
    for _ in range(rounds):
        for name in chance.sample(list(cases), len(cases)):
            before(name)
            start = time.perf_counter()
            cases[name]()
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def compiled_environment(folder: Path) -> dict[str, str]:
    """Our environment, in which Python keeps its compiled modules in a folder, as an installed program has them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder)}


def command(words: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Callable[[], object]:
    """A command as a case: its output goes nowhere, its failure is an error."""

    def work() -> object:
        return subprocess.run(
            words,
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    return work


def save(rows: Mapping[str, Mapping[str, object]]) -> None:
    """Write rows into the results, beside those of other benchmarks."""
    RESULTS.parent.mkdir(exist_ok=True)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**known, **rows}, indent=2) + "\n", encoding="utf-8")

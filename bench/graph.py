"""`python -m bench graph`: a plan that reads Maven's graph against one that does not, kept and for the first time."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.monorepo import CACHE, first_parents
from bench.reactor import MODULES, reactor
from bench.timing import command, compiled_environment, measure, save

LENGTH = 20
"""Commits of the range."""

ROOT = Path(__file__).resolve().parents[1]


def main(sizes: Sequence[str] = tuple(MODULES), rounds: int = 15) -> int:
    """Measure all sizes in the same rounds, then show each plan against the one without the graph."""
    cases: dict[tuple[str, str, str], Callable[[], object]] = {}
    for size in (size for size in sizes if size in MODULES):
        root = reactor(size)
        commits = first_parents(root)
        for graph, before in {"with": ("--graph",), "without": ()}.items():
            words = (sys.executable, "-m", "bench.without_graph", *before, "plan", "--repo", str(root))
            asked = (*words, "--base", commits[LENGTH], "--head", commits[0])
            for kept in ("kept", "first"):
                cases[size, kept, graph] = _case(asked, CACHE / f"kept-{size}-{kept}-{graph}", clean=kept == "first")
    medians = measure(cases, rounds)
    rows = {
        (size, kept): (median, medians[size, kept, "without"])
        for (size, kept, graph), median in medians.items()
        if graph == "with"
    }
    save(
        {
            f"plan.graph.{size}.{kept}": {
                "ours_ms": round(ours, 1),
                "other_ms": round(other, 1),
                "other": "without the graph",
                "ratio": round(ours / other, 3),
                "n": rounds,
            }
            for (size, kept), (ours, other) in rows.items()
        }
    )
    print(f"\n{'ms':<12}{'with':>8}{'without':>9}{'ratio':>8}")
    for (size, kept), (ours, other) in rows.items():
        print(f"{size} {kept:<10}{ours:8.1f}{other:9.1f}{ours / other:8.2f}")
    return 0


def _case(words: Sequence[str], cache: Path, *, clean: bool) -> Callable[[], object]:
    """A plan with a cache of its own, which is empty each time where nothing is to be kept."""
    environment = {**compiled_environment(CACHE / "compiled"), "XDG_CACHE_HOME": str(cache)}
    run = command(words, ROOT, environment)

    def work() -> object:
        if clean:
            shutil.rmtree(cache, ignore_errors=True)
        return run()

    return work

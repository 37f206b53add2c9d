"""`python -m bench forms`: a plan as text, as JSON and of names instead of full commits, in one run."""

import sys
from collections.abc import Sequence

from bench.monorepo import CACHE, SIZES, first_parents, repository
from bench.timing import command, compiled_environment, measure, save

LENGTH = 20
"""Commits of the range."""


def main(sizes: Sequence[str] = tuple(SIZES), rounds: int = 15) -> int:
    """Measure the three forms at all sizes in the same rounds, then show each one against the text."""
    env = compiled_environment(CACHE / "compiled")
    cases = {}
    for size in sizes:
        root = repository(size)
        commits = first_parents(root)
        full = ("--base", commits[LENGTH], "--head", commits[0])
        names = ("--base", f"HEAD~{LENGTH}", "--head", "main")
        words = (sys.executable, "-m", "erp_build", "plan", "--repo", str(root))
        for form, options in {"text": full, "json": (*full, "--json"), "names": names}.items():
            cases[size, form] = command((*words, *options), root, env)
    medians = measure(cases, rounds)
    save(
        {
            f"plan.{size}.{form}": {
                "ours_ms": round(median, 1),
                "other_ms": round(medians[size, "text"], 1),
                "other": "text",
                "ratio": round(median / medians[size, "text"], 3),
                "n": rounds,
            }
            for (size, form), median in medians.items()
        }
    )
    print(f"\n{'ms':<6}{'text':>8}{'json':>8}{'names':>8}")
    for size in sizes:
        print(f"{size:<6}" + "".join(f"{medians[size, form]:8.1f}" for form in ("text", "json", "names")))
    return 0

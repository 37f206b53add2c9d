"""`python -m bench [NAME...] [--sizes S M L] [--services 4 50] [--rounds 11]`.

Without a name, all but `runner` and `sandbox-runs`, which take longest, and `past-one-machine`, which writes a page.
"""

import argparse
import sys

from bench import forms, graph, pipeline, plan, replay_check, runner, runs, sandbox_runs
from bench.fleet import page
from bench.monorepo import SIZES

NAMES = ("replay", "plan", "forms", "graph", "runs", "pipeline")
ON_REQUEST = ("runner", "sandbox-runs", "past-one-machine")


def main() -> int:
    """Run benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, *ON_REQUEST, []], metavar="NAME", help=", ".join((*NAMES, *ON_REQUEST))
    )
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument(
        "--rounds",
        type=int,
        help="default: 11, 15 for forms and graph, 5 for the pipeline, 3 for runs; fewer give no figure to pass on",
    )
    parser.add_argument("--services", nargs="+", type=int, help="runs, sandbox-runs: numbers of them")
    parser.add_argument("--latency", type=float, default=runs.LATENCY_MS, help="runs: milliseconds of a request")
    parser.add_argument(
        "--measured", action="store_true", help="past-one-machine: first take what runs and sandbox-runs have left"
    )
    options = parser.parse_args()
    names = options.names or list(NAMES)
    codes = []
    if "replay" in names:
        codes.append(replay_check.main(options.sizes))
    if "plan" in names:
        codes.append(plan.main(options.sizes, options.rounds or 11))
    if "forms" in names:
        codes.append(forms.main(options.sizes, options.rounds or 15))
    if "graph" in names:
        codes.append(graph.main(options.sizes, options.rounds or 15))
    if "runs" in names:
        codes.append(runs.main(options.services or runs.SERVICES, options.rounds or runs.ROUNDS, options.latency))
    if "pipeline" in names:
        codes.append(pipeline.main(options.rounds or 5))
    if "runner" in names:
        codes.append(runner.main(options.rounds or 11))
    if "sandbox-runs" in names:
        codes += [sandbox_runs.main(number) for number in options.services or [sandbox_runs.SERVICES]]
    if "past-one-machine" in names:
        codes.append(page.main(measured=options.measured))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())

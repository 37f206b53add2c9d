"""`python -m bench [NAME...] [--sizes S M L] [--rounds 11]`; without a name, all but `runner`."""

import argparse
import sys

from bench import forms, graph, pipeline, plan, replay_check, runner
from bench.monorepo import SIZES

NAMES = ("replay", "plan", "forms", "graph", "pipeline")
ON_REQUEST = ("runner",)


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
        help="default: 11, 15 for forms and graph, 5 for the pipeline; fewer give no figure to pass on",
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
    if "pipeline" in names:
        codes.append(pipeline.main(options.rounds or 5))
    if "runner" in names:
        codes.append(runner.main(options.rounds or 11))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())

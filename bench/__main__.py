"""`python -m bench [plan|forms|graph|replay|pipeline] [--sizes S M L] [--rounds 11]`; without a name, all of them."""

import argparse
import sys

from bench import forms, graph, pipeline, plan, replay_check
from bench.monorepo import SIZES

NAMES = ("replay", "plan", "forms", "graph", "pipeline")


def main() -> int:
    """Run benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
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
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.build_once [--small] REPOSITORY TARGET...`: one build, as a process that ends like a run does."""

import sys
from pathlib import Path

from erp_build.__main__ import program


def main() -> int:
    """Build and print the table; with `--small`, print what an unchanged service and a second tag cost."""
    from bench.builds import build, small

    words = sys.argv[1:]
    work = small if words[0] == "--small" else build
    root, *names = words[1:] if work is small else words
    work(Path(root), names)
    return 0


if __name__ == "__main__":
    sys.exit(program(main))

"""`python -m bench.build_once [--small | --image] REPOSITORY TARGET...`: a build, as a process that ends like a run."""

import sys
from pathlib import Path

from erp_build.__main__ import program


def main() -> int:
    """Build and print the table.

    With `--small` print what an unchanged service and a second tag cost, with `--image` what image and push do.
    """
    from bench.builds import build, image, small

    words = sys.argv[1:]
    work = {"--small": small, "--image": image}.get(words[0], build)
    root, *names = words if work is build else words[1:]
    work(Path(root), names)
    return 0


if __name__ == "__main__":
    sys.exit(program(main))

"""Which services does my branch change? Needs Git alone: `python plan_a_branch.py REPOSITORY [BASE]`."""

import sys
from pathlib import Path

from erp_build import GitRepository, load_project, plan


def changed_services(root: Path, base: str | None = None) -> list[str]:
    """The services whose images a run would build, in the order of the configuration."""
    made = plan(load_project(root), GitRepository(root), base=base)
    return [step.target.name for step in made.steps if step.action == "build"]


if __name__ == "__main__":
    print(*changed_services(Path(sys.argv[1]), *sys.argv[2:3]), sep="\n")

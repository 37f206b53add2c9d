"""A rehearsal from Python, which says each change of the world that it would make.

Called with a repository: `python announce_effects.py REPOSITORY`. Every write
is a method of `Effects`, and each of them is noted in a `Journal`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from erp_build import Journal, Lines, Options, Run, RunReport, Secrets, SystemClock, load_project, open_clients, run
from erp_build.model.effect import EffectKind, EffectState


class Announced(Journal):
    """A journal that speaks before it notes."""

    @contextmanager
    def note(self, name: EffectKind, target: str, state: EffectState = "performed") -> Iterator[None]:
        """Announce the effect, then let it be performed or assumed."""
        print(f"about to {name.replace('_', ' ')}: {target}")
        with super().note(name, target, state):
            yield


def rehearse(root: Path) -> RunReport:
    """Go through a whole run; without `rehearse=True` it would be a real one."""
    clock, secrets, journal = SystemClock(), Secrets(), Announced()
    lines = Lines(sys.stderr, clock, secrets)
    record = Run(clock=clock, on_stage=lines.stage, rehearsal=True, effects=journal.effects)
    with open_clients(root, clock=clock, progress=lines, secrets=secrets, journal=journal, rehearse=True) as clients:
        return run(load_project(root), clients, Options(), record)


if __name__ == "__main__":
    print(rehearse(Path(sys.argv[1])).outcome)

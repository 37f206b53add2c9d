"""`python -m tests.support.every_reactor`: many generated reactors, each edited 30 times; `make faults` calls it.

Maven confirms some of them: the effective models of each, and what it builds after five changes of each root. It takes
minutes; `--without-maven` leaves this out.
"""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.support.maven_oracle import Confirmed, confirmed
from tests.support.reactor_edits import Judged, judged_edits

REACTORS, REACTORS_OF_MAVEN = 40, 3


def judge(seed: int) -> list[Judged]:
    """Edit a reactor and judge the graph after each edit."""
    return judged_edits(seed)


def confirm(seed: int) -> Confirmed:
    """Compare a reactor with what Maven says of it."""
    with tempfile.TemporaryDirectory() as folder:
        return confirmed(seed, Path(folder))


def main(arguments: list[str]) -> int:
    """Play all reactors; 1 if something does not hold."""
    with ProcessPoolExecutor() as pool:
        judged = [one for found in pool.map(judge, range(REACTORS)) for one in found]
    wrong = [f"{one.path}: missing {one.missing}, unexplained {one.unexplained}" for one in judged if _is_wrong(one)]
    users, superfluous = sum(one.users for one in judged), sum(len(one.superfluous) for one in judged)
    _say(f"{REACTORS} reactors, {len(judged)} edits, {users} users: {sum(len(one.missing) for one in judged)} missing")
    unexplained = sum(len(one.unexplained) for one in judged)
    by_profiles = f"{superfluous - unexplained} by profiles that may not be active, {unexplained} by nothing"
    _say(f"{superfluous} superfluous ({superfluous / users:.1%}): {by_profiles}")
    for seed in range(0 if "--without-maven" in arguments else REACTORS_OF_MAVEN):
        found = confirm(seed)
        wrong += found.wrong
        _say(f"Maven, reactor {seed}: {found.models} models, {found.changes} changes, {found.superfluous} superfluous: "
             f"{found.superfluous - found.doubtful} by BOMs and processors, {found.doubtful} by profiles")  # fmt: skip
    _say("".join(f"{line}\n" for line in wrong) + f"{len(wrong)} violations")
    return 1 if wrong else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _is_wrong(one: Judged) -> bool:
    return bool(one.missing or one.unexplained)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

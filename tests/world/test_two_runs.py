"""Two processes: the older run is stopped for longer than its lock lasts, and a newer one deploys meanwhile.

Images of both are in the registry already, or are built by the first of these tests.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.tenants import deployed_state
from tests.world.pairs import REQUEST, Pair, wait_until
from tests.world.test_release import clone

pytestmark = pytest.mark.world

REPLACED = "run that commit again"


@dataclass(frozen=True)
class Row:
    """Where the older run is stopped, and what becomes of the newer one's deployment.

    Attributes:
        id: the moment.
        how: the effect, and before which of its calls (-1: behind the first one).
        says: what the older run's error says.
        stays: whether everything that the newer run deployed stays. Helm and a tag cannot compare: a run that is
            stopped in the very moment before such a write replaces it, and says so; the newer one is run again then.
        unlocks: whether somebody frees the lock by hand, in place of the wait for its end.
    """

    id: str
    how: tuple[str, str]
    says: str = "the lock"
    stays: bool = True
    unlocks: bool = False


MATRIX = (
    Row("it has the lock", ("write_lease", "-1")),
    Row("before its update of Lambda", ("update_function", "1")),
    Row("before its upgrade", ("upgrade_release", "1"), REPLACED, stays=False),
    Row("behind its upgrade", ("upgrade_release", "-1"), "somebody else has changed the release"),
    Row("before its first latest", ("tag", "3"), stays=False),
    Row("before its update of Lambda, unlocked", ("update_function", "1"), unlocks=True),
)


@pytest.mark.parametrize("row", MATRIX, ids=[row.id for row in MATRIX])
def test_an_older_run_that_was_stopped_ends_with_11_when_a_newer_one_deployed_since(
    pair: Pair, tmp_path: Path, row: Row
) -> None:
    before = pair.erp.look()
    older, newer = pair.next(), pair.next(REQUEST)
    first, second = (clone(pair, tmp_path / name, commit) for name, commit in (("older", older), ("newer", newer)))
    stopped = pair.erp.start(module=("tests.support.stopped", *row.how), repository=first)
    stopped.until_stopped()
    if row.unlocks:
        assert pair.call("unlock", "--force").code == 0
    deployed = pair.erp.start(repository=second).finish()
    assert deployed.code == 0, deployed.stderr
    after = settled(pair)
    stopped.go_on()
    ended = stopped.finish(300)
    assert ended.code == 11, ended.stderr
    assert row.says in ended.stderr
    if row.stays:
        assert what_runs(settled(pair)) == what_runs(after)
    if not row.stays:
        again = pair.erp.start(repository=second).finish()
        assert again.code == 0, again.stderr
    pair.erp.commit = newer
    assert what_runs(settled(pair)) == what_runs(after)
    assert after.function != before.function


def settled(pair: Pair) -> deployed_state.Snapshot:
    """What there is when the pods of earlier revisions are gone."""
    wait_until(lambda: all(len(set(one.digests)) == 1 for one in pair.erp.look().deployments.values()))
    return pair.erp.look()


def what_runs(seen: deployed_state.Snapshot) -> tuple[object, ...]:
    """What runs and what `latest` names, without the number of the revision."""
    return seen.function, {name: set(one.digests) for name, one in seen.deployments.items()}, seen.latest

"""Two runs at once, at an older and a newer commit: whatever their order and their pauses, nothing older stays.

Where the other side compares (Lambda, the Lease, Git), the older run writes nothing over what the newer one wrote.
Where it cannot (Helm, a tag), the older run sees it directly behind its write, ends with 11, and writes nothing else.

A sample of the schedules runs here, the same one every time. `make faults` plays all of them.
"""

from pathlib import Path

import pytest

from erp_build.clients.site import Site
from erp_build.deployment.claim import Claim
from erp_build.deployment.lock import Lock, take_lock
from erp_build.model.stages.hooks import Pipeline
from tests.support.every_schedule import PLAYED, prepared_schedules
from tests.support.schedules import Table

SAMPLE = 30
"""Schedules of each scenario that are played by default."""

WITHOUT_A_FENCE = (108, 142, 232, 245)
"""Seeds of schedules in which an older run that asks nobody goes over the newer one."""


@pytest.fixture(scope="module", params=PLAYED)
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Each scenario, with both of its runs tried out alone."""
    return prepared_schedules(request.param, tmp_path_factory.mktemp("schedules") / "repository")


def test_of_two_runs_at_once_the_older_one_never_stays_over_the_newer(table: Table) -> None:
    found = [line for seed in range(SAMPLE) for line in table.wrongs(seed)]
    assert not found, "\n".join(found)
    # The schedules let either run win and lose.
    assert {(0, 11), (11, 0)} <= table.codes


def test_a_run_that_asks_nobody_before_its_effects_is_found(tmp_path: Path) -> None:
    """The schedules themselves: they must fail where something is wrong."""

    def unfenced(site: Site, claim: Claim) -> Lock:
        lock = take_lock(site, claim)
        lock.site = site
        return lock

    table = prepared_schedules("a service and the function change", tmp_path / "repository")
    table.pipeline = Pipeline().at(take_lock).replace(unfenced)
    assert [line for seed in WITHOUT_A_FENCE for line in table.wrongs(seed)]

"""An alias that leads to something else than the function runs: callers get the alias, so that is what runs."""

from pathlib import Path

import pytest

from erp_build.changes.live_state import read_live_state
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.deployment.status import past_deployments, read_standing, read_status
from erp_build.errors import Failure
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, Killed
from tests.support.samples import EMPLOYEE, NOTIFICATION
from tests.support.transient_world import TransientWorld, deployed

ALIAS = f"{FUNCTION}:live"
OTHER = "sha256:" + "7" * 64


@pytest.fixture
def behind(tmp_path: Path) -> TransientWorld:
    world = deployed(tmp_path / "repository")
    world.run()
    world.functions.aliases[ALIAS] = OTHER
    return world


def test_an_alias_elsewhere_is_a_trouble_that_a_run_heals(behind: TransientWorld) -> None:
    running = read_live_state(behind.site()).running[EMPLOYEE]
    assert running.trouble == f"alias live leads to {OTHER[:19]}"
    behind.run()
    assert behind.functions.aliases[ALIAS] == behind.functions.states[FUNCTION].digest
    assert all(proof.holds for proof in behind.report.proofs)


def runs(world: TransientWorld) -> str:
    """The commit of the proven deployment that runs, as `status` says."""
    site = world.site()
    found = read_standing(site, world.helm.history(site.release), past_deployments(site)).runs
    assert found
    return found.commit


def test_what_callers_get_is_the_baseline_the_drift_and_the_standing(behind: TransientWorld) -> None:
    behind.run()
    old, first = behind.functions.aliases[ALIAS], behind.checkout.head()
    head = behind.change(EMPLOYEE, text="third")
    behind.run()
    served, site = behind.functions.aliases[ALIAS], behind.site()
    assert runs(behind) == head
    behind.functions.aliases[ALIAS] = old
    live = read_live_state(site)
    running = live.running[EMPLOYEE]
    assert (running.digest, running.trouble) == (old, f"alias live leads to {old[:19]}")
    assert running.commit != behind.checkout.head()
    assert read_status(site, live)[EMPLOYEE].drift == (f"alias live: {old[:19]} instead of {served[:19]}",)
    assert runs(behind) == first
    assert any(f"but the alias live leads to {old}" in line for line in what_runs(site))
    behind.run()
    assert behind.functions.aliases[ALIAS] == served
    assert "push" not in behind.verbs()


def test_a_rollback_moves_the_alias_too(behind: TransientWorld) -> None:
    behind.run()
    proven = behind.functions.aliases[ALIAS]
    behind.change(EMPLOYEE, NOTIFICATION, text="third")
    behind.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(Failure, match=r".+"):
        behind.run()
    assert behind.functions.aliases[ALIAS] == proven == behind.functions.states[FUNCTION].digest


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", ["update_function", "publish"])
def test_the_run_after_a_killed_one_moves_the_alias(tmp_path: Path, effect: str, when: str) -> None:
    world = deployed(tmp_path / "repository")
    world.run()
    world.change(EMPLOYEE, text="third")
    world.is_killed(effect, 1, when)
    with pytest.raises(Killed, match=f"{when} {effect}"):
        world.run()
    world.killed = None
    world.run()
    assert world.functions.aliases[ALIAS] == world.functions.states[FUNCTION].digest
    assert world.run().outcome == "nothing"

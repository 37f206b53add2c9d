"""Any fault at any point of a run: our errors, bugs, errors of the system and of SDKs, a signal, a lost lock.

Every call of a client is a point, and a fault strikes before or after the real call. Then: nothing runs that was not
cleared; nothing older replaces something newer; everything is as before, or everything is new and proven, or the error
says exactly what runs; the ledger tells the truth; the exit code is right; and a second run heals.

A sample of the cases runs here, the same one every time. `make faults` runs all of them.
"""

from contextlib import suppress
from pathlib import Path

import pytest

from erp_build.model.releases.deployment import Proof
from tests.fakes.deployments import NEVER_READY
from tests.support.every_fault import sample, sweep
from tests.support.fault_cases import LOCK_TAKEN, SIGTERM, cases_of
from tests.support.faulted_scenarios import SCENARIOS, Scenario, prepared, state_of
from tests.support.faulted_world import FaultedWorld, run_all
from tests.support.faults import ERRORS, Faults, Point, signalling
from tests.support.samples import REQUEST

SAMPLE = 24
"""Cases of each scenario that are run by default."""


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Each scenario, tried out without a fault."""
    return prepared(request.param, tmp_path_factory.mktemp("faults") / "repository")


def test_a_fault_at_any_point_leaves_a_state_that_is_known_and_heals(scenario: Scenario) -> None:
    swept = sweep(scenario, sample(scenario, SAMPLE))
    assert not swept.found, str(swept)
    assert swept.cases > SAMPLE // 2


def test_a_fault_in_one_of_several_effects_at_once_heals_too(tmp_path: Path) -> None:
    scenario = prepared("a service and the function change", tmp_path / "repository")
    scenario.world.is_in_order = False
    kinds = {*ERRORS, SIGTERM, LOCK_TAKEN}
    cases = [one for one in cases_of(scenario) if one.point.call == "effects.tag" and one.kind in kinds]
    swept = sweep(scenario, cases[:: max(1, len(cases) // SAMPLE)])
    assert not swept.found, str(swept)
    assert swept.cases > SAMPLE // 2


def test_a_lock_that_is_lost_around_any_look_at_it_stops_the_run(tmp_path: Path) -> None:
    """An effect may look at it in its own midst: behind that look it is already under way."""
    scenario = prepared("a service and the function change", tmp_path / "repository")
    cases = [one for one in cases_of(scenario) if one.kind == LOCK_TAKEN and one.point.call == "leases.read"]
    swept = sweep(scenario, cases)
    assert not swept.found, str(swept)
    assert swept.cases > SAMPLE // 2


def test_every_client_that_a_run_asks_has_points(scenario: Scenario) -> None:
    clients = {point.call.partition(".")[0] for point in scenario.points}
    assert clients > {"identity", "parameters", "registry", "functions", "cluster", "helm"}
    assert {case.kind for case in cases_of(scenario)} >= {*ERRORS, SIGTERM, LOCK_TAKEN}


def test_a_failed_run_goes_back_to_what_a_second_run_has_proven(tmp_path: Path) -> None:
    """A signal ends the first run in its rollout; the second one proves what runs then; the third one fails."""
    world = prepared("a service and the function change", tmp_path / "repository").world.again()
    faults = Faults(Point("cluster.workloads", world.project.chart.release, 6), "before", signalling(lambda: faults))
    assert world.ends(run_all, faults).code == 143
    assert all(proof.holds for proof in world.ends(run_all).proofs)
    proven = state_of(world)
    world.change_small(REQUEST, text="never ready")
    world.cluster.troubles[REQUEST] = NEVER_READY
    assert world.ends(run_all).code == 9
    assert state_of(world) == proven


def test_a_run_that_hides_its_failure_is_found(tmp_path: Path) -> None:
    """The sweep itself: it must fail where something is wrong."""
    scenario = prepared("a service and the function change", tmp_path / "repository")

    def hide(world: FaultedWorld) -> tuple[Proof, ...]:
        with suppress(KeyError):
            return run_all(world)
        return ()

    scenario.act = hide
    case = next(one for one in cases_of(scenario) if one.kind == "KeyError" and one.point.call == "helm.check_chart")
    assert "exit 0, but not new and proven" in {one.invariant for one in sweep(scenario, [case]).found}

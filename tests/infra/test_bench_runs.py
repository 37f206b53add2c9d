"""`python -m bench runs`: its runs are what their rows say, and a missed goal is named."""

import pytest

from bench.counted_run import Measured, measured
from bench.runs import CASES, LATENCY_MS, MOST_READINGS, _missed, _rows
from tests.support.counted_world import CountedWorld

SERVICES, FUNCTIONS = 11, 1
STEPS = {
    "nothing": {},
    "one": {"build": 1},
    "ten": {"build": 10},
    "all there": {"reuse": SERVICES + FUNCTIONS},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> CountedWorld:
    made = CountedWorld.deployed(tmp_path_factory.mktemp("bench") / "repository", SERVICES, FUNCTIONS)
    made.change_all("second")
    made.run()
    return made


@pytest.mark.parametrize("name", CASES)
def test_each_case_does_what_it_is_called(world: CountedWorld, name: str) -> None:
    before = world.checkout.head(), dict(world.registry.tags), world.cluster.running()
    found = measured(world, CASES[name], 0.0)
    assert found.steps == STEPS[name]
    assert found.total > 0
    assert found.peak_mb > 0
    assert found.readings <= MOST_READINGS
    # The next case begins with the same world.
    assert (world.checkout.head(), world.registry.tags, world.cluster.running()) == before


def test_a_run_that_fails_is_no_measurement(world: CountedWorld) -> None:
    def fails(of: CountedWorld) -> None:
        of.effects.does_not_compile(of.project.services[0].name)
        of.change_first(1)

    with pytest.raises(RuntimeError, match="did not end well"):
        measured(world, fails, 0.0)


def _measured(seconds: float, peak_mb: float = 100.0, readings: int = 2) -> Measured:
    return Measured(seconds, 1.0, 0.0, 0.0, 0.0, {"registry": 7}, {"registry.stored": 7}, peak_mb, {}, readings)


def test_a_row_is_compared_with_the_smallest_size_of_the_same_run() -> None:
    rows = _rows({(4, "all there"): [_measured(2.0)], (200, "all there"): [_measured(5.0), _measured(7.0)]})
    assert rows["runs.200.all-there"]["ratio"] == 3.0
    assert rows["runs.200.all-there"]["other"] == "4 services"


@pytest.mark.parametrize(
    ("services", "name", "measurement", "latency_ms", "missed"),
    [
        (200, "nothing", _measured(9.9), LATENCY_MS, 0),
        (200, "nothing", _measured(10.1), LATENCY_MS, 1),
        (200, "one", _measured(15.1), LATENCY_MS, 1),
        (1000, "nothing", _measured(29.9), LATENCY_MS, 0),
        (1000, "nothing", _measured(30.1), LATENCY_MS, 1),
        (1000, "nothing", _measured(30.1), 0.0, 0),
        (50, "nothing", _measured(30.1), LATENCY_MS, 0),
        (4, "ten", _measured(1.0, peak_mb=401.0), LATENCY_MS, 1),
        (4, "ten", _measured(1.0, readings=3), LATENCY_MS, 1),
    ],
)
def test_a_goal_that_is_missed_is_named(
    services: int, name: str, measurement: Measured, latency_ms: float, missed: int
) -> None:
    found = _missed({(services, name): [measurement]}, latency_ms)
    assert len(found) == missed
    assert all(words.startswith(f"{services} services, {name}: ") for words in found)

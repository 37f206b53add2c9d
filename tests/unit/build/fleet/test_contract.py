"""The fake fleet answers as CodeBuild does; the sandbox's passes the same (`tests/contract/aws/test_codebuild.py`)."""

import pytest

from erp_build.clients.clock import SimulatedClock
from tests.fakes.fleet import FakeFleet
from tests.fakes.registry import FakeRegistry
from tests.support.fleet_contract import BROKEN, CONTRACT, PROJECT, Place, Way

NAMES = ("a", "b", "c", BROKEN)


@pytest.mark.parametrize("number", range(len(CONTRACT)), ids=[one.__name__ for one in CONTRACT])
def test_a_fleet_answers_so(number: int) -> None:
    clock, registry = SimulatedClock(), FakeRegistry(f"erp/{name}" for name in NAMES)
    fleet = FakeFleet(clock, registry)
    fleet.broken_names, fleet.fails_at = {BROKEN}, 1

    def script(way: Way) -> None:
        fleet.ways = [way]

    def limit(number: int) -> None:
        fleet.room = number

    def pass_time() -> None:
        clock.sleep(1.0)
        # Nothing happens but when somebody looks.
        assert len(fleet.going_on) <= len(fleet.builds)

    CONTRACT[number](
        Place(
            builds=fleet,
            project=PROJECT,
            commit="a" * 40,
            script=script,
            limit=limit,
            made=lambda: {image.repository.partition("/")[2] for image in registry.images.values()},
            pass_time=pass_time,
        )
    )

"""Logs where functions are deployed by themselves: of one alone, of its release with it, and behind a deployment."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from erp_build.clients.site import Site
from erp_build.deployment.logs.find_logs import Wanted
from erp_build.deployment.logs.reading import LogReading
from erp_build.errors import ConfigurationError
from erp_build.formats.logs.moments import NANOSECONDS, nanoseconds_of
from tests.fakes.several import SeveralReleases, several_releases
from tests.fakes.world import FUNCTION
from tests.support.samples import EMPLOYEE

GROUP = f"/aws/lambda/{FUNCTION}"
STREAM = "2026/01/01/[7]0123456789abcdef"


@pytest.fixture
def world(tmp_path: Path) -> SeveralReleases:
    """A release and two functions that were deployed by themselves, and have printed nothing."""
    found = several_releases(tmp_path / "world", ("a",), "apart")
    found.clock.sleep(3600)
    found.log_groups.groups[GROUP] = []
    return found


def second(world: SeveralReleases, seconds: float) -> int:
    return nanoseconds_of(world.clock.now()) + int(seconds * NANOSECONDS)


def read(world: SeveralReleases, site: Site, *names: str, cloudwatch: bool = False) -> Sequence[str]:
    wanted = Wanted(names=names, since=second(world, -100), from_cloudwatch=cloudwatch)
    return [event.lines[0] for event in LogReading(site, wanted).once()]


@pytest.mark.parametrize("cloudwatch", [False, True])
def test_a_function_apart_is_read_without_the_cluster(world: SeveralReleases, *, cloudwatch: bool) -> None:
    world.log_groups.add(GROUP, STREAM, second(world, -9), "called")
    world.clusters["release-a"].is_away(10_000)
    assert read(world, world.unit(EMPLOYEE), cloudwatch=cloudwatch) == ["called"]


def test_a_name_that_a_function_apart_does_not_have_is_told(world: SeveralReleases) -> None:
    with pytest.raises(ConfigurationError, match="service-a is no target") as caught:
        read(world, world.unit(EMPLOYEE), "service-a")
    assert EMPLOYEE in caught.value.next_step


def test_the_first_errors_of_a_function_apart_are_told_by_its_own_unit(world: SeveralReleases) -> None:
    world.change(EMPLOYEE)
    world.log_groups.add(GROUP, STREAM, second(world, 3600), "ERROR no database")
    report = world.run()
    assert report.outcome == "deployed"
    assert [(error.target, error.lines) for error in report.first_errors] == [(EMPLOYEE, ("ERROR no database",))]

"""Workers of several releases: `from` counts the builds of all, and each release shares out its own."""

from pathlib import Path

import pytest

from erp_build.build.fleet.shares import pays
from erp_build.model.build_options import FanOut
from erp_build.model.project import Function
from erp_build.run_options import Options
from tests.fakes.registry import HOST
from tests.fakes.several import SeveralReleases, several, several_sources
from tests.support.git import Checkout
from tests.unit.build.fleet.conftest import FAN_OUT

FUNCTIONS_OF = {"a": 6, "b": 6, "c": 1}
"""Chart -> functions that are deployed with it, beside its service; the first has one more."""


def functions_of(chart: str, number: int) -> tuple[Function, ...]:
    names = (f"fn-{chart}-{place}" for place in range(number))
    return tuple(Function(name, f"backend/{name}", f"{name}-lambda", f"erp-dev-{name}", chart=chart) for name in names)


@pytest.fixture
def world(tmp_path: Path) -> SeveralReleases:
    project = several(tuple(FUNCTIONS_OF))
    more = tuple(one for chart, number in FUNCTIONS_OF.items() for one in functions_of(chart, number))
    project = project._replace(functions=(*project.functions, *more))
    project = project._replace(build=project.build._replace(fan_out=FAN_OUT._replace(least=14)))
    world = SeveralReleases(Checkout.create(tmp_path / "several", **several_sources(project)), project)
    for one in more:
        repository = f"erp/{one.repository}"
        image = world.registry.push(repository, "by-hand", None)
        world.functions.create(one.function, f"{HOST}/{repository}:by-hand", image)
    return world


def releases_with_workers(world: SeveralReleases) -> set[str]:
    return {one.request.fleet.rpartition("/")[2] for one in world.fleet.builds.values()}


def test_the_builds_of_all_releases_count(world: SeveralReleases) -> None:
    report = world.run()
    assert report.outcome == "deployed"
    assert releases_with_workers(world) == {"release-a", "release-b"}
    here = {effect.target for effect in report.effects if effect.name == "build_image"}
    assert here == {"service-c", "fn-c-0"}


def test_workers_of_several_releases_are_told_from_when_the_run_began(world: SeveralReleases) -> None:
    report = world.run()
    stages = [stage for stage in report.stages if stage.name == "build on workers"]
    assert len(stages) == 2
    for worker in report.workers:
        assert any(one.began <= worker.began <= one.began + one.seconds for one in stages)


def test_what_is_not_chosen_does_not_count(world: SeveralReleases) -> None:
    world.run(Options(only=("b", "service-b", *(f"fn-b-{place}" for place in range(6)))))
    assert world.fleet.builds == {}


def test_a_release_that_cannot_be_planned_keeps_no_other_from_its_workers(world: SeveralReleases) -> None:
    world.project = world.project._replace(build=world.project.build._replace(fan_out=FAN_OUT._replace(least=8)))
    world.clusters["release-a"].is_away(seconds=1e9)
    with pytest.raises(Exception, match=r"release"):
        world.run()
    assert releases_with_workers(world) == {"release-b"}
    outcomes = {unit.name: unit.outcome for unit in world.report.units}
    assert (outcomes["a"], outcomes["b"], outcomes["c"]) == ("failed", "deployed", "deployed")


@pytest.mark.parametrize(
    ("number", "of_all", "expected"),
    [(12, 0, True), (11, 0, False), (11, 12, True), (6, 12, True), (5, 100, False), (0, 100, False), (6, 11, False)],
)
def test_a_release_has_workers_where_it_alone_or_all_of_them_have_enough(
    number: int, of_all: int, *, expected: bool
) -> None:
    assert pays(FanOut(workers=4, least=12), number, of_all) is expected
    assert not pays(FanOut(workers=0, least=12), number, of_all)

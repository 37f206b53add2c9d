"""Which images are needed where functions are deployed by themselves: each has a ledger and a way back of its own."""

from pathlib import Path

from erp_build.clients.site import open_site
from erp_build.deployment.checks.needed_images import needed_images
from tests.fakes.several import several_releases
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY
from tests.support.samples import EMPLOYEE


def test_the_way_back_of_a_function_that_is_deployed_by_itself_is_that_of_its_own_ledger(tmp_path: Path) -> None:
    world = several_releases(tmp_path / "world", ("a", "b"), "apart")
    first = world.functions.states[FUNCTION].digest
    world.change(EMPLOYEE, "service-a")
    world.run()
    second = world.functions.states[FUNCTION].digest
    site = open_site(world.project.releases[0], world.clients())
    found = needed_images(site, world.functions.states).images
    of_function = {(one.reference, one.use) for one in found if EMPLOYEE in one.words}
    assert {(second, "runs"), (first, "back")} <= of_function
    assert any(one.use == "back" and "service-a" in one.words for one in found)
    assert {one.repository for one in found} == {FUNCTION_REPOSITORY, "erp/service-a"}

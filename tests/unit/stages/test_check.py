"""What is asked before the first write: only what the plan needs, and all of it."""

import pytest

from erp_build.domain.plan import Plan
from erp_build.errors import ConfigurationError
from erp_build.stages.check import check_plan
from erp_build.stages.settings import read_environment
from tests.fakes.world import FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, REQUEST, plan_of

POM = "pom.xml"


def check(world: FakeWorld, plan: Plan) -> None:
    tools = world.tools()
    check_plan(tools, world.project, read_environment(tools, world.project), plan)


def test_a_plan_that_fits_passes_and_changes_nothing(new_world: FakeWorld) -> None:
    before = new_world.values.read_bytes()
    check(new_world, plan_of({NOTIFICATION: POM, EMPLOYEE: POM}))
    assert new_world.workshop.checked == (NOTIFICATION, EMPLOYEE)
    assert new_world.values.read_bytes() == before
    assert new_world.done() == []


def test_a_chart_change_needs_no_maven_and_no_repository(new_world: FakeWorld) -> None:
    new_world.workshop.missing = "Maven"
    new_world.registry.repositories.clear()
    check(new_world, plan_of({CHART: "helm-chart/Chart.yaml"}))
    assert new_world.workshop.checked == ()


def test_a_function_alone_needs_neither_values_nor_release(new_world: FakeWorld) -> None:
    new_world.values.unlink()
    new_world.release.is_pending()
    check(new_world, plan_of({EMPLOYEE: POM}))


def test_the_values_of_unchanged_services_are_checked_too(new_world: FakeWorld) -> None:
    text = new_world.values.read_text(encoding="utf-8")
    new_world.values.write_text(text.replace("approvalRequest:", "requests:"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{REQUEST} has no image in the values file"):
        check(new_world, plan_of({NOTIFICATION: POM}))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param('      tag: "latest"  # 배포할 태그\n', "", "no image in the values file", id="no tag"),
        pytest.param("      repository: ", "      name: ", "no image in the values file", id="no repository"),
        pytest.param("replicaCount: 2", "replicaCount: [", "cannot be read", id="no YAML"),
    ],
)
def test_values_without_an_image_are_refused(new_world: FakeWorld, old: str, new: str, what: str) -> None:
    text = new_world.values.read_text(encoding="utf-8")
    assert old in text
    new_world.values.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=what) as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert str(new_world.values) in caught.value.where


def test_a_values_file_that_is_not_there_is_named(new_world: FakeWorld) -> None:
    new_world.values.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert caught.value.where == str(new_world.values)
    assert "`values` of [chart]" in caught.value.next_step

"""The tags of built images: that of the content, and that of the commit where another image has it already."""

import pytest

from erp_build.errors import TagTaken
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import (
    BASE,
    EMPLOYEE,
    HEAD,
    plan_of,
)
from tests.unit.build.test_stage import KEY, POM, build, with_keys


def test_a_built_image_gets_its_key_as_a_tag(new_world: FakeWorld) -> None:
    found = build(new_world, with_keys(plan_of({EMPLOYEE: POM})))
    assert new_world.registry.tags_of(found[EMPLOYEE]) == {HEAD[:7], f"key-{KEY}"}


def test_without_a_key_an_image_gets_no_tag_of_it(new_world: FakeWorld) -> None:
    found = build(new_world, plan_of({EMPLOYEE: POM}))
    assert new_world.registry.tags_of(found[EMPLOYEE]) == {HEAD[:7]}


def test_a_tag_that_a_killed_run_left_is_taken_where_its_image_has_this_very_content(new_world: FakeWorld) -> None:
    registry = new_world.registry
    registry.immutable.add(FUNCTION_REPOSITORY)
    left = registry.push(FUNCTION_REPOSITORY, HEAD[:7], HEAD, KEY)
    assert build(new_world, with_keys(plan_of({EMPLOYEE: POM}))) == {EMPLOYEE: left}
    assert registry.tags_of(left) == {HEAD[:7], f"key-{KEY}"}


@pytest.mark.parametrize("key", [KEY, ""], ids=["other content", "no key"])
def test_a_tag_that_another_image_has_for_good_is_a_failed_push(new_world: FakeWorld, key: str) -> None:
    new_world.registry.immutable.add(FUNCTION_REPOSITORY)
    new_world.registry.push(FUNCTION_REPOSITORY, HEAD[:7], HEAD, "f" * 40 if key else "")
    plan = plan_of({EMPLOYEE: POM})
    with pytest.raises(TagTaken, match="the registry refused the image"):
        build(new_world, with_keys(plan) if key else plan)


def test_content_that_another_run_pushed_first_keeps_its_tag_where_tags_stay(new_world: FakeWorld) -> None:
    registry = new_world.registry
    registry.immutable.add(FUNCTION_REPOSITORY)
    first = registry.push(FUNCTION_REPOSITORY, f"key-{KEY}", BASE, KEY)
    found = build(new_world, with_keys(plan_of({EMPLOYEE: POM})))
    assert registry.tags_of(first) == {f"key-{KEY}"}
    assert registry.tags_of(found[EMPLOYEE]) == {HEAD[:7]}

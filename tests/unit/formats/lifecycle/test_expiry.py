"""What a lifecycle policy removes: ECR's rules as cases, and what holds for every policy."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.lifecycle.expiry import fates_of, is_selected, removed_by
from erp_build.formats.lifecycle.policy import read_policy
from erp_build.model.images.lifecycle import Count, LifecycleRule, ListedImage, TagStatus
from tests.support.cases import table
from tests.support.lifecycle import NOW, image, keeps, policy_text, rules_of

TAGS = st.lists(st.text("abv1-", min_size=1, max_size=4), max_size=3, unique=True).map(tuple)
PATTERNS = st.lists(st.text("av1*", min_size=1, max_size=4), min_size=1, max_size=2).map(tuple)
STATUSES: st.SearchStrategy[TagStatus] = st.sampled_from(["tagged", "untagged", "any"])
COUNTS: st.SearchStrategy[Count] = st.sampled_from(["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled"])


@st.composite
def repositories(draw: st.DrawFn) -> tuple[ListedImage, ...]:
    """Images of any age, each of another one."""
    ages = draw(st.lists(st.integers(0, 90), max_size=8, unique=True))
    pulls = [draw(st.one_of(st.none(), st.integers(0, age))) for age in ages]
    return tuple(
        image(f"i{age}", age, *draw(TAGS), pulled=None if pull is None else NOW - timedelta(days=pull))
        for age, pull in zip(ages, pulls, strict=True)
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[LifecycleRule, ...]:
    """Rules of any kind, `any` not only at the end."""
    made = []
    for priority in draw(st.lists(st.integers(1, 50), max_size=4, unique=True)):
        status = draw(STATUSES)
        patterns = draw(PATTERNS) if status == "tagged" else ()
        made.append(LifecycleRule(priority, status, patterns, draw(COUNTS), draw(st.integers(1, 60))))
    return tuple(made)


@pytest.mark.parametrize("case", table("lifecycle_policies"))
def test_a_policy_removes_what_ecr_says(case: dict[str, Any]) -> None:
    policy = read_policy(policy_text(*case["rules"]))
    images = [
        image(
            one["name"],
            one["age"],
            *one["tags"],
            pulled=NOW - timedelta(days=one["pulled"]) if "pulled" in one else None,
            subject=one.get("about", ""),
            is_index="names" in one,
        )
        for one in case["images"]
    ]
    indexes = {one["name"]: one["names"] for one in case["images"] if "names" in one}
    assert sorted(removed_by(fates_of(policy.rules, images), images, NOW, indexes)) == sorted(case["removed"])
    assert [one.doubt for one in policy.rules if one.doubt] == ([case["doubt"]] if "doubt" in case else [])
    assert policy.doubt == ""


@given(policies(), repositories())
def test_one_rule_decides_about_an_image_the_first_that_selects_it(
    rules: tuple[LifecycleRule, ...], images: tuple[ListedImage, ...]
) -> None:
    fates = fates_of(rules, images)
    for one in images:
        selecting = sorted((rule for rule in rules if is_selected(rule, one)), key=lambda rule: rule.priority)
        assert ([fates[one.digest].rule] if selecting else []) == selecting[:1]
        assert (one.digest in fates) == bool(selecting)


@given(policies(), repositories())
def test_a_rule_that_comes_later_takes_nothing_from_an_earlier_one(
    rules: tuple[LifecycleRule, ...], images: tuple[ListedImage, ...]
) -> None:
    ordered = sorted(rules, key=lambda one: one.priority)
    for number in range(len(ordered)):
        fewer, more = fates_of(ordered[:number], images), fates_of(ordered, images)
        assert fewer.items() <= more.items()


@given(policies(), repositories())
def test_a_rule_by_number_alone_keeps_exactly_the_youngest(
    rules: tuple[LifecycleRule, ...], images: tuple[ListedImage, ...]
) -> None:
    for rule in (one for one in rules if one.is_by_number):
        chosen = sorted((one for one in images if is_selected(rule, one)), key=lambda one: one.pushed, reverse=True)
        removed = removed_by(fates_of([rule], images), images, NOW)
        assert removed == {one.digest for one in chosen[rule.number :]}


@given(policies(), repositories(), st.integers(0, 100), st.integers(0, 100))
def test_what_is_removed_stays_removed_as_time_goes_on(
    rules: tuple[LifecycleRule, ...], images: tuple[ListedImage, ...], days: int, more: int
) -> None:
    fates = fates_of(rules, images)
    soon, later = (NOW + timedelta(days=each) for each in (days, days + more))
    assert removed_by(fates, images, soon) <= removed_by(fates, images, later)


@given(policies(), repositories(), st.data())
def test_an_index_that_stays_keeps_what_it_names(
    rules: tuple[LifecycleRule, ...], images: tuple[ListedImage, ...], data: st.DataObject
) -> None:
    digests = [one.digest for one in images]
    named = st.lists(st.sampled_from(digests), max_size=3) if digests else st.just([])
    indexes = {digest: data.draw(named) for digest in digests}
    removed = removed_by(fates_of(rules, images), images, NOW, indexes)
    assert not [one for index, names in indexes.items() if index not in removed for one in names if one in removed]


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_a_wildcard_is_any_text(pattern: str, tag: str) -> None:
    def is_match(pattern: str, tag: str) -> bool:
        if not pattern:
            return not tag
        if pattern[0] == "*":
            return is_match(pattern[1:], tag) or (bool(tag) and is_match(pattern, tag[1:]))
        return tag[:1] == pattern[0] and is_match(pattern[1:], tag[1:])

    rule = LifecycleRule(1, "tagged", (pattern,), "imageCountMoreThan", 1)
    assert is_selected(rule, image("i", 1, tag)) == is_match(pattern, tag)


def test_an_age_that_no_calendar_has_is_never_reached() -> None:
    rule = LifecycleRule(1, "any", (), "sinceImagePushed", 10**9)
    images = [image("i", 1)]
    assert removed_by(fates_of([rule], images), images, NOW + timedelta(days=365_000)) == frozenset()


def test_rules_are_read_in_the_order_of_their_priority() -> None:
    assert [one.priority for one in rules_of(keeps(1, 9), keeps(2, 3))] == [3, 9]

"""Which needed images go: when, by what, and what keeps them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.lifecycle.expiry import fates_of, removed_by
from erp_build.formats.lifecycle.losses import NEW, Arriving, Loss, Needed, Use, advice_of, after_push, losses_of
from erp_build.model.images.lifecycle import Lifecycle
from tests.support.lifecycle import NOW, expires_after, image, keeps, lifecycle

MONTH = timedelta(days=30)
PUSH = Arriving(tags=("abc1234", "key-1", "latest"))
WITH_EVIDENCE = PUSH._replace(artifacts=2)
RUNS = Needed("running", "runs", "what approval runs")
BACK = Needed("before", "back", "what a rollback leads to")


def lost(found: Lifecycle, *needed: Needed, arriving: Arriving | None = None, ahead: timedelta = MONTH) -> list[str]:
    return [str(one) for one in losses_of(found, needed, arriving, NOW, ahead)]


def test_nothing_is_lost_that_the_policy_keeps() -> None:
    found = lifecycle([keeps(3)], image("before", 9, "1"), image("running", 2, "2"))
    assert lost(found, RUNS, BACK, arriving=PUSH) == []


def test_what_is_over_the_number_already_goes_within_a_day() -> None:
    found = lifecycle([keeps(1)], image("before", 9, "1"), image("running", 2, "2"))
    assert lost(found, RUNS, BACK) == [
        "what a rollback leads to is deleted within a day by rule 1 (any, imageCountMoreThan 1)"
    ]


def test_a_push_pushes_out_what_was_the_last_to_stay() -> None:
    found = lifecycle([keeps(2)], image("before", 9, "1"), image("running", 2, "2"))
    (loss,) = losses_of(found, [RUNS, BACK], PUSH, NOW, MONTH)
    assert (loss.needed, loss.by_push, loss.days, loss.place) == (BACK, True, 0, 3)
    assert str(loss) == (
        "what a rollback leads to is deleted within a day of the next push by rule 1 (any, imageCountMoreThan 2)"
    )
    assert advice_of([loss]) == ("raise countNumber of rule 1 from 2 to at least 3",)


def test_evidence_takes_places_as_well() -> None:
    found = lifecycle([keeps(3)], image("running", 2, "2"))
    (loss,) = losses_of(found, [RUNS], WITH_EVIDENCE, NOW, MONTH)
    assert (loss.by_push, loss.place) == (True, 4)


def test_a_new_image_is_pushed_out_by_its_own_evidence() -> None:
    found = lifecycle([keeps(1)], image("running", 2, "2"))
    new = Needed(NEW, "runs", "what this run deploys")
    (loss,) = losses_of(found, [new], WITH_EVIDENCE, NOW, MONTH)
    assert (loss.needed, loss.by_push, loss.place) == (new, True, 3)


def test_an_age_is_told_in_days() -> None:
    found = lifecycle([expires_after(14)], image("before", 14, "1"), image("running", 11.5, "2"))
    assert lost(found, RUNS, BACK) == [
        "what approval runs is deleted in 2 days by rule 1 (any, sinceImagePushed 14)",
        "what a rollback leads to is deleted within a day by rule 1 (any, sinceImagePushed 14)",
    ]
    (advice,) = advice_of(losses_of(found, [RUNS, BACK], None, NOW, MONTH))
    assert advice.startswith("let rule 1 go by imageCountMoreThan")


@pytest.mark.parametrize(("ahead", "number"), [(2, 0), (3, 1)])
def test_what_goes_behind_the_last_day_is_not_told(ahead: int, number: int) -> None:
    found = lifecycle([expires_after(14)], image("running", 11, "2"))
    assert len(lost(found, RUNS, ahead=timedelta(days=ahead))) == number


def test_an_old_image_that_is_used_again_goes_by_its_own_age() -> None:
    found = lifecycle([expires_after(30)], image("reused", 29, "1", "key-1"), image("running", 2, "2", "latest"))
    reused = Needed("reused", "runs", "what this run deploys")
    assert lost(found, reused, arriving=PUSH._replace(digest="reused")) == [
        "what this run deploys is deleted in 1 day by rule 1 (any, sinceImagePushed 30)"
    ]


def test_an_image_that_loses_its_only_tag_is_untagged() -> None:
    found = lifecycle([expires_after(1, tag_status="untagged")], image("running", 9, "latest"))
    assert lost(found, RUNS) == []
    assert lost(found, RUNS, arriving=PUSH) == [
        "what approval runs is deleted within a day of the next push by rule 1 (untagged, sinceImagePushed 1)"
    ]


def test_the_rule_that_takes_it_now_is_told_where_the_push_would_save_it() -> None:
    found = lifecycle([keeps(1, 1, "latest"), keeps(9, 2)], image("running", 9, "latest"), image("new", 1, "latest-2"))
    (loss,) = losses_of(found, [RUNS], PUSH, NOW, MONTH)
    assert (loss.rule.priority, loss.by_push, loss.place) == (1, False, 2)


def test_what_is_archived_cannot_be_pulled_either() -> None:
    rule = {**keeps(1), "action": {"type": "transition", "targetStorageClass": "archive"}}
    found = lifecycle([rule], image("before", 9, "1"), image("running", 2, "2"))
    assert lost(found, BACK) == [
        "what a rollback leads to is archived within a day by rule 1 (any, imageCountMoreThan 1)"
    ]


def test_evidence_is_lost_with_its_image_and_after_what_matters_more() -> None:
    found = lifecycle(
        [keeps(2)],
        image("before", 9, "1"),
        image("sbom", 8, subject="before"),
        image("running", 2, "2"),
        image("new", 1, "3"),
    )
    losses = losses_of(found, [Needed("sbom", "beside", "its SBOM"), BACK], None, NOW, MONTH)
    assert [one.needed.digest for one in losses] == ["before", "sbom"]


def test_of_several_needs_of_an_image_the_worst_counts() -> None:
    found = lifecycle([keeps(1)], image("running", 9, "1"), image("new", 1, "2"))
    (loss,) = losses_of(found, [Needed("running", "earlier", "what it ran"), RUNS], None, NOW, MONTH)
    assert loss.needed == RUNS


def test_what_an_index_names_stays_with_it() -> None:
    found = lifecycle([keeps(1, tagStatus="untagged")], image("running", 9), image("loose", 1), image("index", 9, "v"))
    assert len(lost(found, RUNS)) == 1
    assert losses_of(found, [RUNS], None, NOW, MONTH, {"index": ["running"]}) == ()


def test_a_rule_that_nobody_knows_is_a_doubt_and_no_loss() -> None:
    rule = keeps(1)
    rule["selection"]["countType"] = "sinceImageScanned"
    found = lifecycle([rule], image("running", 9, "1"))
    (loss,) = losses_of(found, [RUNS], PUSH, NOW, MONTH)
    assert str(loss) == (
        "what approval runs may be removed by rule 1 (any, unknown 1): countType sinceImageScanned is not known to "
        "erp_build"
    )
    assert advice_of([loss]) == ("look at rule 1 with a preview of ECR (aws ecr start-lifecycle-policy-preview)",)


def test_a_pattern_of_a_policy_cannot_begin_a_line_of_its_own() -> None:
    rule = keeps(1, 1, "v\n\x1b[31m")
    found = lifecycle([rule], image("running", 9, "v\n\x1b[31m1"), image("new", 1, "v\n\x1b[31m2"))
    (line,) = lost(found, RUNS)
    assert "\n" not in line
    assert "\x1b" not in line


def test_what_is_not_there_is_not_lost() -> None:
    assert lost(lifecycle([keeps(1)], image("new", 1, "1")), RUNS) == []


USES: st.SearchStrategy[Use] = st.sampled_from(["runs", "back", "earlier", "beside"])
RULES = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([(), ("a",), ("b",), ("a", "b")])),
    max_size=4,
    unique_by=lambda one: one[1],
)
IMAGES = st.lists(st.sampled_from([(), ("a1",), ("b1",), ("a1", "b1")]), max_size=8)


@given(RULES, IMAGES, st.lists(st.tuples(st.integers(0, 7), USES), max_size=5), st.integers(0, 2))
def test_the_advice_keeps_everything_that_was_named(
    rules: list[tuple[int, tuple[str, ...]]],
    images: list[tuple[str, ...]],
    needs: list[tuple[int, Use]],
    artifacts: int,
) -> None:
    made = [keeps(number, priority, *prefixes) for priority, (number, prefixes) in enumerate(rules, 1)]
    found = lifecycle(made, *(image(f"i{age}", age + 1, *tags) for age, tags in enumerate(images)))
    needed = [Needed(f"i{number}", use, "needed") for number, use in needs]
    arriving = Arriving(tags=("a9",), artifacts=artifacts)
    losses = losses_of(found, needed, arriving, NOW, MONTH)
    assert all(one.rule.is_by_number for one in losses)
    places: dict[int, int] = {}
    for one in losses:
        places[one.rule.priority] = max(places.get(one.rule.priority, 0), one.place)
    assert sorted(advice_of(losses)) == sorted(
        f"raise countNumber of rule {priority} from {rules[priority - 1][0]} to at least {place}"
        for priority, place in places.items()
    )
    raised = [
        keeps(places.get(priority, number), priority, *prefixes) for priority, (number, prefixes) in enumerate(rules, 1)
    ]
    assert losses_of(found._replace(policy=lifecycle(raised).policy), needed, arriving, NOW, MONTH) == ()


@given(RULES, IMAGES, st.integers(0, 2))
def test_what_is_told_is_what_is_removed_before_or_after_the_push(
    rules: list[tuple[int, tuple[str, ...]]], images: list[tuple[str, ...]], artifacts: int
) -> None:
    made = [keeps(number, priority, *prefixes) for priority, (number, prefixes) in enumerate(rules, 1)]
    found = lifecycle(made, *(image(f"i{age}", age + 1, *tags) for age, tags in enumerate(images)))
    arriving = Arriving(tags=("a9",), artifacts=artifacts)
    needed = [Needed(one.digest, "runs", one.digest) for one in found.images]
    told = {one.needed.digest for one in losses_of(found, needed, arriving, NOW, MONTH)}
    later = after_push(found.images, arriving, NOW)
    before = removed_by(fates_of(found.policy.rules, found.images), found.images, NOW)
    after = removed_by(fates_of(found.policy.rules, later), later, NOW)
    assert told == (before | after) & {one.digest for one in found.images}


def test_a_loss_of_nothing_has_no_advice() -> None:
    nothing: tuple[Loss, ...] = ()
    assert advice_of(nothing) == ()

"""Which images that somebody needs a lifecycle policy removes: now, by the next push, or within days."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from erp_build.formats.lifecycle.expiry import Fate, fates_of, removed_by
from erp_build.formats.printable import one_line
from erp_build.model.images.lifecycle import Lifecycle, LifecycleRule, ListedImage

Use = Literal["runs", "back", "earlier", "beside"]
"""What an image is needed for, the worst to lose first: it runs; the next rollback leads to it; an earlier deployment
that a rollback may name has it; it is read beside another one, or found by a tag."""

USES: tuple[Use, ...] = ("runs", "back", "earlier", "beside")
DAY = timedelta(days=1)


class Needed(NamedTuple):
    """An image that somebody needs: its digest, what for, and that in words, such as `what approval runs`."""

    digest: str
    use: Use
    words: str


class Arriving(NamedTuple):
    """An image that a run is about to bring, or to give further tags.

    Attributes:
        tags: that it gets; `latest` leaves the image that has it.
        digest: of an image that is there already; empty: it is still to be pushed.
        artifacts: how many of them are pushed beside it, each without a tag.
    """

    tags: tuple[str, ...]
    digest: str = ""
    artifacts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """A needed image that is removed.

    Attributes:
        needed: which, and what for.
        rule: by which rule of the policy.
        days: whole ones from now; 0: within a day, which is also the time that ECR takes to apply a policy.
        by_push: whether it is the next push that pushes it out.
        place: its place among the images that the rule counts, once that push is done; 0: the rule goes by age.
    """

    needed: Needed
    rule: LifecycleRule
    days: int = 0
    by_push: bool = False
    place: int = 0

    def __str__(self) -> str:
        """For the reader."""
        rule = one_line(str(self.rule))
        if self.rule.doubt:
            return f"{self.needed.words} may be removed by {rule}: {self.rule.doubt} is not known to erp_build"
        when = f"in {_days(self.days)}" if self.days else "within a day"
        how = " of the next push" if self.by_push else ""
        return f"{self.needed.words} is {'archived' if self.rule.archives else 'deleted'} {when}{how} by {rule}"


def after_push(images: Iterable[ListedImage], arriving: Arriving, now: datetime) -> tuple[ListedImage, ...]:
    """The images of a repository once a push is done."""
    left = []
    for one in images:
        tags = tuple(tag for tag in one.tags if tag not in arriving.tags)
        left.append(one._replace(tags=(*tags, *arriving.tags) if one.digest == arriving.digest else tags))
    if arriving.digest:
        return tuple(left)
    image = ListedImage(NEW, arriving.tags, now)
    # Evidence is pushed behind its image, and so is younger.
    beside = (
        ListedImage(f"{NEW} {number}", (), now + timedelta(seconds=number), subject=NEW)
        for number in range(1, arriving.artifacts + 1)
    )
    return (*left, image, *beside)


NEW = "the image that is about to be pushed"
"""What stands for the digest of an image that is not there yet."""


def losses_of(
    lifecycle: Lifecycle,
    needed: Collection[Needed],
    arriving: Arriving | None,
    now: datetime,
    ahead: timedelta,
    indexes: Mapping[str, Collection[str]] | None = None,
) -> tuple[Loss, ...]:
    """The needed images that are removed, what is worst to lose first, and of that what is lost first.

    Args:
        lifecycle: the policy, and what is in the repository.
        needed: images of it; what is not in it any more is left out. Of several needs of one image the worst counts.
        arriving: what the next push brings; None: nothing is known of it.
        now: the moment.
        ahead: how far to look.
        indexes: digest of an index -> the digests that it names.
    """
    rules, images = lifecycle.policy.rules, lifecycle.images
    later = after_push(images, arriving, now) if arriving else images
    before, after = fates_of(rules, images), fates_of(rules, later)
    moments = (removed_by(before, images, now, indexes), removed_by(after, later, now, indexes))
    finally_ = removed_by(after, later, now + ahead, indexes)
    subjects = {one.digest: one.subject for one in images}
    found = []
    for one in _worst_of_each(needed):
        is_now, is_then = (one.digest in removed for removed in moments)
        # With the tags that the push gives and takes, another rule may decide.
        fate = _deciding(before if is_now and not is_then else after, one.digest, subjects)
        if fate and (is_now or is_then or one.digest in finally_ or fate.rule.doubt):
            days = 0 if is_now or is_then or fate.rule.doubt else (fate.leaves - now) // DAY
            place = fate.place if fate.rule.is_by_number else 0
            found.append(Loss(needed=one, rule=fate.rule, days=days, by_push=is_then and not is_now, place=place))
    return tuple(sorted(found, key=lambda one: (USES.index(one.needed.use), one.days, one.by_push)))


def advice_of(losses: Iterable[Loss]) -> tuple[str, ...]:
    """What keeps these images, a line for each rule of the policy."""
    places: dict[LifecycleRule, int] = {}
    for one in losses:
        places[one.rule] = max(places.get(one.rule, 0), one.place)
    return tuple(_advice(rule, place) for rule, place in places.items())


def _advice(rule: LifecycleRule, place: int) -> str:
    if rule.doubt:
        return f"look at rule {rule.priority} with a preview of ECR (aws ecr start-lifecycle-policy-preview)"
    if rule.is_by_number:
        return f"raise countNumber of rule {rule.priority} from {rule.number} to at least {place}"
    return (
        f"let rule {rule.priority} go by imageCountMoreThan: what runs and was not changed for long is older than any "
        "number of days"
    )


def _worst_of_each(needed: Iterable[Needed]) -> Iterator[Needed]:
    """The needs, each image once."""
    worst: dict[str, Needed] = {}
    for one in sorted(needed, key=lambda one: USES.index(one.use)):
        worst.setdefault(one.digest, one)
    yield from worst.values()


def _deciding(fates: Mapping[str, Fate], digest: str, subjects: Mapping[str, str]) -> Fate | None:
    """The fate that takes an image first: its own, or that of what it is about; None where no rule selects either."""
    found = [fates[name] for name in (digest, subjects.get(digest, "")) if name in fates]
    return min(found, key=lambda one: (one.leaves, not one.rule.doubt), default=None)


def _days(number: int) -> str:
    return f"{number} {'day' if number == 1 else 'days'}"

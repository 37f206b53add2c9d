"""What a lifecycle policy removes from a repository: ECR's rules, evaluated without ECR.

A preview by ECR itself (StartLifecyclePolicyPreview) is begun by a call that writes, and knows nothing of images which
are still to be pushed. After "Automate the cleanup of images by using lifecycle policies", as of 2026:

- "An image is expired or archived by exactly one or zero rules."
- "An image that matches the tagging requirements of a rule cannot be expired or archived by a rule with a lower
  priority." So one rule decides about an image: the first one that selects it.
- "Rules can never mark images that are marked by higher priority rules, but can still identify them as if they haven't
  been expired or archived." So a rule by number counts every image that it selects, also those of other rules.
- "If an image is referenced by a manifest list, it cannot be expired or archived without the manifest list being
  deleted or archived first."
- "When reference artifacts are present in a repository, Amazon ECR lifecycle policies automatically expire or archive
  those artifacts within 24 hours of the deletion or archival of the subject image." Nothing says that a rule spares
  an artifact before that, or does not count it: here it is an image as others are.

Within 24 hours an image is gone that meets a rule.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from erp_build.model.images.lifecycle import LifecycleRule, ListedImage

AT_ONCE, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""When a rule by number removes an image that is over the number, and one that is not."""


class Fate(NamedTuple):
    """What the one rule that decides about an image makes of it.

    Attributes:
        rule: the first one that selects it.
        place: among all images that the rule selects, the youngest first; 1 is the youngest.
        leaves: when the rule removes it; of a doubtful rule nobody can say it, so that it never does.
    """

    rule: LifecycleRule
    place: int
    leaves: datetime


def fates_of(rules: Iterable[LifecycleRule], images: Collection[ListedImage]) -> dict[str, Fate]:
    """Digest of an image -> its fate; an image that no rule selects is missing, and stays."""
    found: dict[str, Fate] = {}
    for rule in sorted(rules, key=lambda one: one.priority):
        for place, image in enumerate(_youngest_first(one for one in images if is_selected(rule, one)), 1):
            found.setdefault(image.digest, Fate(rule, place, _leaves(rule, place, image)))
    return found


def removed_by(
    fates: Mapping[str, Fate],
    images: Collection[ListedImage],
    at: datetime,
    indexes: Mapping[str, Collection[str]] | None = None,
) -> frozenset[str]:
    """The digests of what is deleted or archived once the policy is applied at a moment.

    Args:
        fates: of these images.
        images: what is in the repository.
        at: the moment.
        indexes: digest of an index -> the digests that it names.
    """
    removed = {digest for digest, fate in fates.items() if fate.leaves <= at}
    here = {one.digest for one in images}
    while spared := removed & {*_named_by_others(indexes or {}, here - removed)}:
        removed -= spared
    while orphans := {one.digest for one in images if one.subject in removed} - removed:
        removed |= orphans
    return frozenset(removed)


def is_selected(rule: LifecycleRule, image: ListedImage) -> bool:
    """Whether an image meets the tagging requirements of a rule.

    "An image is successfully matched if all of the tags in the tagPatternList or tagPrefixList value are matched
    against any of the image's tags."
    """
    if rule.tag_status == "any":
        return True
    if rule.tag_status == "untagged":
        return not image.tags
    return bool(image.tags) and all(any(_matches(one, tag) for tag in image.tags) for one in rule.patterns)


def _matches(pattern: str, tag: str) -> bool:
    """Whether a tag is a pattern, in which `*` is any text and every other character is itself."""
    first, *rest = pattern.split("*")
    if not rest:
        return tag == first
    *middle, last = rest
    if not tag.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = tag.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(tag) - len(last) >= at and tag.endswith(last)


def _youngest_first(images: Iterable[ListedImage]) -> list[ListedImage]:
    return sorted(images, key=lambda one: (one.pushed, one.digest), reverse=True)


def _leaves(rule: LifecycleRule, place: int, image: ListedImage) -> datetime:
    if rule.doubt:
        return NEVER
    if rule.is_by_number:
        return AT_ONCE if place > rule.number else NEVER
    since = image.pulled if rule.counts == "sinceImagePulled" and image.pulled else image.pushed
    try:
        return since + timedelta(days=rule.number)
    except OverflowError:
        return NEVER


def _named_by_others(indexes: Mapping[str, Collection[str]], staying: Collection[str]) -> Iterator[str]:
    """What the indexes name that stay."""
    for digest, named in indexes.items():
        if digest in staying:
            yield from named

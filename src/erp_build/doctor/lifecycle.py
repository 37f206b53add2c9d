"""The check of lifecycle policies: whether they keep what runs, and what a rollback needs."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from erp_build.clients.site import Site
from erp_build.deployment.checks.kept_images import artifacts_of, find_losses
from erp_build.deployment.checks.needed_images import NamedImage, needed_images
from erp_build.doctor.bases import base_images_of
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ErpBuildError
from erp_build.formats.image_name import mirrored
from erp_build.formats.image_name import named as name_of
from erp_build.formats.lifecycle.losses import Arriving, Loss, Needed, advice_of
from erp_build.model.images.image import KEY_TAG, LATEST
from erp_build.model.images.lifecycle import Lifecycle

AHEAD = timedelta(days=30)
"""How far the check looks."""

NEXT_TAG = "erp-build-next"
"""Stands for the tag of the image that is pushed next."""


def check_lifecycle(facts: Facts) -> CheckResult:
    """Whether a policy removes what is needed: now, with the next push, or within thirty days."""
    look = Look(f"ecr:GetLifecyclePolicy of {len(facts.repositories())} repositories, and ecr:DescribeImages")
    site = Site(facts.project, facts.remote.clients, facts.environment())
    own = {name: one for name, one in facts.lifecycles().items() if one.policy.rules or one.policy.doubt}
    bases, unread = _of_bases(facts, site)
    policies = {**own, **{name: one for name, (one, _) in bases.items()}}
    if not policies:
        return look.ok(f"no repository has a policy, so that nothing is removed{unread}")
    needed = needed_images(site, facts.function_states())
    named = [*needed.images, *(one for _, names in bases.values() for one in names)]
    unread = "".join(
        (unread, *(f"; past deployments are not known: {one.what} ({one.where})" for one in needed.unread))
    )
    losses = dict(_losses(site, policies, named, bases))
    # Whether a base image can be had, the check of base images asks: a pull-through cache need not have it yet.
    gone = _gone(own, named)
    unclear = [f"{name}: {one.policy.doubt}" for name, one in policies.items() if one.policy.doubt]
    lines = [f"{name}: {one}" for name, found in losses.items() for one in found]
    lines += [f"{one.repository}: {one.words} is not there any more ({one.reference[:19]})" for one in gone]
    lines += _of_reuse(site, own, named)
    text = "\n".join((*lines, *unclear)) + unread
    if not (losses or unclear or any(one.use != "earlier" for one in gone)):
        if needed.unread:
            next_step = needed.unread[0].next_step or "correct what is named, then ask again"
            return look.unknown("\n".join(("what runs stays", *lines)) + unread, next_step)
        count = f"policies: {len(policies)}"
        kept = f"what runs and what a rollback needs stays for {AHEAD.days} days and the next push ({count})"
        return look.ok("\n".join((kept, *lines)) + unread)
    hint = "; ".join(_steps(losses, gone, unclear, bases))
    is_lost = any(map(_is_lost_now, losses.values())) or any(one.use == "runs" for one in gone)
    return look.problem(text, hint) if is_lost else look.warning(text, hint)


def _is_lost_now(losses: tuple[Loss, ...]) -> bool:
    """Whether something that runs is removed within a day, or by the next push."""
    return any(one.needed.use == "runs" and not one.days and not one.rule.doubt for one in losses)


def _steps(
    losses: Mapping[str, tuple[Loss, ...]],
    gone: Collection[NamedImage],
    unclear: Collection[str],
    bases: Collection[str],
) -> Iterator[str]:
    """What to do."""
    for name, found in losses.items():
        unless = ", unless it is a pull-through cache, which fetches it again" if name in bases else ""
        yield f"{name}: {', '.join(advice_of(found))}{unless}"
    if gone:
        yield (
            "of what is not there any more, aws ecr update-image-storage-class brings back an archived image; where it "
            "runs, erp-build run --rebuild NAME replaces a deleted one; let the policy keep more"
        )
    if unclear:
        yield "look at the policies that cannot be read, or take a newer erp_build"


def _losses(
    site: Site,
    policies: Mapping[str, Lifecycle],
    named: Collection[NamedImage],
    bases: Collection[str],
) -> Iterator[tuple[str, tuple[Loss, ...]]]:
    """What each repository loses, with the next push."""
    arriving = Arriving(tags=(NEXT_TAG, LATEST), artifacts=artifacts_of(site))
    for name, lifecycle in policies.items():
        needed = tuple(_needed(lifecycle, [one for one in named if one.repository == name]))
        if found := find_losses(site, name, lifecycle, needed, None if name in bases else arriving, AHEAD):
            yield name, found


def _needed(lifecycle: Lifecycle, named: Collection[NamedImage]) -> Iterator[Needed]:
    """What of a repository is needed: the named images, and what is attached to them."""
    digests = _digests(lifecycle)
    words: dict[str, str] = {}
    for one in named:
        if digest := digests.get(one.reference):
            words.setdefault(digest, one.words)
            yield Needed(digest, one.use, f"{one.words} ({digest[:19]})")
    for image in lifecycle.images:
        if image.subject in words:
            yield Needed(image.digest, "beside", f"what is attached to {words[image.subject]}")


def _of_reuse(site: Site, policies: Mapping[str, Lifecycle], named: Collection[NamedImage]) -> Iterator[str]:
    """How many images go that nothing needs, but that a run could have used again: a word, as they are built anew."""
    for name, lifecycle in policies.items():
        digests = _digests(lifecycle)
        known = {digests.get(one.reference) for one in named if one.repository == name}
        kept = [one for one in lifecycle.images if one.digest not in known and any(map(_is_found_by, one.tags))]
        lost = find_losses(site, name, lifecycle, [Needed(one.digest, "beside", "") for one in kept], None, AHEAD)
        if count := sum(not one.rule.doubt for one in lost):
            yield f"{name}: images that nothing needs, that a later run could use again, and that go as well: {count}"


def _is_found_by(tag: str) -> bool:
    """Whether a run finds an image by a tag."""
    return tag == LATEST or tag.startswith(KEY_TAG)


def _digests(lifecycle: Lifecycle) -> dict[str, str]:
    """Digest or tag -> digest, of all that is in a repository."""
    tags = {tag: one.digest for one in lifecycle.images for tag in one.tags}
    return {**tags, **{one.digest: one.digest for one in lifecycle.images}}


def _gone(policies: Mapping[str, Lifecycle], named: Collection[NamedImage]) -> list[NamedImage]:
    """What is needed and not there, each image once, for the worst that it is needed for."""
    digests = {name: _digests(one) for name, one in policies.items()}
    found: dict[tuple[str, str], NamedImage] = {}
    for one in named:
        if one.repository in digests and one.reference not in digests[one.repository]:
            found.setdefault((one.repository, one.reference), one)
    return list(found.values())


def _of_bases(facts: Facts, site: Site) -> tuple[dict[str, tuple[Lifecycle, list[NamedImage]]], str]:
    """Repository of base images in the registry -> its policy and what is built on; and what could not be read."""
    registry, mirrors, unread = site.clients.registry, dict(facts.project.build.mirrors), ""
    found: dict[str, tuple[Lifecycle, list[NamedImage]]] = {}
    for image in dict.fromkeys(base_images_of(facts)):
        host, repository, reference = name_of(mirrored(image, mirrors))
        if host != registry.host() or repository in facts.repositories():
            continue
        try:
            lifecycle = registry.lifecycle(repository)
        except ErpBuildError as error:
            unread = f"; of base images it is not known: {error.what} ({error.where})"
            continue
        if lifecycle.policy.rules or lifecycle.policy.doubt:
            _, names = found.setdefault(repository, (lifecycle, []))
            names.append(NamedImage(repository, reference, "back", f"the base image {image}"))
    return found, unread

"""The tags of a release. An upgrade names the tags of all services, so that none falls back to an old tag in Git."""

from collections.abc import Mapping

from erp_build.errors import ReleaseFailed
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Service

UNKNOWN_DIGEST = "sha256:" + "0" * 64
"""Placeholder for the digest of an image that is not built yet."""


SHOWN_OF_DIGEST = len("sha256:") + 12


def expected_tags(plan: Plan, *, pin: bool) -> dict[str, str]:
    """Each service's tag as far as it is known before the build, for a dry run."""
    new = {
        step.target.name: (plan.tag_of(step), step.image.digest if step.image else UNKNOWN_DIGEST)
        for step in plan.services
        if step.action in ("build", "reuse")
    }
    return _tags(plan, new, pin=pin)


def release_tags(plan: Plan, cleared: Mapping[str, ClearedImage], *, pin: bool) -> dict[str, str]:
    """Each service's tag: of its cleared image, or of the image that runs."""
    return _tags(plan, {name: (one.image.tag, one.image.digest) for name, one in cleared.items()}, pin=pin)


def keys_of(plan: Plan, tags: Mapping[str, str]) -> dict[str, str]:
    """The same tags, by the services' keys in the values file."""
    return {step.target.values_key: tags[step.target.name] for step in plan.services
            if isinstance(step.target, Service)}  # fmt: skip


def shortened(tag: str) -> str:
    """A tag for people: of its digest only as much as tells it from another."""
    name, at, digest = tag.partition("@")
    return name + at + digest[:SHOWN_OF_DIGEST]


def _tags(plan: Plan, new: Mapping[str, tuple[str, str]], *, pin: bool) -> dict[str, str]:
    """Each service's tag; `new` has the tags and digests of those whose image changes."""
    images = {step.target.name: new.get(step.target.name) or _kept(step) for step in plan.services}
    return {name: f"{tag}@{digest}" if pin and digest else tag for name, (tag, digest) in images.items()}


def _kept(step: Step) -> tuple[str, str]:
    running = step.running
    if running is None or not running.tag:
        raise ReleaseFailed(
            "a service that is not built has no running tag to keep",
            where=step.target.name,
            why=f"it runs {running.digest}" if running else "it does not run at all",
            next_step="build it: change it, or run with a --base before its last change",
        )
    return running.tag, running.digest

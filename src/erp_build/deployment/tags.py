"""The tags of a release. An upgrade names the tags of all services, so that none falls back to an old tag in Git."""

from collections.abc import Mapping

from erp_build.errors import ReleaseFailed
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Service

UNKNOWN_DIGEST = "sha256:" + "0" * 64
"""Placeholder for the digest of an image that is not built yet."""


def expected_tags(plan: Plan, *, pin: bool) -> dict[str, str]:
    """Each service's tag as far as it is known before the build, for a dry run."""
    return {step.target.name: _expected(step, plan, pin=pin) for step in plan.services}


def release_tags(plan: Plan, cleared: Mapping[str, ClearedImage], *, pin: bool) -> dict[str, str]:
    """Each service's tag: of its cleared image, or of the image that runs."""
    return {step.target.name: _tag(step, cleared.get(step.target.name), pin=pin) for step in plan.services}


def keys_of(plan: Plan, tags: Mapping[str, str]) -> dict[str, str]:
    """The same tags, by the services' keys in the values file."""
    return {step.target.values_key: tags[step.target.name] for step in plan.services
            if isinstance(step.target, Service)}  # fmt: skip


def _expected(step: Step, plan: Plan, *, pin: bool) -> str:
    if step.action in ("build", "reuse"):
        digest = step.image.digest if step.image else UNKNOWN_DIGEST
        return _joined(plan.tag_of(step), digest, pin=pin)
    return _kept(step, pin=pin)


def _tag(step: Step, cleared: ClearedImage | None, *, pin: bool) -> str:
    return _joined(cleared.image.tag, cleared.image.digest, pin=pin) if cleared else _kept(step, pin=pin)


def _kept(step: Step, *, pin: bool) -> str:
    running = step.running
    if running is None or not running.tag:
        raise ReleaseFailed(
            "a service that is not built has no running tag to keep",
            where=step.target.name,
            why=f"it runs {running.digest}" if running else "it does not run at all",
            next_step="build it: change it, or run with a --base before its last change",
        )
    return _joined(running.tag, running.digest, pin=pin and bool(running.digest))


def _joined(tag: str, digest: str, *, pin: bool) -> str:
    return f"{tag}@{digest}" if pin else tag

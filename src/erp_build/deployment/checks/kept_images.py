"""Whether lifecycle policies keep what a run deploys, and what its rollback needs: looked at before anything is pushed.

A word, and no stop: ECR applies a policy within a day, pods have their image already, and the cure lies in the
repository's settings.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from functools import partial

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError
from erp_build.formats.lifecycle.losses import NEW, Arriving, Loss, Needed, advice_of, losses_of
from erp_build.formats.printable import few_names
from erp_build.model.images.image import KEY_TAG, LATEST, StoredImage
from erp_build.model.images.lifecycle import Lifecycle
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Chart

AHEAD = timedelta(days=7)
"""How far a run looks: what goes later is for `doctor`, which looks further."""

EVIDENCE_DOCUMENTS = 2
"""Artifacts that lie beside an image: SBOM and provenance."""


def with_lost_images(site: Site, plan: Plan) -> Plan:
    """The plan with a warning for each repository whose policy removes what it deploys or the way back from that.

    Only repositories to which it pushes are asked. What may not be read is said, and never ends a run.
    """
    steps = (*plan.builds, *plan.reuses)
    answers = _answers(site, plan, steps)
    names = [step.target.name for step, one in zip(steps, answers, strict=True) if isinstance(one, ErpBuildError)]
    if error := next((one for one in answers if isinstance(one, ErpBuildError)), None):
        why = f"{error.what} ({error.next_step})" if error.next_step else error.what
        site.say(f"whether lifecycle policies keep what runs is not known of {few_names(names)}: {why}")
    said = tuple(one for one in answers if isinstance(one, str) and one)
    for line in said:
        site.say(f"warning: {line}")
    return plan._replace(warnings=(*plan.warnings, *said)) if said else plan


def _answers(site: Site, plan: Plan, steps: Sequence[Step]) -> tuple[str | ErpBuildError, ...]:
    """What is lost in the repository of each step, or why it is not known."""
    try:
        return ask_at_once(partial(_warning, site, plan), steps)
    except ErpBuildError as error:
        return (error,) * len(steps)


def find_losses(
    site: Site,
    repository: str,
    lifecycle: Lifecycle,
    needed: Collection[Needed],
    arriving: Arriving | None,
    ahead: timedelta,
) -> tuple[Loss, ...]:
    """The needed images of a repository that its policy removes, as `losses_of`; indexes are read where they matter."""
    now = site.clients.clock.now()
    found = losses_of(lifecycle, needed, arriving, now, ahead)
    indexes = [one.digest for one in lifecycle.images if one.is_index]
    if not (found and indexes):
        return found
    stored = site.clients.registry.stored_each(repository, indexes)
    return losses_of(lifecycle, needed, arriving, now, ahead, {one.digest: _named_by(one) for one in stored if one})


def _named_by(index: StoredImage) -> tuple[str, ...]:
    """The digests that an index names; ECR spares them while it is there."""
    return tuple(one.get("digest", "") for one in json.loads(index.manifest).get("manifests") or ())


def artifacts_of(site: Site) -> int:
    """How many artifacts a push puts beside an image; each counts as one."""
    return EVIDENCE_DOCUMENTS if site.project.build.evidence else 0


def told(repository: str, losses: Collection[Loss]) -> str:
    """The worst loss of a repository in a line, how many there are besides, and what helps."""
    worst, *rest = losses
    more = f", and {len(rest)} more that {'is' if len(rest) == 1 else 'are'} needed" if rest else ""
    return f"{repository}: {worst}{more}: {'; '.join(advice_of(losses))}"


def _warning(site: Site, plan: Plan, step: Step) -> str | ErpBuildError:
    """What is lost in the repository of a step; empty: nothing. Raises what passes, after which no further is asked."""
    assert not isinstance(step.target, Chart)
    repository = site.repository(step.target)
    try:
        lifecycle = site.clients.registry.lifecycle(repository)
        if lifecycle.policy.doubt:
            return f"{repository}: whether its lifecycle policy keeps what runs is not known: {lifecycle.policy.doubt}"
        if not lifecycle.policy.rules:
            return ""
        losses = find_losses(site, repository, lifecycle, tuple(_needed(step)), _arriving(site, plan, step), AHEAD)
    except ErpBuildError as error:
        if error.passes:
            raise
        return error
    return told(repository, losses) if losses else ""


def _needed(step: Step) -> Iterator[Needed]:
    name = step.target.name
    yield Needed(step.image.digest if step.image else NEW, "runs", f"what this run deploys of {name}")
    if step.running and step.running.digest:
        # Where the deployment fails, and for a rollback after it.
        digest = step.running.digest
        yield Needed(digest, "back", f"{digest[:19]}, which {name} runs and a rollback needs,")


def _arriving(site: Site, plan: Plan, step: Step) -> Arriving:
    key = (f"{KEY_TAG}{step.key}",) if step.key else ()
    return Arriving(
        tags=(plan.tag_of(step), *key, LATEST),
        digest=step.image.digest if step.image else "",
        artifacts=artifacts_of(site),
    )

"""Holds a run to a saved plan: whatever has moved since ends it with `PlanMoved`, before anything that runs is changed.

Each question is asked as soon as its answer is known, and under the lock again.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from erp_build.changes.content_key import content_of
from erp_build.changes.reuse import tags_of
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.frozen.freeze import (
    describe_findings,
    describe_ground,
    describe_live,
    describe_plan,
    dirty_targets,
)
from erp_build.deployment.frozen.moved import (
    moved_changes,
    moved_findings,
    moved_ground,
    moved_live,
    moved_targets,
    moved_units,
)
from erp_build.errors import PlanMoved
from erp_build.formats.frozen_plan import ANEW, SealedPlan, masked
from erp_build.gate.result import GateRules, Judgement
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan, Step
from erp_build.model.project import Chart
from erp_build.model.releases.frozen_plan import FrozenUnit
from erp_build.model.releases.preview import Preview
from erp_build.model.releases.units import name_of
from erp_build.model.stages.stage import stage


class Image(NamedTuple):
    """The new image of a target: its digest, and the tag that the deployment gives it."""

    digest: str
    tag: str


@stage("reads only: Git")
def compare_ground(
    site: Site, saved: SealedPlan, rules: GateRules, head: str, uncommitted: str, units: Collection[str]
) -> None:
    """Refuse another program, place, commit, policy or waiver than the plan's, and files that are not committed.

    Args:
        site: where it is deployed.
        saved: the plan.
        rules: of the gate.
        head: the commit that is deployed.
        uncommitted: what of the checkout is not in it, in words.
        units: the names of all units of the project; one that is gone would be left out without a word.
    """
    lines = [*moved_ground(saved.plan, masked(describe_ground(site, rules, head), site.clients.secrets.mask_all))]
    lines += moved_units(saved.plan, name_of(site.project), units)
    if uncommitted:
        lines.append(f"tree: {uncommitted}")
    _require(saved, lines)
    site.say(f"doing the plan {saved.digest[:19]} of {saved.plan.made}, and nothing else")


@stage("nothing")
def compare_live(site: Site, saved: SealedPlan, live: LiveState) -> None:
    """Refuse another revision, tag, digest, alias or settings than those that the plan was made of."""
    now = masked(describe_live(site, live), site.clients.secrets.mask_all)
    _require(saved, moved_live(_unit(site, saved), now))


@stage("reads only: ECR")
def hold_plan(site: Site, saved: SealedPlan, live: LiveState, plan: Plan) -> Plan:
    """Refuse another plan than the saved one; returns it with the images that were cleared for it.

    The file may name only what a run of this plan could have made: under the commit's tag, of the target's content.
    """
    then = _unit(site, saved)
    now = masked(describe_plan(site, live, plan), site.clients.secrets.mask_all)
    # Git does not tell of a file that was only laid there, and a chart's hook is none of the objects that are compared.
    laid = [f"tree: other files lie among those of {name}" for name in dirty_targets(plan)]
    _require(saved, [*laid, *moved_targets(then, now)])
    wanted = {one.name: Image(one.image, one.tag) for one in then.targets if one.image}
    held = with_images(site, plan, wanted)
    steps = [step for step in held.steps if step.target.name in wanted]
    faults = ask_at_once(partial(_fault, site, held.head), steps)
    _require(saved, (f"image of {step.target.name}: {why}" for step, why in zip(steps, faults, strict=True) if why))
    return held


@stage("nothing")
def compare_changes(site: Site, saved: SealedPlan, live: LiveState, plan: Plan, preview: Preview) -> None:
    """Refuse what would change other values, objects or images than the plan says."""
    now = masked(describe_plan(site, live, plan, preview), site.clients.secrets.mask_all)
    _require(saved, moved_changes(_unit(site, saved).changes, now.changes))


@stage("nothing")
def compare_findings(site: Site, saved: SealedPlan, judgement: Judgement) -> None:
    """Refuse findings that the plan's images did not have when they were cleared, or that were rated lower then."""
    known = {one.name: one.findings for one in _unit(site, saved).targets}
    if saved.plan.stage == "cleared":
        _require(
            saved,
            (
                line
                for row in judgement.rows
                for line in moved_findings(
                    row.image.target, known.get(row.image.target, ()), describe_findings(row.verdict)
                )
            ),
        )


def with_built(site: Site, plan: Plan, cleared: Iterable[ClearedImage]) -> Plan:
    """The plan with the images that were built for it, as a run of the saved plan will find them."""
    return with_images(site, plan, {one.image.target: Image(one.image.digest, one.image.tag) for one in cleared})


def with_images(site: Site, plan: Plan, images: Mapping[str, Image]) -> Plan:
    """The plan with the images that are there already; a step whose image is gone stays as it is."""
    return plan._replace(steps=ask_at_once(partial(_with_image, site, images), plan.steps))


def _with_image(site: Site, images: Mapping[str, Image], step: Step) -> Step:
    wanted = images.get(step.target.name)
    if wanted is None or isinstance(step.target, Chart) or step.action not in ("build", "reuse"):
        return step
    image = site.clients.registry.stored(site.repository(step.target), wanted.digest)
    if image is None:
        return step._replace(action="build", image=None)
    return step._replace(action="reuse", image=image, tag=wanted.tag)


def _fault(site: Site, head: str, step: Step) -> str:
    """Why the image that a plan names for a step cannot be deployed for it; empty: it can."""
    registry, image = site.clients.registry, step.image
    if image is None:
        return "what was cleared is not in the registry any more"
    if step.tag not in tags_of(head[:7]):
        return f"the tag {step.tag} is not that of the commit"
    if step.key and content_of(registry.key(image) or "") != content_of(step.key):
        return f"{image.digest} has not the content {content_of(step.key)[:12]}"
    if not step.key and registry.revision(image) != head:
        return f"{image.digest} was not built from this commit"
    assert not isinstance(step.target, Chart)
    named = registry.stored(site.repository(step.target), step.tag)
    # To move the tag would change what others run under it.
    return f"the tag {step.tag} names another image by now" if named and named.digest != image.digest else ""


def _unit(site: Site, saved: SealedPlan) -> FrozenUnit:
    name = name_of(site.project)
    unit = saved.plan.unit(name)
    assert unit is not None, "the ground was compared before"
    return unit


def _require(saved: SealedPlan, lines: Iterable[str]) -> None:
    moved = tuple(dict.fromkeys(lines))
    if moved:
        raise PlanMoved(
            "the saved plan does not hold any more",
            where=f"{saved.where}, {saved.digest[:19]} of {saved.plan.made}",
            why="\n".join(moved),
            next_step=f"look at what has moved; then {ANEW}",
        )

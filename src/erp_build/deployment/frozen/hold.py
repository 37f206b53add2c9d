"""Holds a run to a saved plan: whatever has moved since ends it with `PlanMoved`, before anything that runs is changed.

Each question is asked as soon as its answer is known, and under the lock again.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

from erp_build.changes.content_key import content_of
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.frozen.freeze import (
    describe_findings,
    describe_ground,
    describe_live,
    describe_plan,
)
from erp_build.deployment.frozen.moved import (
    moved_changes,
    moved_findings,
    moved_ground,
    moved_live,
    moved_targets,
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
def compare_ground(site: Site, saved: SealedPlan, rules: GateRules, head: str, uncommitted: str) -> None:
    """Refuse another program, place, commit, policy or waiver than the plan's, and files that are not committed."""
    lines = [*moved_ground(saved.plan, masked(describe_ground(site, rules, head), site.clients.secrets.mask_all))]
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
    _require(saved, moved_targets(then, now))
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
    if step.tag.partition("-")[0] != head[:7]:
        return f"the tag {step.tag} is not that of the commit"
    if not step.key:
        return "" if registry.revision(image) == head else f"{image.digest} was not built from this commit"
    same = content_of(registry.key(image) or "") == content_of(step.key)
    return "" if same else f"{image.digest} has not the content {content_of(step.key)[:12]}"


def _unit(site: Site, saved: SealedPlan) -> FrozenUnit:
    name = name_of(site.project)
    unit = saved.plan.unit(name)
    if unit is None:
        _require(saved, [f"unit: {name} was not in the plan"])
    assert unit is not None
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

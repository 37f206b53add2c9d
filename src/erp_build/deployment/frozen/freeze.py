"""Freezes a plan: what was compared, what runs, what is deployed, and the rules that it was judged by.

The same functions describe the moment at which a saved plan is done, so that both can be compared.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from erp_build.clients.git.repository import GitRepository
from erp_build.clients.machine.own_version import own_version
from erp_build.clients.site import Site
from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.formats.printable import few_names
from erp_build.gate.result import GateRules
from erp_build.model.images.verdict import ClearedImage, Verdict
from erp_build.model.plan import LiveState, Plan, Step
from erp_build.model.project import Function, GatePolicy, Project, Target
from erp_build.model.releases.frozen_plan import (
    FrozenFinding,
    FrozenPlan,
    FrozenRunning,
    FrozenSetting,
    FrozenTarget,
    FrozenUnit,
    FrozenWaiver,
)
from erp_build.model.releases.preview import Preview
from erp_build.model.releases.units import name_of
from erp_build.model.stages.stage import stage

SCRYPT_N, SCRYPT_R = 2**14, 8
"""A guess of a password takes 16 MiB and some 50 ms: a digest in a file that many read must not give it away."""


@stage("reads only: Git", keeps="frozen")
def freeze_plan(
    site: Site,
    rules: GateRules,
    live: LiveState,
    plan: Plan,
    preview: Preview | None,
    cleared: Sequence[ClearedImage],
    *,
    is_cleared: bool = True,
) -> FrozenPlan:
    """Freeze the plan of a unit.

    Args:
        site: where it is deployed.
        rules: of the gate.
        live: what runs.
        plan: what is done.
        preview: what its deployment changes; None: there is nothing to do.
        cleared: its images, once the gate has cleared them.
        is_cleared: whether it has; otherwise the images are still to be built.
    """
    how_far: Literal["planned", "cleared"] = "cleared" if is_cleared else "planned"
    unit = describe_plan(site, live, plan, preview, cleared)
    return replace(describe_ground(site, rules, plan.head), stage=how_far, units=(unit,))


def describe_ground(site: Site, rules: GateRules, head: str) -> FrozenPlan:
    """What every unit of a plan stands on: commit, tree, place, and the rules of the gate. It has no unit yet."""
    return FrozenPlan(
        program=own_version(),
        made=site.clients.clock.now().isoformat(timespec="seconds"),
        place=site.environment.place,
        head=head,
        tree=tree_of(site.clients.repository, head),
        stage="planned",
        policy=tuple(FrozenSetting(name=name, value=_text(value)) for name, value in rules.policy._asdict().items()),
        waivers=tuple(
            FrozenWaiver(
                id=row.id,
                packages=row.packages,
                reason=row.reason,
                owner=row.owner,
                until=row.until.isoformat(),
                counts=row.counts_on(rules.waivers.today),
            )
            for row in rules.waivers.rows
        ),
    )


def describe_live(site: Site, live: LiveState) -> FrozenUnit:
    """What runs of a unit, without a plan for it."""
    revision = live.revision
    return FrozenUnit(
        name=name_of(site.project),
        where=str(site.release),
        kind="release" if site.project.has_release else "function",
        settings=settings_of(site.project),
        revision=revision.number if revision else None,
        status=revision.status if revision else "",
        updated=revision.updated if revision else "",
        targets=tuple(
            FrozenTarget(name=one.name, kind=one.kind, action="none", running=_running(live, one))
            for one in site.project.targets
        ),
    )


def describe_plan(
    site: Site, live: LiveState, plan: Plan, preview: Preview | None = None, cleared: Iterable[ClearedImage] = ()
) -> FrozenUnit:
    """What is done with a unit, as far as it is known.

    Args:
        site: where.
        live: what runs.
        plan: for it.
        preview: what its deployment changes; None: not known, or there is nothing to do.
        cleared: the images of the plan, once the gate has cleared them.
    """
    images = {one.image.target: one for one in cleared}
    targets = tuple(_target(plan, step, live, images.get(step.target.name)) for step in plan.steps)
    return replace(describe_live(site, live), targets=targets, changes=preview and sealed(preview, plan.head))


def describe_findings(verdict: Verdict) -> tuple[FrozenFinding, ...]:
    """Every finding of an image, whatever the policy makes of it."""
    return tuple(FrozenFinding(name=one.name, severity=one.severity, packages=one.packages) for one in verdict.findings)


def require_freezable(site: Site, live: LiveState, plan: Plan) -> None:
    """Raise where a plan cannot be held to: its files are of no commit, or the release is not at rest."""
    if live.revision and (live.revision.is_pending or live.revision.is_being_removed):
        raise ReleaseFailed(
            "the release is in the middle of an operation, so that no plan of it would hold",
            where=str(site.release),
            why=f"revision {live.revision.number} is {live.revision.status} since {live.revision.updated}",
            next_step="wait until it has ended; one that was cut off is ended by erp-build run",
        )
    changed = uncommitted_files(site.clients.repository)
    dirty = dirty_targets(plan)
    if changed or dirty:
        raise ConfigurationError(
            "a plan is saved of a commit, and the checkout is not what its commit has",
            where=str(site.clients.repository.root),
            why=changed or f"other files lie among those of {few_names(dirty)}",
            next_step="commit them, or take them away",
        )


def dirty_targets(plan: Plan) -> list[str]:
    """The names of the targets that are made of other files than those of the plan's commit."""
    return [step.target.name for step in plan.steps if step.is_dirty and step.action != "none"]


def uncommitted_files(repository: GitRepository) -> str:
    """What of the checkout differs from its commit, in words; empty: nothing that Git sees."""
    found = repository.uncommitted()
    if found is None:
        return f"Git cannot say what was changed: {repository.complaint}"
    return f"not committed: {few_names(found)}" if found else ""


def tree_of(repository: GitRepository, commit: str) -> str:
    """Git's id of a commit's tree; empty where there is no repository."""
    if not repository.has_metadata():
        return ""
    with repository.objects() as objects:
        (content,) = objects.read([f"{commit}^{{tree}}"], "tree")
    if content is None:
        return ""
    # SHA-1 is Git's name for it, and no protection.
    name = hashlib.sha1 if len(commit) == len("0" * 40) else hashlib.sha256
    return name(b"tree %d\0" % len(content) + content).hexdigest()


def settings_of(project: Project) -> str:
    """A digest of what a unit's project says; the gate's settings are told apart."""
    text = repr(project._replace(gate=GatePolicy()))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def sealed(preview: Preview, salt: str) -> Preview:
    """A preview whose seals give away nothing that is short enough to be guessed."""
    return replace(
        preview, values_seal=_sealed(preview.values_seal, salt), objects_seal=_sealed(preview.objects_seal, salt)
    )


def _sealed(seal: str, salt: str) -> str:
    if not seal:
        return ""
    return hashlib.scrypt(seal.encode("ascii"), salt=salt.encode("ascii"), n=SCRYPT_N, r=SCRYPT_R, p=1).hex()


def _target(plan: Plan, step: Step, live: LiveState, cleared: ClearedImage | None) -> FrozenTarget:
    name, has_image = step.target.name, step.action in ("build", "reuse")
    image = cleared.image.digest if cleared else step.image.digest if step.image else ""
    return FrozenTarget(
        name=name,
        kind=step.target.kind,
        action=step.action,
        chosen=step.chosen,
        baseline=step.baseline.commit or "",
        source=step.baseline.source,
        because=tuple(f"{one.path}: {one.rule}" if one.path else one.rule for one in step.because),
        running=_running(live, step.target),
        key=step.key,
        tag=plan.tag_of(step) if has_image else "",
        image=image if has_image else "",
        findings=describe_findings(cleared.verdict) if cleared else (),
    )


def _running(live: LiveState, target: Target) -> FrozenRunning | None:
    running = live.running.get(target.name)
    if running is None:
        return None
    trouble = running.trouble if isinstance(target, Function) else ""
    return FrozenRunning(tag=running.tag, digest=running.digest, latest=running.latest, trouble=trouble)


def _text(value: object) -> str:
    """A setting as text: a list of severities or of limits in one line."""
    if isinstance(value, tuple):
        return ", ".join(" ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)

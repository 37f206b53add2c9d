"""What is to be built anew although its files are those that run: its base has moved, or a finding of it has a fix.

A run with `--rebuild` and no name takes every target of which one of the two is true. Where a name is given, the name
decides, and what is found here is only the reason that the plan shows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from erp_build.changes.make_plan import REBUILD
from erp_build.changes.rebuilds.moved_bases import BaseLook, look_at_bases
from erp_build.changes.rebuilds.reasons import fix_reason, is_rebuilt, with_rebuilds
from erp_build.clients.site import Site
from erp_build.errors import GateInconclusive
from erp_build.formats.printable import few_names
from erp_build.gate.result import Judged
from erp_build.gate.running import judge_running
from erp_build.gate.stage import read_rules
from erp_build.model.images.finding import Finding
from erp_build.model.images.image import BuiltImage
from erp_build.model.plan import Plan, Reason, Step
from erp_build.model.project import Function, Project, Service
from erp_build.model.stages.stage import stage

UNCHANGED = ("none", "redeploy")
"""Actions of a target whose files are those of the image that it runs."""

ANY_AGE_S = 10 * 365 * 24 * 3600.0
"""Seconds: a scan of that age counts as well."""

MAX_REASONS = 5
"""Fixes that the reasons of a target name one by one."""


class _Looked(NamedTuple):
    """What was found of the targets that were looked at.

    Attributes:
        because: target -> why it is built anew.
        doubts: what is not known, in words.
        others: what was found and is no reason, in words.
        images: how many images were judged.
        bases: names of the base images that were asked.
    """

    because: Mapping[str, tuple[Reason, ...]]
    doubts: tuple[str, ...]
    others: tuple[str, ...]
    images: int
    bases: tuple[str, ...]


@stage("reads only: Git, the checkout, ECR, base images; asks for a scan where the last is too old")
def find_rebuilds(site: Site, plan: Plan, same: Plan, *, stale: bool, checkout: bool = True) -> Plan:
    """Return the plan with what is built anew, and with the reason of each.

    Args:
        site: where it runs.
        plan: what is to be done; targets that the caller has named are to be built in it already.
        same: the plan without any rebuild, after reuse: it tells whose files are those that run.
        stale: whether every chosen target is looked at and taken if there is a reason, not only those that are named.
        checkout: whether the checkout is what would be built.

    Raises `GateInconclusive` where nothing is to be done and somebody doubts it.
    """
    named = {step.target.name for step in plan.steps if REBUILD in step.because}
    steps = [step for step in same.steps if _is_looked_at(step) and (stale or step.target.name in named)]
    found = _look(site, steps, plan.head, stale=stale, checkout=checkout)
    made = with_rebuilds(plan, found.because)
    # Where a name decides, only reasons are looked for.
    said = (*found.others, *found.doubts) if stale else ()
    if stale and not found.because:
        if found.doubts and made.is_empty:
            raise GateInconclusive(
                "nobody knows whether something is to be rebuilt",
                where=str(site.release),
                why="\n".join(said),
                next_step="allow or correct what is named, then run again; erp-build run --rebuild NAME asks nobody",
            )
        said = (*said, _nothing_to_rebuild(steps, found))
    for name, reasons in found.because.items():
        for reason in reasons:
            site.say(reason.rule, name)
    return made._replace(warnings=(*made.warnings, *(f"--rebuild: {text}" for text in said)))


def same_as_before(plan: Plan, images: Sequence[BuiltImage]) -> tuple[str, ...]:
    """What was built anew and is the very image that runs, in words: nothing that it is made of was another one."""
    digests = {image.target: image.digest for image in images}
    return tuple(
        f"--rebuild: {step.target.name} was built anew and is the very image that runs: no fix came with it"
        for step in plan.steps
        if is_rebuilt(step) and step.running and digests.get(step.target.name) == step.running.digest
    )


def _is_looked_at(step: Step) -> bool:
    return bool(step.chosen and step.running and step.action in UNCHANGED and step.target.kind != "chart")


def _look(site: Site, steps: Sequence[Step], head: str, *, stale: bool, checkout: bool) -> _Looked:
    bases = {step.target.name: _bases(site, step, head, checkout=checkout) for step in steps}
    rows, doubts = _judged(site, steps, waits=stale)
    because: dict[str, tuple[Reason, ...]] = {}
    others = []
    for name, look in bases.items():
        findings = _over_the_policy([row for row in rows if row.image.target == name])
        if reasons := (*look.moved, *_fixes(findings)):
            because[name] = reasons
        else:
            others += [
                f"{name} runs with {found}: it is not taken; --rebuild {name} builds it all the same"
                for found in _without_effect(findings)
            ]
    unclear = [f"{row.image.target}: {row.verdict.why}" for row in rows if row.verdict.outcome == "inconclusive"]
    return _Looked(
        because=because,
        doubts=(*dict.fromkeys(one for look in bases.values() for one in look.doubts), *doubts, *unclear),
        others=tuple(others),
        images=len(rows),
        bases=tuple(dict.fromkeys(one for look in bases.values() for one in look.looked_at)),
    )


def _bases(site: Site, step: Step, head: str, *, checkout: bool) -> BaseLook:
    assert isinstance(step.target, Service | Function)
    assert step.running
    return look_at_bases(site, step.target, step.running, head, checkout=checkout)


def _judged(site: Site, steps: Sequence[Step], *, waits: bool) -> tuple[tuple[Judged, ...], list[str]]:
    """What runs of these targets, judged by today's findings; and what kept it from being judged.

    Unless it `waits`, each scan is read once, however old it is.
    """
    if not steps:
        return (), []
    rules = read_rules(site.clients, site.project.gate)
    if not waits:
        rules = replace(rules, policy=rules.policy._replace(timeout=0.0, max_age=ANY_AGE_S))
    try:
        return judge_running(_only(site, {step.target.name for step in steps}), rules).rows, []
    except GateInconclusive as error:
        return (), [f"{error.what}: {error.why}"]


def _only(site: Site, names: set[str]) -> Site:
    project: Project = site.project._replace(
        services=tuple(one for one in site.project.services if one.name in names),
        functions=tuple(one for one in site.project.functions if one.name in names),
    )
    return Site(project, site.clients, site.environment, site.kept_chart)


def _over_the_policy(rows: Sequence[Judged]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(one for row in rows if row.verdict.outcome == "blocked" for one in row.verdict.blocking))


def _fixes(findings: Sequence[Finding]) -> tuple[Reason, ...]:
    """Reasons by findings with a fix that a build may bring; where the scan does not say, there is none."""
    fixable = [one for one in findings if one.fixable and not one.is_library]
    reasons = [fix_reason(one) for one in fixable[:MAX_REASONS]]
    if (more := len(fixable) - MAX_REASONS) > 0:
        reasons.append(Reason(rule=f"{REBUILD.rule}: {more} more findings that have a fix"))
    return tuple(reasons)


def _without_effect(findings: Sequence[Finding]) -> Iterator[str]:
    """The findings that a build of the same files brings again, in words, and why.

    Each night would build them anew, and the gate would stop that, with whatever is to be done beside it.
    """
    if without := _names(one for one in findings if not one.fixable):
        yield f"{few_names(without)} over the policy, for which no fix is known"
    if libraries := _names(one for one in findings if one.fixable and one.is_library):
        yield (
            f"{few_names(libraries)} over the policy in libraries of Java, whose fix is another version: raise it "
            "where it is named, such as the pom"
        )


def _names(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.name for one in findings))


def _nothing_to_rebuild(steps: Sequence[Step], found: _Looked) -> str:
    """That there is nothing, and what was looked at."""
    bases = f" ({few_names(found.bases)})" if found.bases else ""
    sure = "is known to be to rebuild" if found.doubts else "to rebuild"
    return (
        f"nothing {sure}: of {len(steps)} unchanged targets no base image has moved{bases}, and none of their "
        f"{found.images} images that run has a finding over the policy with a fix"
    )

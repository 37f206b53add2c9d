"""The reasons of a rebuild, and the plan with them.

There are two kinds. An image on a base that has moved has another key, so one with that key in the registry is as good
as a build. A fix of a finding comes with what a build downloads, which no key says: it is always built.
"""

from collections.abc import Collection, Mapping

from erp_build.changes.make_plan import REBUILD, REMOVED
from erp_build.model.images.finding import Finding
from erp_build.model.plan import Plan, Reason, Step

SHOWN_OF_DIGEST = len("sha256:") + 12

OF_BASE = f"{REBUILD.rule}: base "
"""How the reason begins of what is built on the bases of now."""

BASES_OF_NOW = Reason(rule=f"{OF_BASE}images of now, as the plan says")
"""The reason of a saved plan's run: why a base counted, that plan has said."""


def moved_reason(name: str, before: str, now: str) -> Reason:
    """That a base image is another one by now; `before` is empty where the image does not say on which it was built."""
    came = f"from {before[:SHOWN_OF_DIGEST]} " if before else ""
    return Reason(rule=f"{OF_BASE}{name} moved {came}to {now[:SHOWN_OF_DIGEST]}")


def fix_reason(finding: Finding) -> Reason:
    """That a finding of what runs has a fix."""
    fixed = f"fixed in {finding.fixed_in}" if finding.fixed_in else "which has a fix"
    return Reason(rule=f"{REBUILD.rule}: {finding}, {finding.severity}, {fixed}")


def is_rebuilt(step: Step) -> bool:
    """Whether a target is built although its files need not have changed."""
    return any(reason.rule.startswith(REBUILD.rule) for reason in step.because)


def is_built_anew(step: Step) -> bool:
    """Whether a target is built even where an image of its key is in the registry."""
    return any(reason.rule.startswith(REBUILD.rule) and not reason.rule.startswith(OF_BASE) for reason in step.because)


def with_rebuilds(plan: Plan, because: Mapping[str, tuple[Reason, ...]]) -> Plan:
    """The plan with these targets built as well, each for its reasons; one whose directory is gone is left alone."""
    return plan._replace(steps=tuple(_rebuilt(step, because.get(step.target.name, ())) for step in plan.steps))


def named_again(plan: Plan | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The targets that a plan builds anew, and those that it builds on the bases of now: what a saved plan repeats."""
    steps = plan.steps if plan else ()
    anew = [step.target.name for step in steps if is_built_anew(step)]
    return tuple(anew), tuple(step.target.name for step in steps if is_rebuilt(step) and step.target.name not in anew)


def on_bases_of_now(names: Collection[str]) -> dict[str, tuple[Reason, ...]]:
    """The reasons of the targets that a saved plan builds on the bases of now."""
    return dict.fromkeys(names, (BASES_OF_NOW,))


def _rebuilt(step: Step, because: tuple[Reason, ...]) -> Step:
    if not because or any(reason.rule.startswith(REMOVED) for reason in step.because):
        return step
    changed = step.because if step.action == "build" else ()
    # Who has named it comes first.
    first = (REBUILD,) if REBUILD in changed else ()
    others = tuple(reason for reason in changed if reason != REBUILD)
    return step._replace(action="build", because=(*first, *because, *others))

"""Makes the plan from changes and live state: for each target one action, and why."""

from collections.abc import Collection, Sequence

from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.plan import Action, LiveState, Plan, Reason, Running, Step
from erp_build.model.project import Function, Project, Service, Target
from erp_build.model.stages.stage import stage

REMOVED = "removed"
"""How the reason begins why a target is left alone whose directory is gone."""

EVERY_NAME = "*"
"""The name that stands for every service and function."""

REBUILD = Reason(rule="--rebuild")
"""Why a target is built although nothing of it has changed, and although its content has an image."""


@stage("nothing", keeps="plan")
def make_plan(project: Project, changes: ChangeSet, live: LiveState, *, rebuild: Collection[str] = ()) -> Plan:
    """Decide an action for each target.

    A changed service or function is built. A changed chart redeploys every service that is not built, with the image
    that runs; so does a rollout that is not complete, and an edit by hand. The targets named in `rebuild` are built in
    any case.
    """
    by_target = {baseline.target: baseline for baseline in changes.baselines}
    chart_reasons = _reasons(project.chart, by_target[project.chart.name], changes)
    chart_reasons += tuple(Reason(rule=text) for text in live.chart_edits)
    steps = [
        _image_step(target, by_target[target.name], changes, live.running.get(target.name), chart_reasons)
        for target in project.image_targets
    ]
    steps = [_rebuilt(step) if step.target.name in rebuild else step for step in steps]
    chart = Step(
        target=project.chart,
        action="redeploy" if chart_reasons else "none",
        baseline=by_target[project.chart.name],
        because=chart_reasons,
    )
    return Plan(head=changes.head, steps=(*steps, chart), unowned=changes.unowned, warnings=changes.warnings)


def names_to_rebuild(project: Project, given: Sequence[str] | None) -> tuple[str, ...]:
    """The targets that `--rebuild` names; `*` stands for every target with an image, None for none."""
    names = {target.name: None for target in project.image_targets}
    for name in given or ():
        if name not in names and name != EVERY_NAME:
            raise ConfigurationError(
                f"--rebuild {name}: there is no such service or function",
                where="the command line",
                next_step=did_you_mean(name, names, f"one of: {', '.join(names)}"),
            )
    return tuple(names) if EVERY_NAME in (given or ()) else tuple(dict.fromkeys(given or ()))


def _rebuilt(step: Step) -> Step:
    if any(reason.rule.startswith(REMOVED) for reason in step.because):
        return step
    changed = step.because if step.action == "build" else ()
    return step._replace(action="build", because=(REBUILD, *changed))


def _image_step(
    target: Service | Function,
    baseline: Baseline,
    changes: ChangeSet,
    running: Running | None,
    chart_reasons: tuple[Reason, ...],
) -> Step:
    action: Action = "none"
    if target.name in changes.removed:
        because: tuple[Reason, ...] = (Reason(rule=f"{REMOVED}: {target.path} is not in {changes.head[:12]}"),)
    elif because := _reasons(target, baseline, changes):
        action = "build"
    elif because := _redeploy_reasons(target, running, chart_reasons):
        # A function has no release that could be redeployed, so a function in trouble is built again.
        action = "build" if isinstance(target, Function) else "redeploy"
    return Step(target=target, action=action, baseline=baseline, because=because, running=running)


def _reasons(target: Target, baseline: Baseline, changes: ChangeSet) -> tuple[Reason, ...]:
    if baseline.commit is None:
        return (Reason(rule=f"no baseline: {baseline.because}"),)
    return tuple(Reason(path=change.path, rule=change.rule) for change in changes.changes.get(target.name, ()))


def _redeploy_reasons(
    target: Service | Function, running: Running | None, chart_reasons: tuple[Reason, ...]
) -> tuple[Reason, ...]:
    trouble = (Reason(rule=f"not healthy: {running.trouble}"),) if running and running.trouble else ()
    chart = tuple(Reason(path=reason.path, rule=f"chart: {reason.rule}") for reason in chart_reasons)
    return trouble if isinstance(target, Function) else trouble + chart

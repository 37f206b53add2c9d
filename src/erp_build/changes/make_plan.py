"""Makes the plan from changes and live state: for each target one action, and why."""

from collections.abc import Collection, Sequence

from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.choice import EVERYTHING, Choice
from erp_build.model.plan import EDITED, LEFT_OUT, Action, LiveState, Plan, Reason, Running, Step
from erp_build.model.project import Chart, Function, Project, Service, Target
from erp_build.model.stages.stage import stage

REMOVED = "removed"
"""How the reason begins why a target is left alone whose directory is gone."""

OF_CHART = "chart: "
"""How a reason begins that a service has only because its chart is deployed."""

NOT_HEALTHY = "not healthy: "
"""How the reason begins why something is deployed again that has not changed."""

EVERY_NAME = "*"
"""The name that stands for every service and function."""

WHAT_IS_STALE = "?"
"""The name that stands for what a look at what runs finds: `--rebuild` without a name."""

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
    # There is one, or none where a function is deployed by itself.
    charts = [_chart_step(chart, by_target[chart.name], changes, live) for chart in project.charts]
    chart_reasons = charts[0].because if charts else ()
    steps = [
        _image_step(target, by_target[target.name], changes, live.running.get(target.name), chart_reasons)
        for target in project.image_targets
    ]
    steps = [_rebuilt(step) if step.target.name in rebuild else step for step in steps]
    return Plan(head=changes.head, steps=(*steps, *charts), unowned=changes.unowned, warnings=changes.warnings)


def choose(plan: Plan, choice: Choice) -> Plan:
    """The plan with only what was chosen; every other target stays as it runs, and says which option leaves it out.

    A chart that is deployed renders every service of its release: one that was not chosen is deployed again with the
    image that it runs. A chart that was not chosen redeploys nothing.
    """
    if choice.is_everything:
        return plan
    charts = [step for step in plan.steps if isinstance(step.target, Chart) and choice.has(step.target.name)]
    by_chart = charts[0].because if charts and charts[0].action != "none" else ()
    steps = (_chosen(step, choice.left_out_by(step.target.name), by_chart) for step in plan.steps)
    return plan._replace(steps=tuple(steps))


def without_chart(step: Step) -> Step:
    """Drop a redeployment that only the chart caused, where the chart is not deployed."""
    own = tuple(reason for reason in step.because if not reason.rule.startswith(OF_CHART))
    if step.action != "redeploy" or (own and step.chosen):
        return step
    return step._replace(action="none", because=own)


def with_repairs(plan: Plan) -> Plan:
    """The plan with a warning for what was edited by hand, was not chosen, and is repaired all the same.

    Helm compares its objects with the cluster at every upgrade, and takes such an edit back.
    """
    if not plan.upgrades_release:
        return plan
    texts = [
        (step.target.name, reason.rule.removeprefix(NOT_HEALTHY))
        for step in plan.steps
        if step.is_left_out
        for reason in step.because
    ]
    said = [
        f"{name} is left out, but the upgrade of its release repairs what was {text}"
        for name, text in texts
        if text.startswith(EDITED)
    ]
    return plan._replace(warnings=(*plan.warnings, *said))


def _chosen(step: Step, option: str, by_chart: tuple[Reason, ...]) -> Step:
    if not option:
        return step if by_chart or isinstance(step.target, Chart) else without_chart(step)
    step = step._replace(chosen=False)
    own = tuple(reason for reason in step.because if not reason.rule.startswith(OF_CHART))
    if any(reason.rule.startswith(REMOVED) for reason in own):
        return step
    left_out = (Reason(rule=f"{LEFT_OUT} {option}"), *own) if own else ()
    if by_chart and isinstance(step.target, Service) and step.running:
        return step._replace(action="redeploy", because=(*left_out, *map(_of_chart, by_chart)))
    return step._replace(action="none", because=left_out)


def names_to_rebuild(project: Project, given: Sequence[str] | None, choice: Choice = EVERYTHING) -> tuple[str, ...]:
    """The targets that `--rebuild` names; `*` stands for every chosen target with an image, None for none.

    What a look at what runs finds has no name yet; see `asks_what_is_stale`.
    """
    named = require_names(
        project, "--rebuild", [name for name in given or () if name not in (EVERY_NAME, WHAT_IS_STALE)]
    )
    for name in named:
        if option := choice.left_out_by(name):
            raise ConfigurationError(
                f"--rebuild {name}: {option} leaves it out",
                where="the command line",
                next_step="choose it as well, or do not name it",
            )
    wanted = [target.name for target in project.image_targets] if EVERY_NAME in (given or ()) else named
    return tuple(filter(choice.has, wanted))


def asks_what_is_stale(given: Sequence[str] | None) -> bool:
    """Whether `--rebuild` was given without a name: what runs tells which targets are to be built anew."""
    return WHAT_IS_STALE in (given or ())


def require_names(project: Project, option: str, given: Sequence[str]) -> tuple[str, ...]:
    """The names that an option gives, each once; raises `ConfigurationError` for what is no service or function."""
    names = [target.name for target in project.image_targets]
    for name in given:
        if name not in names:
            raise ConfigurationError(
                f"{option} {name}: there is no such service or function",
                where="the command line",
                next_step=did_you_mean(name, names, f"one of: {', '.join(names)}"),
            )
    return tuple(dict.fromkeys(given))


def _rebuilt(step: Step) -> Step:
    if any(reason.rule.startswith(REMOVED) for reason in step.because):
        return step
    changed = step.because if step.action == "build" else ()
    return step._replace(action="build", because=(REBUILD, *changed))


def _chart_step(chart: Chart, baseline: Baseline, changes: ChangeSet, live: LiveState) -> Step:
    because = (*_reasons(chart, baseline, changes), *(Reason(rule=text) for text in live.chart_edits))
    return Step(target=chart, action="redeploy" if because else "none", baseline=baseline, because=because)


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
    trouble = (Reason(rule=f"{NOT_HEALTHY}{running.trouble}"),) if running and running.trouble else ()
    return trouble if isinstance(target, Function) else (*trouble, *map(_of_chart, chart_reasons))


def _of_chart(reason: Reason) -> Reason:
    return Reason(path=reason.path, rule=f"{OF_CHART}{reason.rule}")

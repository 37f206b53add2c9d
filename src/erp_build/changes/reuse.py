"""Reuse: a target whose content has an image already is not built, and not deployed if that image runs."""

from erp_build.changes.content_key import KEY_TAG, content_key
from erp_build.changes.detect import warning_of
from erp_build.changes.rules import Rules, ignore_of
from erp_build.clients.site import Site
from erp_build.model.plan import LiveState, Plan, Reason, Step
from erp_build.model.project import Chart, Service
from erp_build.model.source_file import SourceFile
from erp_build.model.stage import stage


@stage("reads only: Git, ECR", keeps="plan")
def find_reusable(site: Site, plan: Plan, live: LiveState) -> Plan:
    """Give every step its content key, and turn a build into `reuse`, or into `none` where this very image runs.

    Without `.git` there is no comparison, and only the keys tell what changed. A target with uncommitted files gets no
    key, because the build would use those files and the key would not.
    """
    uncommitted = site.clients.repository.uncommitted()
    plan = plan._replace(warnings=(*plan.warnings, *warning_of(uncommitted)))
    if plan.is_empty:
        return plan
    rules = Rules(site.project, ignore_of(site.project))
    keys = content_keys(site, rules, plan.head)
    keys.update(dict.fromkeys(rules.touched(uncommitted), ""))
    steps = tuple(_with_key(site, step, keys[step.target.name], live) for step in plan.steps)
    chart = steps[-1]
    if chart.action == "none" and plan.steps[-1].action != "none":
        steps = tuple(_without_chart(step) for step in steps)
    if chart.action != "none":
        steps = tuple(_with_chart(*pair, chart) for pair in zip(plan.steps, steps, strict=True))
    return plan._replace(steps=steps)


def content_keys(site: Site, rules: Rules, head: str) -> dict[str, str]:
    """The key of every target, over exactly those files that the rules give to it."""
    files = {target.name: list[SourceFile]() for target in site.project.targets}
    for file in site.clients.repository.source_files(head):
        for name in rules.owners(file.path):
            files[name].append(file)
    return {target.name: content_key(target, files[target.name], site.project.build) for target in site.project.targets}


def _with_key(site: Site, step: Step, key: str, live: LiveState) -> Step:
    step = step._replace(key=key)
    if step.action == "none" or not key:
        return step
    if isinstance(step.target, Chart):
        same = step.action == "redeploy" and step.baseline.commit is None and live.chart_key == key
        why = Reason(rule=f"same content as the deployed chart (key {key[:12]})")
        return step._replace(action="none", because=(why,)) if same else step
    if step.action != "build":
        return step
    image = site.clients.registry.stored(site.repository(step.target), f"{KEY_TAG}{key}")
    if image is None:
        return step
    running = step.running
    if running and running.digest == image.digest and running.tag_or_digest and not running.trouble:
        return step._replace(action="none", because=(Reason(rule=f"same content as what runs (key {key[:12]})"),))
    return step._replace(action="reuse", image=image, because=(*step.because, Reason(rule=f"in ECR (key {key[:12]})")))


def _with_chart(before: Step, step: Step, chart: Step) -> Step:
    """Redeploy a service that runs its content already, if the chart is deployed, like all other services.

    An upgrade may replace its pods, so its image must pass the gate and be verified as well.
    """
    if not isinstance(step.target, Service) or before.action == step.action or step.action != "none":
        return step
    because = tuple(Reason(path=reason.path, rule=f"chart: {reason.rule}") for reason in chart.because)
    return step._replace(action="redeploy", because=because)


def _without_chart(step: Step) -> Step:
    """Drop a redeployment that only the chart caused, after the chart turned out to be unchanged."""
    if step.action != "redeploy" or not all(reason.rule.startswith("chart: ") for reason in step.because):
        return step
    return step._replace(action="none", because=())

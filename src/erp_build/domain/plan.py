"""The plan: for each target one action, and why."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from erp_build.domain.project import Chart, Function, Project, Service, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erp_build.domain.changes import Baseline, ChangeSet
    from erp_build.domain.image import StoredImage
    from erp_build.domain.release import Revision

Action = Literal["build", "reuse", "redeploy", "none"]


class Running(NamedTuple):
    """What runs of a target now; `commit` is None when the image does not say, `trouble` is empty when all is well."""

    target: str
    repository: str
    tag: str
    digest: str
    commit: str | None = None
    trouble: str = ""

    @property
    def tag_or_digest(self) -> str:
        """How the deployment names the image."""
        return self.tag or self.digest


class LiveState(NamedTuple):
    """What runs now, read from the cluster and from Lambda.

    Attributes:
        running: target name -> what runs of it; a target that does not run at all is missing.
        revision: the newest revision of the release, None before the first.
        chart_commit: the commit whose chart is deployed, None when the release does not say.
        chart_key: the content key of that chart, empty when the release does not say.
    """

    running: Mapping[str, Running] = MappingProxyType({})
    revision: Revision | None = None
    chart_commit: str | None = None
    chart_key: str = ""


class Reason(NamedTuple):
    """Why a target has its action; `path` is None where no single file is the cause."""

    rule: str
    path: str | None = None


class Step(NamedTuple):
    """One target of the plan.

    Attributes:
        target, action, because: what is done with it, and why.
        baseline: what it was compared with.
        running: what runs of it now; None: nothing, or not looked at.
        key: its content key; empty: not looked at, or the checkout is not the commit.
        image: for `reuse`, the image in the registry that has this key.
    """

    target: Target
    action: Action
    baseline: Baseline
    because: tuple[Reason, ...] = ()
    running: Running | None = None
    key: str = ""
    image: StoredImage | None = None


class Plan(NamedTuple):
    """What a run does; `tag` is the first seven hex digits of `head`."""

    head: str
    steps: tuple[Step, ...]
    unowned: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The image tag of everything that this plan builds."""
        return self.head[:7]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return all(step.action == "none" for step in self.steps)

    @property
    def builds(self) -> tuple[Step, ...]:
        """The steps that need an image."""
        return tuple(step for step in self.steps if step.action == "build")

    @property
    def reuses(self) -> tuple[Step, ...]:
        """The steps whose image is in the registry already, under another tag."""
        return tuple(step for step in self.steps if step.action == "reuse")

    @property
    def redeploys(self) -> tuple[Step, ...]:
        """The services that are deployed again with the image that they run."""
        return tuple(step for step in self.steps if step.action == "redeploy" and not isinstance(step.target, Chart))

    @property
    def services(self) -> tuple[Step, ...]:
        """All steps of EKS services, unchanged ones too: an upgrade writes the tags of all of them."""
        return tuple(step for step in self.steps if isinstance(step.target, Service))

    @property
    def functions(self) -> tuple[Step, ...]:
        """The steps of Lambda functions that get a new image."""
        return tuple(step for step in (*self.builds, *self.reuses) if isinstance(step.target, Function))

    @property
    def upgrades_for_chart(self) -> bool:
        """Whether the chart itself differs, so that every EKS service is deployed again."""
        return any(step.action != "none" for step in self.steps if isinstance(step.target, Chart))

    @property
    def upgrades_release(self) -> bool:
        """Whether the Helm release gets a new revision."""
        return any(step.action != "none" for step in self.steps if not isinstance(step.target, Function))


def make_plan(project: Project, changes: ChangeSet, live: LiveState) -> Plan:
    """Decide an action for each target.

    A changed service or function is built. A changed chart redeploys every service that is not built, with the image
    that runs; so does a rollout that is not complete.
    """
    by_target = {baseline.target: baseline for baseline in changes.baselines}
    chart_reasons = _reasons(project.chart, by_target[project.chart.name], changes)
    steps = [
        _image_step(target, by_target[target.name], changes, live.running.get(target.name), chart_reasons)
        for target in project.image_targets
    ]
    chart = Step(
        target=project.chart,
        action="redeploy" if chart_reasons else "none",
        baseline=by_target[project.chart.name],
        because=chart_reasons,
    )
    return Plan(head=changes.head, steps=(*steps, chart), unowned=changes.unowned, warnings=changes.warnings)


def _image_step(
    target: Service | Function,
    baseline: Baseline,
    changes: ChangeSet,
    running: Running | None,
    chart_reasons: tuple[Reason, ...],
) -> Step:
    action: Action = "none"
    if target.name in changes.removed:
        because: tuple[Reason, ...] = (Reason(rule=f"removed: {target.path} is not in {changes.head[:12]}"),)
    elif because := _reasons(target, baseline, changes):
        action = "build"
    elif because := _redeploy_reasons(target, running, chart_reasons):
        # A function has no release to redeploy: one in trouble is built and updated again.
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

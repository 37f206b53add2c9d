"""The plan of `build`: it compares with nothing, because the registry alone tells what has an image."""

from collections.abc import Collection

from erp_build.build.needs import require_what_builds_need
from erp_build.changes.make_plan import make_plan
from erp_build.clients.site import Site
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.choice import ONLY
from erp_build.model.plan import LEFT_OUT, LiveState, Plan, Reason, Step
from erp_build.model.project import Chart, Project
from erp_build.model.stages.stage import stage

ASKS_THE_REGISTRY = "`build` asks the registry alone"
"""Why a target has no baseline."""

NOT_NAMED = Reason(rule=f"{LEFT_OUT} {ONLY}")
DEPLOYS_NOTHING = Reason(rule="`build` deploys nothing")


def against_nothing(project: Project, head: str) -> ChangeSet:
    """The changes of a commit that is compared with none."""
    baselines = (
        Baseline(target=target.name, commit=None, source="none", because=ASKS_THE_REGISTRY)
        for target in project.targets
    )
    return ChangeSet(head=head, baselines=tuple(baselines), changes={})


@stage("nothing", keeps="plan")
def plan_images(project: Project, changes: ChangeSet, only: Collection[str], rebuild: Collection[str] = ()) -> Plan:
    """Plan an image for each of some targets; the chart and the other targets are left alone.

    Args:
        project: its targets.
        changes: what `against_nothing` says, with its warnings.
        only: names of services and functions.
        rebuild: those that are built anew although their content has an image.
    """
    plan = make_plan(project, changes, LiveState(), rebuild=rebuild)
    return plan._replace(steps=tuple(_image_alone(step, only) for step in plan.steps))


def _image_alone(step: Step, only: Collection[str]) -> Step:
    if isinstance(step.target, Chart):
        return step._replace(action="none", because=(DEPLOYS_NOTHING,))
    return step if step.target.name in only else step._replace(action="none", because=(NOT_NAMED,))


@stage("reads only: sources, engine, ECR")
def check_builds(site: Site, plan: Plan) -> None:
    """Check what the builds of a plan need: sources, Maven or engine, repositories. Changes nothing."""
    require_what_builds_need(site, plan)

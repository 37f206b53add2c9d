"""Deployment: the functions, then the release with the tags of all its services."""

from collections.abc import Mapping, Sequence

from erp_build.config.environment import Environment
from erp_build.domain.plan import Plan, Step
from erp_build.domain.project import Function, Project, Service
from erp_build.domain.report import Deployment
from erp_build.domain.values import set_tags
from erp_build.domain.verdict import ClearedImage
from erp_build.errors import ReleaseFailed
from erp_build.stages.check import read_values, values_path
from erp_build.stages.functions import update_function
from erp_build.stages.live import release_of
from erp_build.stages.rollout import wait_for_rollout
from erp_build.tools.clock import Deadline
from erp_build.tools.effects import UpgradeRequest
from erp_build.tools.toolbox import Tools


def deploy(
    tools: Tools, project: Project, environment: Environment, plan: Plan, images: Sequence[ClearedImage]
) -> Deployment:
    """Deploy what was cleared, and nothing else. After a failure the journal of effects tells what was moved."""
    cleared = {one.image.target: one for one in images}
    tags = _tags(plan, cleared) if plan.upgrades_release else {}
    for step in plan.functions:
        assert isinstance(step.target, Function)
        image = cleared[step.target.name].image
        update_function(tools, step.target, f"{tools.registry.host()}/{image.repository}@{image.digest}")
    if plan.upgrades_release:
        _upgrade_release(tools, project, environment, plan, tags)
    kept = {step.target.name: step.running.tag for step in plan.services if step.running}
    moved = {step.target.name: plan.tag for step in plan.functions}
    return Deployment(
        tags_before={step.target.name: step.running.tag for step in plan.steps if step.running},
        tags_after={**kept, **tags, **moved},
    )


def _tags(plan: Plan, cleared: Mapping[str, ClearedImage]) -> dict[str, str]:
    """The tag of every service: the cleared image's, or the one that runs, so that none falls back to an old one."""
    return {step.target.name: _tag(step, cleared.get(step.target.name)) for step in plan.services}


def _tag(step: Step, cleared: ClearedImage | None) -> str:
    if cleared:
        return cleared.image.tag
    if step.running is None or not step.running.tag:
        raise ReleaseFailed(
            "a service that is not built runs no tag that could be kept",
            where=step.target.name,
            next_step="let it be built: change it, or run with --base before its last change",
        )
    return step.running.tag


def _description(plan: Plan) -> str:
    """What the revision says of itself, for the next run: the full commit, and the chart's content key."""
    key = plan.steps[-1].key
    return f"erp_build {plan.head}" + (f" chart {key}" if key else "")


def _upgrade_release(
    tools: Tools, project: Project, environment: Environment, plan: Plan, tags: Mapping[str, str]
) -> None:
    path = values_path(tools, project)
    keys = {step.target.values_key: tags[step.target.name] for step in plan.services
            if isinstance(step.target, Service)}  # fmt: skip
    before = read_values(path)
    after = set_tags(before, keys, where=str(path))
    if after != before:
        tools.effects.write_file(path, after)
    for name, tag in tags.items():
        tools.progress.say(f"tag {tag}", name)
    deadline = Deadline(tools.clock, project.chart.timeout)
    tools.effects.upgrade_release(
        UpgradeRequest(
            release=release_of(project, environment),
            chart=tools.repository.root / project.chart.path,
            values=path,
            description=_description(plan),
            timeout=deadline.left,
        )
    )
    wait_for_rollout(tools, project, environment, deadline)

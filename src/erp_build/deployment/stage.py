"""The deployment: write the values file, update the functions, then upgrade the release with all of its tags."""

from collections.abc import Mapping, Sequence

from erp_build.clients.clock import Deadline
from erp_build.clients.effects import UpgradeRequest
from erp_build.clients.site import Site
from erp_build.deployment.lambda_update import update_function
from erp_build.deployment.lock import Lock
from erp_build.deployment.preflight import read_values, values_path
from erp_build.deployment.rollout import wait_for_rollout
from erp_build.deployment.tags import keys_of, release_tags
from erp_build.formats.values_file import set_tags
from erp_build.model.commit import DIRTY
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan
from erp_build.model.project import Function
from erp_build.model.releases.deployment import Deployment
from erp_build.model.stage import stage


@stage("Lambda, values file, Helm", keeps="deployment")
def deploy(
    site: Site,
    plan: Plan,
    images: Sequence[ClearedImage],
    lock: Lock,
) -> Deployment:
    """Deploy the cleared images and nothing else. After a failure the journal of effects tells what has moved."""
    cleared = {one.image.target: one for one in images}
    tags = release_tags(plan, cleared, pin=site.project.chart.pin) if plan.upgrades_release else {}
    functions = [step.target for step in plan.functions if isinstance(step.target, Function)]
    if plan.upgrades_release:
        _write_values(site, plan, tags)
    for function in functions:
        lock.require_held()
        image = cleared[function.name].image
        update_function(site, function, f"{site.clients.registry.host()}/{image.repository}@{image.digest}")
    if plan.upgrades_release:
        lock.require_held()
        _upgrade_release(site, plan, lock)
    kept = {step.target.name: step.running.tag for step in plan.services if step.running}
    moved = {step.target.name: plan.tag_of(step) for step in plan.functions}
    return Deployment(
        tags_after={**kept, **{name: tag.partition("@")[0] for name, tag in tags.items()}, **moved},
    )


def description_of(commit: str, chart_key: str, build: str) -> str:
    """The description of a Helm revision, for the next run and for people: full commit, chart's key, build."""
    return f"erp_build {commit}" + (f" chart {chart_key}" if chart_key else "") + (f" build {build}" if build else "")


def _chart_commit(plan: Plan) -> str:
    """The commit whose chart is deployed; it names none where the checkout's chart is another one."""
    return f"{plan.head}{DIRTY}" if plan.steps[-1].is_dirty else plan.head


def _write_values(site: Site, plan: Plan, tags: Mapping[str, str]) -> None:
    path = values_path(site)
    before = read_values(path)
    after = set_tags(before, keys_of(plan, tags), where=str(path))
    if after != before:
        site.clients.effects.write_file(path, after)
    for name, tag in tags.items():
        site.say(f"tag {tag}", name)


def _upgrade_release(site: Site, plan: Plan, lock: Lock) -> None:
    deadline = Deadline(site.clients.clock, site.project.chart.timeout)
    site.clients.effects.upgrade_release(
        UpgradeRequest(
            release=site.release,
            chart=site.clients.repository.root / site.project.chart.path,
            values=values_path(site),
            description=description_of(_chart_commit(plan), plan.steps[-1].key, lock.build),
            timeout=deadline.left,
        )
    )
    changed = {step.target.name for step in plan.services if step.action != "none"}
    wait_for_rollout(site, deadline, changed)

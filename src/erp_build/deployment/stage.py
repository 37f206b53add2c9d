"""The deployment: write the values file, update the functions, then upgrade the release with all of its tags.

After the proof the tags go back to Git, if that is configured.
"""

from collections.abc import Mapping, Sequence

from erp_build.clients.clock import Deadline
from erp_build.clients.effects import EditRequest, UpgradeRequest
from erp_build.clients.machine.parallel import act_at_once
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import read_values
from erp_build.deployment.lambda_update import update_function
from erp_build.deployment.lock import Lock
from erp_build.deployment.preflight import below_of, values_path
from erp_build.deployment.rollout.changed import Manifest, changed_workloads
from erp_build.deployment.rollout.wait import wait_for_rollout
from erp_build.deployment.tags import keys_of, release_tags, shortened
from erp_build.errors import ErpBuildError, Locked
from erp_build.formats.printable import few_names
from erp_build.formats.values.file import set_tags
from erp_build.model.commit import DIRTY
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan
from erp_build.model.project import Function
from erp_build.model.releases.deployment import Deployment, Watched
from erp_build.model.releases.preview import Preview
from erp_build.model.stages.stage import stage

FUNCTIONS_AT_ONCE = 8
"""Updates that are under way at the same time. Lambda takes 15 requests a second that change something, and an update
with its version and alias is three of them, over some seconds."""

SKIP_CI_MARK = "[skip ci]"
"""GitHub and CodeBuild's webhooks skip such a commit. A run that starts nevertheless finds no change."""


@stage("Lambda, values file, Helm", keeps="deployment")
def deploy(site: Site, plan: Plan, images: Sequence[ClearedImage], lock: Lock, preview: Preview) -> Deployment:
    """Deploy the cleared images and nothing else. After a failure the journal of effects tells what has moved.

    The release names its images by digest, unless the checks before the build found a reason against it.
    """
    cleared = {one.image.target: one for one in images}
    tags = release_tags(plan, cleared, pin=not preview.by_tag) if plan.upgrades_release else {}
    functions = [step.target for step in plan.functions if isinstance(step.target, Function)]
    # Read before anything moves: what the upgrade changes is what differs from it.
    former = site.clients.helm.manifest(site.release) if plan.upgrades_release else ()
    if plan.upgrades_release:
        _write_values(site, plan, tags)
    act_at_once(lambda one: _update(site, one, cleared[one.name].image), functions, FUNCTIONS_AT_ONCE)
    watched, changed = _upgrade_release(site, plan, lock, former) if plan.upgrades_release else ((), ())
    kept = {step.target.name: step.running.tag for step in plan.services if step.running}
    moved = {step.target.name: plan.tag_of(step) for step in plan.functions}
    upgraded = {name: tag.partition("@")[0] for name, tag in tags.items()}
    return Deployment(tags_after={**kept, **upgraded, **moved}, values_tags=tags, watched=watched, changed=changed)


def _update(site: Site, function: Function, image: BuiltImage) -> None:
    update_function(site, function, f"{site.clients.registry.host()}/{image.repository}@{image.digest}")


@stage("the branch, if configured")
def write_back(site: Site, plan: Plan, deployment: Deployment) -> None:
    """Commit the tags to the configured branch. A failure is reported; the deployment stands."""
    if site.project.deploy.write_back != "branch" or not plan.upgrades_release:
        return
    tags = keys_of(plan, deployment.values_tags)
    path = f"{site.project.chart.path}/{site.project.chart.values}"
    request = EditRequest(
        branch=site.project.deploy.branch,
        path=path,
        change=lambda content: set_tags(content, tags, where=path, create=True),
        message=_message(plan),
    )
    try:
        commit = site.clients.effects.edit_branch(request)
    except Locked:
        raise
    except ErpBuildError as error:
        site.say(f"warning: {error.what}: {error.why}")
        return
    site.say(
        f"tags written back to {request.branch} as {commit[:12]}" if commit else "the branch already has these tags"
    )


def _message(plan: Plan) -> str:
    left_out = f", without {few_names(plan.left_out)}" if plan.left_out else ""
    return (
        f"Deploy {plan.tag}{' in part' if left_out else ''} {SKIP_CI_MARK}\n\n"
        f"Written by erp_build after the deployment of {plan.head}{left_out}.\n"
    )


def description_of(commit: str, chart_key: str, build: str, apart: str = "") -> str:
    """The description of a Helm revision, for the next run and for people.

    Args:
        commit: the full commit that its chart is of.
        chart_key: the chart's content key.
        build: who deployed it.
        apart: which services are not of that commit, in words; empty: none that the run knows of.
    """
    parts = (("chart", chart_key), ("build", build), ("", apart))
    return " ".join([f"erp_build {commit}", *(f"{name} {text}".strip() for name, text in parts if text)])


def _description(site: Site, plan: Plan, build: str) -> str:
    """The description of what a plan deploys: it claims no commit for what the run leaves out."""
    chart = plan.steps[-1]
    if kept := site.kept_chart:
        moved = [step.target.name for step in plan.services if step.action in ("build", "reuse")]
        apart = f"with {few_names(moved)} of {plan.tag}" if moved else ""
        return description_of(kept.commit, kept.key, build, apart)
    # It names no commit where the checkout's chart is another one.
    commit = f"{plan.head}{DIRTY}" if chart.is_dirty else plan.head
    left_out = [step.target.name for step in plan.services if step.is_left_out]
    return description_of(commit, chart.key, build, f"without {few_names(left_out)}" if left_out else "")


def _write_values(site: Site, plan: Plan, tags: Mapping[str, str]) -> None:
    path = values_path(site)
    before = read_values(path)
    after = set_tags(before, keys_of(plan, tags), where=str(path), create=True)
    if after != before:
        site.clients.effects.write_file(path, after)
    for name, tag in tags.items():
        site.say(f"tag {shortened(tag)}", name)


def _upgrade_release(
    site: Site, plan: Plan, lock: Lock, former: Manifest
) -> tuple[tuple[Watched, ...], tuple[str, ...]]:
    """Upgrade the release, and wait for all that it changed; `former` are the objects of the revision before.

    Returns what was watched, and the names of the changed Deployments.
    """
    deadline = Deadline(site.clients.clock, site.project.chart.timeout)
    request = UpgradeRequest(
        release=site.release,
        chart=site.chart_root / site.project.chart.path,
        values=values_path(site),
        below=below_of(site),
        description=_description(site, plan, lock.build),
        timeout=deadline.left,
    )
    site.clients.effects.upgrade_release(request)
    also = changed_workloads(former, site.clients.helm.manifest(site.release), site.release.namespace)
    changed = {step.target.name for step in plan.services if step.action != "none"}
    deployments = tuple(one.name for one in also if one.is_own_deployment)
    return wait_for_rollout(site, deadline, changed, also), deployments

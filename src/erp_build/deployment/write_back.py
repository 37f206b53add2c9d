"""Write the deployed tags back to Git: one commit on the branch that edits the values file."""

from erp_build.clients.effects import EditRequest
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError
from erp_build.formats.values_file import set_tags
from erp_build.model.plan import Plan
from erp_build.model.releases.deployment import Deployment
from erp_build.model.stage import stage

SKIP_CI_MARK = "[skip ci]"
"""GitHub and CodeBuild's webhooks skip such a commit. A run that starts nevertheless finds no change."""


@stage("the branch, if configured")
def write_back(site: Site, plan: Plan, deployment: Deployment) -> None:
    """Commit the tags to the configured branch. A failure is reported; the deployment stands."""
    if site.project.deploy.write_back != "branch" or not plan.upgrades_release:
        return
    tags = {service.values_key: deployment.tags_after[service.name] for service in site.project.services
            if deployment.tags_after.get(service.name)}  # fmt: skip
    path = f"{site.project.chart.path}/{site.project.chart.values}"
    request = EditRequest(
        branch=site.project.deploy.branch,
        path=path,
        change=lambda content: set_tags(content, tags, where=path),
        message=f"Deploy {plan.tag} {SKIP_CI_MARK}\n\nWritten by erp_build after the deployment of {plan.head}.\n",
    )
    try:
        commit = site.clients.effects.edit_branch(request)
    except ErpBuildError as error:
        site.say(f"warning: {error.what}: {error.why}")
        return
    site.say(
        f"tags written back to {request.branch} as {commit[:12]}" if commit else "the branch already has these tags"
    )

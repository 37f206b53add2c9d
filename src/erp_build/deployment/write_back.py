"""The tags that run, written back to Git: one commit with the edit of the values file, on top of the branch."""

from erp_build.clients.effects import EditRequest
from erp_build.clients.protocols import Tools
from erp_build.errors import ErpBuildError
from erp_build.formats.values_file import set_tags
from erp_build.model.plan import Plan
from erp_build.model.project import Project
from erp_build.model.releases.deployment import Deployment

MARK = "[skip ci]"
"""GitHub and CodeBuild's webhooks pass over a commit that says so; a run that starts nevertheless finds no change."""


def write_back(tools: Tools, project: Project, plan: Plan, deployment: Deployment) -> None:
    """Commit the tags to the configured branch; a failure is said, and what was deployed stands."""
    if project.deploy.write_back != "branch" or not plan.upgrades_release:
        return
    tags = {service.values_key: deployment.tags_after[service.name] for service in project.services
            if deployment.tags_after.get(service.name)}  # fmt: skip
    path = f"{project.chart.path}/{project.chart.values}"
    request = EditRequest(
        branch=project.deploy.branch,
        path=path,
        change=lambda content: set_tags(content, tags, where=path),
        message=f"Deploy {plan.tag} {MARK}\n\nWritten by erp_build after the deployment of {plan.head}.\n",
    )
    try:
        commit = tools.effects.edit_branch(request)
    except ErpBuildError as error:
        tools.progress.say(f"warning: {error.what}: {error.why}")
        return
    tools.progress.say(
        f"tags written back to {request.branch} as {commit[:12]}" if commit else "the branch has these tags"
    )

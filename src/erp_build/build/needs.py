"""What builds need, checked before the first of them: sources, Maven, engine, and a repository for each image."""

from erp_build.clients.site import Site
from erp_build.errors import PushFailed
from erp_build.model.plan import Plan
from erp_build.model.project import Function, Service


def require_what_builds_need(site: Site, plan: Plan) -> None:
    """Raise `BuildFailed` where something cannot be built here, or `PushFailed` where a repository is missing."""
    targets = tuple(step.target for step in plan.builds if isinstance(step.target, Service | Function))
    site.clients.assembly.require_buildable(targets)
    wanted = [site.repository(target) for target in targets]
    if missing := site.clients.registry.missing_repositories(wanted):
        raise PushFailed(
            f"{len(missing)} repositories do not exist",
            where=f"ECR, account {site.environment.account}, {site.environment.region}",
            why="\n".join(missing),
            next_step=f"aws ecr create-repository --repository-name {missing[0]}, or correct `repository` "
            "in erp-build.toml",
        )

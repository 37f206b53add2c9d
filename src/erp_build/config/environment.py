"""The environment of a run: six parameters of Parameter Store, checked."""

from collections.abc import Mapping

from erp_build.config.grammar import NAMES
from erp_build.errors import ConfigurationError
from erp_build.model.environment import Environment
from erp_build.model.project import Project

PARAMETER_RULES = {
    "account-id": "account",
    "region": "region",
    "eks/cluster-name": "cluster",
    "ecr/repository-prefix": "repository",
    "project-name": "plain name",
    "environment": "plain name",
}
"""Parameter -> rule of its value (`config.grammar`). The last two become parts of names."""


def parameter_names(prefix: str) -> tuple[str, ...]:
    """The full names of the six parameters."""
    return tuple(f"{prefix}/{name}" for name in PARAMETER_RULES)


def make_environment(prefix: str, found: Mapping[str, str], *, account: str, region: str) -> Environment:
    """Check the six values and compare them with the caller's own account and region.

    Args:
        prefix: of the parameters, such as `/erp/dev`.
        found: full name -> value, as Parameter Store has it.
        account: of the caller, 12 digits, from STS.
        region: that the AWS clients use.

    All missing parameters are named at once.
    """
    if missing := [name for name in parameter_names(prefix) if name not in found]:
        raise ConfigurationError(
            f"{len(missing)} of {len(PARAMETER_RULES)} parameters are missing",
            where=f"Parameter Store, {region}, account {account}",
            why="\n".join(missing),
            next_step="aws ssm put-parameter --type String --name NAME --value VALUE, or correct `parameters` "
            "in erp-build.toml",
        )
    values = {name: found[f"{prefix}/{name}"] for name in PARAMETER_RULES}
    for name, rule in PARAMETER_RULES.items():
        if not NAMES[rule].accepts(values[name]):
            raise ConfigurationError(
                "a parameter has an unusable value",
                where=f"{prefix}/{name}",
                why=f"it must be {NAMES[rule].words}, without spaces or a line end; it is {values[name]!r}",
                next_step="put the parameter again with --overwrite",
            )
    _compare(f"{prefix}/account-id", values["account-id"], account, "the caller's account")
    _compare(f"{prefix}/region", values["region"], region, "this session's region")
    return Environment(
        account=account,
        region=region,
        cluster=values["eks/cluster-name"],
        repository_prefix=values["ecr/repository-prefix"],
        project_name=values["project-name"],
        name=values["environment"],
    )


def require_repositories(project: Project, environment: Environment) -> None:
    """Raise `ConfigurationError` where a repository, by default the name of its target, cannot be one of ECR."""
    for target in project.image_targets:
        repository = environment.repository(target.repository)
        if not NAMES["repository"].accepts(repository):
            raise ConfigurationError(
                f"{target.name} has no repository that ECR can have",
                where=f"`repository` of {target.name} in {project.config_path or 'erp-build.toml'}",
                why=f"{repository} must be {NAMES['repository'].words}",
                next_step='write repository = "..." for it',
            )


def _compare(parameter: str, stated: str, real: str, meaning: str) -> None:
    if stated != real:
        raise ConfigurationError(
            f"{parameter} does not fit {meaning}",
            where=parameter,
            why=f"the parameter says {stated}, {meaning} is {real}",
            next_step="sign in to the right account and region, or correct the parameter",
        )

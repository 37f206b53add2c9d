"""Settings: the six parameters, checked against the account and region that really answer."""

from erp_build.clients.protocols import Tools
from erp_build.config.environment import make_environment, parameter_names
from erp_build.model.environment import Environment
from erp_build.model.project import Project


def read_environment(tools: Tools, project: Project) -> Environment:
    """Read the environment from Parameter Store; raises `ConfigurationError` that names everything missing at once."""
    account = tools.identity.account()
    found = tools.parameters.read(parameter_names(project.parameters))
    environment = make_environment(project.parameters, found, account=account, region=tools.identity.region)
    tools.progress.say(
        f"account {account}, {environment.region}, cluster {environment.cluster} (from {project.parameters})"
    )
    return environment

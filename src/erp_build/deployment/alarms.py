"""The alarms of CloudWatch behind a deployment."""

from erp_build.clients.protocols import Tools
from erp_build.errors import ErpBuildError
from erp_build.model.environment import Environment
from erp_build.model.project import Project
from erp_build.model.releases.deployment import Alarm


def read_alarms(tools: Tools, project: Project, environment: Environment) -> tuple[Alarm, ...]:
    """The states of the project's alarms; what may not be read is said and fails nothing."""
    prefix = project.deploy.alarms or f"{environment.project_name}-{environment.name}-"
    try:
        alarms = tools.alarms.states(prefix)
    except ErpBuildError as error:
        tools.progress.say(f"alarms {prefix}* are not read: {error.what} {error.why}")
        return ()
    for alarm in alarms:
        if alarm.state == "ALARM":
            tools.progress.say(f"warning: alarm {alarm.name} is on")
    return alarms

"""The alarms of CloudWatch behind a deployment."""

from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError
from erp_build.model.releases.deployment import Alarm
from erp_build.model.stage import stage


@stage("reads only: CloudWatch", keeps="alarms")
def read_alarms(site: Site) -> tuple[Alarm, ...]:
    """Read the states of the project's alarms. Alarms that cannot be read are reported and fail nothing."""
    prefix = site.project.deploy.alarms or f"{site.environment.project_name}-{site.environment.name}-"
    try:
        alarms = site.clients.alarms.states(prefix)
    except ErpBuildError as error:
        site.say(f"alarms {prefix}* cannot be read: {error.what} {error.why}")
        return ()
    for alarm in alarms:
        if alarm.state == "ALARM":
            site.say(f"warning: alarm {alarm.name} is on")
    return alarms

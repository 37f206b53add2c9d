"""The site of a run: the project, the environment that it is deployed to, and the clients."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from erp_build.clients.protocols import Clients
from erp_build.clients.unasked import clients_of
from erp_build.config.environment import make_environment, parameter_names, require_repositories
from erp_build.model.environment import Environment
from erp_build.model.project import Function, Project, Service
from erp_build.model.releases.kubernetes import Workload, deployments_by_repository
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.release import Release
from erp_build.model.stages.stage import stage


@dataclass(frozen=True, slots=True)
class KeptChart:
    """The chart that runs, where a run leaves its change out: the commit that it is of, its key, its files' folder."""

    root: Path
    commit: str
    key: str


@dataclass(frozen=True, slots=True)
class Site:
    """What nearly every stage needs.

    Attributes:
        project: the targets and the settings.
        clients: read and change external systems.
        environment: where the project is deployed to.
        kept_chart: the chart to deploy in place of that of the checkout; None: that of the checkout.
    """

    project: Project
    clients: Clients
    environment: Environment
    kept_chart: KeptChart | None = None

    @property
    def chart_root(self) -> Path:
        """The folder that the paths of the chart and its values files are relative to."""
        return self.kept_chart.root if self.kept_chart else self.clients.repository.root

    @property
    def release(self) -> Release:
        """Where the project's Helm release lives in this environment, and the lock of what is deployed as one."""
        chart, alone = self.project.chart, "" if self.project.has_release else self.project.functions[0].function
        return Release(self.environment.cluster, chart.namespace, chart.release, alone)

    @property
    def alarm_prefix(self) -> str:
        """How the names of the project's alarms begin."""
        return self.project.deploy.alarms or f"{self.environment.project_name}-{self.environment.name}-"

    def repository(self, target: Service | Function) -> str:
        """The full image repository of a target, without host."""
        return self.environment.repository(target.repository)

    def workloads(self, only: Collection[str] | None = None) -> dict[str, tuple[Workload, ...]]:
        """Name of a service -> every Deployment with its image, read now; empty where there is none.

        `only` are the names of the Deployments that are looked at; None: all of the release.
        """
        found = deployments_by_repository(self.clients.cluster.workloads(self.release, only=only))
        return {one.name: found[self.repository(one)] for one in self.project.services}

    def called_digest(self, function: Function, state: FunctionState) -> str:
        """The digest that the callers of a function get: what its alias leads to, or where it has none, its own.

        Empty where the alias does not exist.
        """
        if not (function.publish and function.alias):
            return state.digest
        return self.clients.functions.alias_digest(function.function, function.alias)

    def say(self, text: str, target: str = "") -> None:
        """Print a line of progress, for one target or for the run."""
        self.clients.progress.say(text, target)


def open_site(project: Project, clients: Clients) -> Site:
    """Open the site of a project, with its environment read from Parameter Store; raises as `read_environment`."""
    return Site(project, clients_of(project, clients), read_environment(clients, project))


@stage("reads only: STS, Parameter Store")
def read_environment(clients: Clients, project: Project) -> Environment:
    """Read the environment from Parameter Store; raises one `ConfigurationError` that names everything missing."""
    account = clients.identity.account()
    found = clients.parameters.read(parameter_names(project.parameters))
    environment = make_environment(project.parameters, found, account=account, region=clients.identity.region)
    require_repositories(project, environment)
    clients.progress.say(
        f"account {account}, {environment.region}, cluster {environment.cluster} (from {project.parameters})"
    )
    return environment

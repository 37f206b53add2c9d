"""The facts that the checks of one call share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from erp_build.clients.site import Site, read_environment
from erp_build.config.read_file import path_below
from erp_build.deployment.preflight import read_values
from erp_build.doctor.protocols import Local, Remote
from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.formats.values_file import named_values
from erp_build.model.codepipeline import BuildProject, CodePipeline
from erp_build.model.environment import Environment
from erp_build.model.project import Project
from erp_build.model.releases.release import Release

Answer = TypeVar("Answer")

INITIATOR_PREFIX = "codepipeline/"
"""Before the pipeline's name in `CODEBUILD_INITIATOR`."""


class Facts:
    """Asks for each fact once, and remembers the answer or the error for the next check.

    Args:
        project: what there is to deploy.
        local: what needs no credentials.
        remote: account and cluster, or why they cannot be asked.
        variables: environment variables, for what CodeBuild says of itself.
        pipeline: name of the pipeline; empty: the one that started this build, else `<project-name>-unified-pipeline`.
    """

    def __init__(
        self,
        project: Project,
        local: Local,
        remote: Remote | ErpBuildError,
        *,
        variables: Mapping[str, str],
        pipeline: str = "",
    ) -> None:
        self.project = project
        self.local = local
        self._remote = remote
        self._variables = variables
        self._pipeline = pipeline
        self._answers: dict[str, object] = {}

    @property
    def root(self) -> Path:
        """The root of the repository."""
        return self.local.clone.root

    @property
    def remote(self) -> Remote:
        """Account and cluster; raises the error that keeps them from being asked."""
        if isinstance(self._remote, ErpBuildError):
            raise self._remote
        return self._remote

    def environment(self) -> Environment:
        """The environment, from the six parameters."""
        return self._once("environment", lambda: read_environment(self.remote.clients, self.project))

    def release(self) -> Release:
        """Where the release lives."""
        return Site(self.project, self.remote.clients, self.environment()).release

    def values(self) -> bytes:
        """The values file; the secrets in it are masked from then on."""
        return self._once("values", self._read_values)

    def rendered(self) -> tuple[Mapping[str, Any], ...]:
        """The objects that the chart renders from the values file."""
        return self._once("chart", lambda: self.local.charts.rendered(self.root, self.project.chart, self.values()))

    def pipeline(self) -> CodePipeline:
        """The pipeline; raises `ConfigurationError` where there is none with its name."""
        return self._once("pipeline", self._find_pipeline)

    def build_project(self) -> BuildProject:
        """The CodeBuild project that the pipeline starts; raises `ConfigurationError` where there is none."""
        return self._once("build project", self._find_build_project)

    def _once(self, name: str, ask: Callable[[], Answer]) -> Answer:
        if name not in self._answers:
            try:
                self._answers[name] = ask()
            except ErpBuildError as error:
                self._answers[name] = error
        answer = self._answers[name]
        if isinstance(answer, ErpBuildError):
            raise answer
        return cast("Answer", answer)

    def _read_values(self) -> bytes:
        path = path_below(self.root, f"{self.project.chart.path}/{self.project.chart.values}")
        content = read_values(path)
        # Helm's messages may repeat the values.
        for _, name, value in named_values(content, where=str(path)):
            self.local.secrets.add_named(name, value)
        return content

    def _find_pipeline(self) -> CodePipeline:
        started_by = self._variables.get("CODEBUILD_INITIATOR", "")
        own = started_by.removeprefix(INITIATOR_PREFIX) if started_by.startswith(INITIATOR_PREFIX) else ""
        name = self._pipeline or own or f"{self.environment().project_name}-unified-pipeline"
        found = self.remote.delivery.pipeline(name)
        if found is None:
            raise ConfigurationError(
                "there is no such pipeline",
                where=f"codepipeline:GetPipeline {name}",
                next_step="name it: erp-build doctor --pipeline NAME",
            )
        return found

    def _find_build_project(self) -> BuildProject:
        running = self._variables.get("CODEBUILD_BUILD_ID", "").partition(":")[0]
        name = running or next(iter(self.pipeline().projects), "")
        found = self.remote.delivery.project(name) if name else None
        if found is None:
            raise ConfigurationError(
                f"there is no CodeBuild project {name}" if name else "the pipeline starts no CodeBuild project",
                where=f"codebuild:BatchGetProjects {name}" if name else self.pipeline().name,
                next_step="add a build action to the pipeline, or name another one: erp-build doctor --pipeline NAME",
            )
        return found

"""The facts that the checks of one call share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site, read_environment
from erp_build.config.codebuild import pipeline_that_started
from erp_build.config.image_targets import COMMIT_ARGUMENT, read_dockerfile
from erp_build.config.read_file import read_file
from erp_build.deployment.chart_values import all_named_values, below_paths, read_values, values_path_of
from erp_build.doctor.protocols import Local, Remote
from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.formats.dockerfile.direct.need import why_engine
from erp_build.model.build_options import FanOut
from erp_build.model.codepipeline import BuildProject, CodePipeline
from erp_build.model.environment import Environment
from erp_build.model.images.image import LATEST
from erp_build.model.images.lifecycle import Lifecycle
from erp_build.model.images.scan import Scanning
from erp_build.model.packaging import dockerfile_of, is_maven
from erp_build.model.project import Function, Project, Service
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.release import Release

Answer = TypeVar("Answer")

ANY_COMMIT = "0" * 40
"""For the argument that every build gets: none of its value, but that it is given may matter."""

STARTS_CONTAINERS = b"testcontainers"
"""In the pom of a service whose tests ask an engine."""


def once(ask: Callable[["Facts"], Answer]) -> Callable[["Facts"], Answer]:
    """Make a method of `Facts` ask once, and give its answer or its error to every check."""

    @wraps(ask)
    def remembered(facts: "Facts") -> Answer:
        name = ask.__name__
        if name not in facts.answers:
            try:
                facts.answers[name] = ask(facts)
            except ErpBuildError as error:
                facts.answers[name] = error
        answer = facts.answers[name]
        if isinstance(answer, ErpBuildError):
            raise answer
        return cast("Answer", answer)

    return remembered


@dataclass(kw_only=True)
class Facts:
    """Asks for each fact once, and remembers the answer or the error for the next check.

    Attributes:
        project: what there is to deploy.
        local: what needs no credentials.
        account: account and cluster, or why they cannot be asked.
        variables: environment variables, for what CodeBuild says of itself.
        named: name of the pipeline; empty: the one that started this build, else `<project-name>-unified-pipeline`.
        answers: what was asked already.
    """

    project: Project
    local: Local
    account: Remote | ErpBuildError
    variables: Mapping[str, str]
    named: str = ""
    answers: dict[str, object] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The root of the repository."""
        return self.local.clone.root

    @property
    def remote(self) -> Remote:
        """Account and cluster; raises the error that keeps them from being asked."""
        if isinstance(self.account, ErpBuildError):
            raise self.account
        return self.account

    @once
    def environment(self) -> Environment:
        """The environment, from the six parameters."""
        return read_environment(self.remote.clients, self.project)

    def release(self) -> Release:
        """Where the release lives."""
        return Site(self.project, self.remote.clients, self.environment()).release

    def repositories(self) -> tuple[str, ...]:
        """The full image repositories of the project, without host."""
        return tuple(self.environment().repository(target.repository) for target in self.project.image_targets)

    @once
    def moves(self) -> dict[str, bool | None]:
        """Repository -> whether a run can move `latest` in it; None where there is no such repository."""
        return self._of_repositories(lambda name: self.remote.repositories.may_move(name, LATEST))

    @once
    def scannings(self) -> dict[str, Scanning]:
        """Repository -> how its images are scanned."""
        return self._of_repositories(self.remote.clients.registry.scanning)

    @once
    def lifecycles(self) -> dict[str, Lifecycle]:
        """Repository -> its lifecycle policy, and with one its images."""
        return self._of_repositories(self.remote.clients.registry.lifecycle)

    def _of_repositories(self, question: Callable[[str], Answer]) -> dict[str, Answer]:
        names = self.repositories()
        return dict(zip(names, ask_at_once(question, names), strict=True))

    @once
    def function_states(self) -> dict[str, FunctionState | None]:
        """Function of Lambda -> its state; None where there is none."""
        names = [one.function for one in self.project.functions]
        return dict(zip(names, ask_at_once(self.remote.clients.functions.state, names), strict=True))

    @once
    def values(self) -> bytes:
        """The last values file; the secrets of all of them are masked from then on."""
        chart = self.project.chart
        content = read_values(values_path_of(self.root, chart))
        # Helm's messages may repeat the values.
        for _, name, value in all_named_values(self.root, chart, content):
            self.local.secrets.add_named(name, value)
        return content

    def below(self) -> tuple[Path, ...]:
        """The values files that it overrides."""
        return below_paths(self.root, self.project.chart)

    @once
    def rendered(self) -> tuple[Mapping[str, Any], ...]:
        """The objects that the chart renders from the values file."""
        return self.local.charts.rendered(self.root, self.project.chart, self.values())

    @once
    def engine_needs(self) -> dict[str, tuple[str, ...]]:
        """Service or function -> why it needs a Docker engine; empty for one that needs none.

        Raises `BuildFailed` where a Dockerfile is not there or cannot be read.
        """
        return {target.name: tuple(self._why_engine(target)) for target in self.project.image_targets}

    def _why_engine(self, target: Service | Function) -> Iterator[str]:
        build, where = self.project.build, dockerfile_of(target)
        text = read_dockerfile(self.root, target)
        arguments = {**dict(target.args), COMMIT_ARGUMENT: ANY_COMMIT}
        for one in why_engine(text, build.builder, target=target.docker_target, arguments=arguments):
            yield f"{where}:{one.line}: {one.what}" if one.line else one.what
        pom = self.root / target.path / "pom.xml"
        if build.tests == "run" and is_maven(target) and pom.is_file() and STARTS_CONTAINERS in read_file(pom):
            yield f"{target.path}/pom.xml: its tests start containers ({STARTS_CONTAINERS.decode()})"

    @once
    def pipeline(self) -> CodePipeline:
        """The pipeline; raises `ConfigurationError` where there is none with its name."""
        own = pipeline_that_started(self.variables)
        name = self.named or own or f"{self.environment().project_name}-unified-pipeline"
        found = self.remote.delivery.pipeline(name)
        if found is None:
            raise ConfigurationError(
                "there is no such pipeline",
                where=f"codepipeline:GetPipeline {name}",
                next_step="name it: erp-build doctor --pipeline NAME",
            )
        return found

    @once
    def worker_project(self) -> BuildProject | None:
        """The CodeBuild project whose builds are to be workers: that of `[build.fan_out]`, else that of the run."""
        name = FanOut(*self.project.build.fan_out).project
        return self.remote.delivery.project(name) if name else self.build_project()

    @once
    def build_project(self) -> BuildProject:
        """The CodeBuild project that the pipeline starts; raises `ConfigurationError` where there is none."""
        running = self.variables.get("CODEBUILD_BUILD_ID", "").partition(":")[0]
        name = running or next(iter(self.pipeline().projects), "")
        found = self.remote.delivery.project(name) if name else None
        if found is None:
            raise ConfigurationError(
                f"there is no CodeBuild project {name}" if name else "the pipeline starts no CodeBuild project",
                where=f"codebuild:BatchGetProjects {name}" if name else self.pipeline().name,
                next_step="add a build action to the pipeline, or name another one: erp-build doctor --pipeline NAME",
            )
        return found

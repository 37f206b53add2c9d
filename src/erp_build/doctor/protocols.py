"""What `doctor` may read beyond what a run reads: one read-only protocol for each outside system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from erp_build.clients.git.repository import GitRepository
from erp_build.clients.protocols import Clients
from erp_build.clients.secrets import Secrets
from erp_build.model.codepipeline import BuildProject, CodePipeline
from erp_build.model.project import Chart
from erp_build.model.releases.kubernetes import OwnedDeployment
from erp_build.model.releases.release import Release

Version = tuple[int, int, int]


class Machine(Protocol):
    """This machine."""

    def python(self) -> Version:
        """The version of the Python that runs this."""

    def version_of(self, program: str) -> Version | None:
        """The version of a program; None where it is not in PATH or does not say."""

    def jdks(self) -> Mapping[int, str]:
        """Release -> home of each JDK."""

    def engine(self) -> str:
        """The Docker engine's version; raises `BuildFailed` where none answers."""

    def free_disk(self, folder: Path) -> int:
        """Bytes that may still be written below a folder."""

    def memory(self) -> int | None:
        """Bytes that programs may still take; None where the system does not say."""


class Charts(Protocol):
    """Helm without a cluster."""

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """The objects that the chart makes of values; raises `ReleaseFailed` with what does not render or lint."""


class Delivery(Protocol):
    """CodePipeline, CodeBuild, and the connections to GitHub."""

    def pipeline(self, name: str) -> CodePipeline | None:
        """The pipeline, or None where there is none with this name."""

    def names(self) -> tuple[str, ...]:
        """The names of all pipelines of the account and region."""

    def project(self, name: str) -> BuildProject | None:
        """The CodeBuild project, or None where there is none with this name."""

    def connection_status(self, arn: str) -> str:
        """`AVAILABLE`, `PENDING` or `ERROR`."""


class Policies(Protocol):
    """IAM's simulator."""

    def denied(self, role: str, actions: Sequence[str], resource: str) -> tuple[str, ...]:
        """The actions that the role (an ARN) may not take on the resource."""


class Repositories(Protocol):
    """The settings of image repositories."""

    def may_move(self, repository: str, tag: str) -> bool | None:
        """Whether a tag may be moved to another image; None where there is no such repository."""


class ClusterReader(Protocol):
    """What only `doctor` reads from a cluster."""

    def version(self, release: Release) -> str:
        """The API server's version, such as `v1.34.4`."""

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        """Every Deployment of the release's namespace with the release that made it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """The readers that need no credentials."""

    clone: GitRepository
    machine: Machine
    charts: Charts
    secrets: Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """The readers of account and cluster: the clients of a run, and those of `doctor` alone."""

    clients: Clients
    delivery: Delivery
    policies: Policies
    repositories: Repositories
    cluster_reader: ClusterReader

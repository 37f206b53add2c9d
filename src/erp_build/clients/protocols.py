"""What the stages may read: one protocol per external system, and Git itself, which only reads.

Everything that writes is in `clients.effects`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from erp_build.clients.clock import Clock
from erp_build.clients.effects import Effects
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.patience import Patience
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.model.images.image import StoredImage
from erp_build.model.images.scan import Scanning
from erp_build.model.project import Function, Service
from erp_build.model.releases.deployment import Alarm
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Endpoints, Workload
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.release import Release, Revision


class Parameters(Protocol):
    """Parameter Store."""

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """The values of those names that exist."""

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        """The values of these SecureStrings; raises `ConfigurationError` when one is missing or of another type."""


class Identity(Protocol):
    """Who calls AWS."""

    region: str

    def account(self) -> str:
        """The caller's account, 12 digits."""


class Registry(Protocol):
    """ECR."""

    def host(self) -> str:
        """The registry's host, as GetAuthorizationToken names it."""

    def missing_repositories(self, repositories: Iterable[str]) -> tuple[str, ...]:
        """The repositories that do not exist."""

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        """The image with a tag or digest, or None."""

    def revision(self, image: StoredImage) -> str | None:
        """The commit that the image says it was built from."""

    def platform(self, image: StoredImage) -> str:
        """What the image runs on, such as `linux/amd64`; empty where it does not say."""

    def key(self, image: StoredImage) -> str | None:
        """The content key that the image says it has."""

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """A page of DescribeImageScanFindings; an error comes as `{"Error": {"Code", "Message"}}`."""

    def pushed_at(self, repository: str, digest: str) -> datetime:
        """When the image was pushed last; raises `GateInconclusive` if the registry does not say."""

    def scanning(self, repository: str) -> Scanning:
        """How the repository is scanned; unknown without the permission, which is no error."""


class Functions(Protocol):
    """Lambda."""

    def state(self, name: str) -> FunctionState | None:
        """The function, or None where there is none with this name."""

    def may_update(self, state: FunctionState) -> None:
        """Raise `FunctionUpdateFailed` when the caller may not update the function; changes nothing."""

    def alias_digest(self, name: str, alias: str) -> str:
        """The digest that an alias leads to; empty where there is no such alias."""


class Cluster(Protocol):
    """The Kubernetes API of an EKS cluster."""

    def workloads(self, release: Release) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods."""

    def architectures(self, cluster: str) -> frozenset[str]:
        """The architectures of the nodes, such as `amd64`; empty where the caller may not ask."""

    def live_objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """The release's Deployments and autoscalers as they are, in the form of a manifest."""

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release with the number of ready addresses behind each."""

    def events(self, release: Release) -> tuple[ClusterEvent, ...]:
        """The warnings of the release's namespace, oldest first; none where they may not be read."""

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:
        """The last lines of a container's log; none where there are none."""

    def missing_permissions(self, release: Release) -> tuple[str, ...]:
        """What the caller may not do in the release's namespace, of all that a deployment needs."""


class Alarms(Protocol):
    """CloudWatch."""

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        """The alarms whose names begin so; raises `ConfigurationError` where they may not be read."""


class Leases(Protocol):
    """The locks of releases."""

    def read(self, release: Release) -> LeaseReading:
        """The lock of a release and the server's time."""


class Helm(Protocol):
    """The `helm` program."""

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first; empty when there is no release."""

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """Some values of a revision (None: the newest) by their dotted keys; those that are not there are missing."""

    def objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """The Deployments and autoscalers of the newest revision's manifest."""

    def manifest(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Every object of the newest revision but its Secrets; none where there is no release."""

    def render(self, release: Release, chart: Path, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Render and lint the chart without the cluster, and return its objects but Secrets.

        Raises `ReleaseFailed` with what does not render.
        """

    def check_chart(self, release: Release, chart: Path, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Render, lint and try the chart, and return its objects but Secrets.

        Raises `ReleaseFailed` with what does not render or would not be taken.
        """


class Assembly(Protocol):
    """What builds images: Maven, the Docker engine and the registry together."""

    def require_buildable(self, targets: Sequence[Service | Function]) -> None:
        """Raise `BuildFailed` if a program, the engine or a file that a build needs is missing."""

    def base_digest(self, image: str) -> str:
        """The digest that the registry of a base image has for its name; raises `BuildFailed` if it does not say."""

    def jdk_release(self, target: Service | Function) -> int | None:
        """The release of the JDK that builds a target; None if none is known."""

    def images_at_once(self) -> int:
        """How many images may be in work at the same time, by cores and memory."""

    def pushes_at_once(self) -> int:
        """How many of them may be pushed at the same time, by cores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clients:
    """Everything that the stages work with; `wiring` makes it, live or as a rehearsal.

    The readers and the effects ask again by themselves; `patience` is how, for who waits until a moment of its own.
    """

    repository: GitRepository
    parameters: Parameters
    identity: Identity
    registry: Registry
    functions: Functions
    cluster: Cluster
    leases: Leases
    alarms: Alarms
    helm: Helm
    assembly: Assembly
    effects: Effects
    patience: Patience
    clock: Clock
    progress: Progress
    secrets: Secrets

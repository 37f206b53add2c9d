"""What the stages may read, a protocol per external system; Git itself only reads. `clients.effects` writes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from erp_build.clients.clock import Clock
from erp_build.clients.effects import Effects
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.helm.protocol import Helm
from erp_build.clients.patience import Patience
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.clients.watching.protocols import Alarms, Health, LogGroups, Traces
from erp_build.model.codepipeline import Approval, BuildProject
from erp_build.model.images.evidence import StoredEvidence
from erp_build.model.images.fleet import WorkerLook
from erp_build.model.images.image import StoredImage
from erp_build.model.images.lifecycle import Lifecycle
from erp_build.model.images.scan import Scanning
from erp_build.model.project import Function, Service
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import Endpoints, ObjectName, Workload
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.logs import LogPart
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Resource, Right


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

    def stored_each(self, repository: str, references: Sequence[str]) -> tuple[StoredImage | None, ...]:
        """The images with these tags and digests, in their order, by one call for a hundred; None for a missing one."""

    def revision(self, image: StoredImage) -> str | None:
        """The commit that the image says it was built from."""

    def platform(self, image: StoredImage) -> str:
        """What the image runs on, such as `linux/amd64`; empty where it does not say."""

    def key(self, image: StoredImage) -> str | None:
        """The content key that the image says it has."""

    def base(self, image: StoredImage) -> tuple[str, str]:
        """Name and digest of the base image that the image says it was built on; empty where it does not say."""

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """A page of DescribeImageScanFindings; an error comes as `{"Error": {"Code", "Message"}}`."""

    def pushed_at(self, repository: str, digest: str) -> datetime:
        """When the image was pushed last; raises `GateInconclusive` if the registry does not say."""

    def scanning(self, repository: str) -> Scanning:
        """How the repository is scanned; unknown without the permission, which is no error."""

    def lifecycle(self, repository: str) -> Lifecycle:
        """The repository's lifecycle policy, and with one its images; asked once. Raises where they may not be read."""


class EvidenceReader(Protocol):
    """What lies beside images in their registry."""

    def read(self, repository: str, digest: str) -> tuple[StoredEvidence, ...]:
        """Everything of ours that is attached to an image, in any order; what others attached is left out."""


class Fleet(Protocol):
    """The builds of CodeBuild that work for runs."""

    def project(self, name: str) -> BuildProject | None:
        """The project whose builds are to be workers, or None where there is none with this name."""

    def look(self, builds: Sequence[str]) -> Mapping[str, WorkerLook]:
        """Id of a build -> how it stands; one that CodeBuild does not know is missing. A call for each hundred."""

    def unfinished(self, project: str, fleet: str) -> tuple[str, ...]:
        """The builds of a project that have not ended and work for a release; the newest hundred are looked at."""


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

    def workloads(
        self, release: Release, also: Collection[ObjectName] = (), only: Collection[str] | None = None
    ) -> tuple[Workload, ...]:
        """The Deployments of a release with their pods, and further objects that make pods, as far as they are there.

        Calls grow with kinds and namespaces, not with objects. Deployments that `only` does not name may be missing.
        """

    def architectures(self, cluster: str) -> frozenset[str]:
        """The architectures of the nodes, such as `amd64`; empty where the caller may not ask."""

    def live_objects(
        self, release: Release, wanted: Sequence[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any] | None, ...]:
        """Objects of a manifest as they are; None for one that is gone, and an empty one for what may not be read."""

    def scalers(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Every HorizontalPodAutoscaler of the release's namespace, whoever made it."""

    def tried(self, release: Release, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What applying an object would make of the live one, by a dry run; None where the cluster does not say."""

    def endpoints(self, release: Release) -> tuple[Endpoints, ...]:
        """The Services of a release with the number of ready addresses behind each."""

    def events(self, release: Release) -> tuple[ClusterEvent, ...]:
        """The warnings of the release's namespace, oldest first; none where they may not be read."""

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:
        """The last lines of a container's log; none where there are none."""

    def log_since(self, release: Release, pod: str, container: str, since: int, *, previous: bool = False) -> LogPart:
        """What a container, or the one before it, has printed from the second of a moment on, oldest first.

        Nothing where it has no log. `since` is in nanoseconds. Raises `ReleaseFailed` where it may not be read.
        """

    def target_bindings(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """The TargetGroupBindings of the release's namespace, whoever made them; none where there is no such kind."""

    def served(self, release: Release, kinds: Collection[Kind]) -> Mapping[Kind, Resource]:
        """The resources of those kinds that the cluster serves in the version that they name."""

    def served_versions(self, release: Release, group: str) -> tuple[str, ...]:
        """The versions of an API group that the cluster serves, as `group/version`; none where it has none."""

    def role(self, release: Release, named: Right) -> Mapping[str, Any] | None:
        """The role that a right names, such as the right to bind it; None where it may not be read or is not there."""

    def missing_rights(self, release: Release, asked: Collection[Right]) -> frozenset[Right]:
        """Those of the rights that the caller does not have."""


class Approvals(Protocol):
    """CodePipeline."""

    def given(self, pipeline: str, execution: str) -> tuple[Approval, ...]:
        """The manual approvals of an execution; raises `ConfigurationError` where they may not be read."""


class Leases(Protocol):
    """The locks of releases."""

    def read(self, release: Release) -> LeaseReading:
        """The lock of a release and the server's time."""


class Assembly(Protocol):
    """What builds images: Maven, the Docker engine and the registry together."""

    def require_buildable(self, targets: Sequence[Service | Function]) -> None:
        """Raise `BuildFailed` if a program, the engine or a file that a build needs is missing."""

    def base_digest(self, target: Service | Function, image: str) -> str:
        """The digest that the name of a target's base image has now; raises `BuildFailed` if nobody says it."""

    def jdk_release(self, target: Service | Function) -> int | None:
        """The release of the JDK that builds a target; None if none is known."""

    def images_at_once(self) -> int:
        """How many images may be in work at the same time, by cores and memory."""

    def checks_at_once(self) -> int:
        """How many services may be checked at the same time, by cores and memory."""

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
    evidence: EvidenceReader
    fleet: Fleet
    functions: Functions
    cluster: Cluster
    leases: Leases
    alarms: Alarms
    approvals: Approvals
    log_groups: LogGroups
    traces: Traces
    health: Health
    helm: Helm
    assembly: Assembly
    effects: Effects
    patience: Patience
    clock: Clock
    progress: Progress
    secrets: Secrets

"""`LiveEffects`: performs the effects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.topics import SnsTopics
from erp_build.clients.edit_file import edit_file
from erp_build.clients.effects import (
    CheckRequest,
    EditRequest,
    ImageRequest,
    Journal,
    NotifyRequest,
    OnPackaged,
    UpgradeRequest,
)
from erp_build.clients.files import write_atomically
from erp_build.clients.git.remote_branch import RemoteBranch
from erp_build.clients.helm.program import HelmProgram
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.check_run import CheckRun
from erp_build.model.effect import EffectKind
from erp_build.model.images.image import LocalImage, PushedImage, StoredImage
from erp_build.model.project import Function, Service
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release


class AssemblyEffects(Protocol):
    """The part of the assembly that changes something: jars, images, the project's checks (`build.assembly`)."""

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make the jars; `on_packaged` is called with the name of each target and the seconds that its jar took."""

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Make an image in the engine."""

    def push(self, request: ImageRequest) -> PushedImage:
        """Push an image under its tag."""

    def run_check(self, request: CheckRequest) -> CheckRun:
        """Run a check of the project on a target's sources."""


class LiveEffects:
    """Performs each effect, and notes it in the journal."""

    def __init__(
        self,
        *,
        assembly: AssemblyEffects,
        registry: EcrRegistry,
        functions: LambdaFunctions,
        helm: HelmProgram,
        leases: ClusterLeases,
        branch: RemoteBranch,
        topics: SnsTopics,
        journal: Journal,
    ) -> None:
        self._assembly = assembly
        self._registry = registry
        self._functions = functions
        self._helm = helm
        self._leases = leases
        self._branch = branch
        self._topics = topics
        self._journal = journal

    def check(self, request: CheckRequest) -> CheckRun:
        """Check a target's sources."""
        with self._journal.note(EffectKind.CHECK, f"{request.check.name} {request.target.name}"):
            return self._assembly.run_check(request)

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make the jars with Maven."""
        noted = set()

        def note(name: str, seconds: float) -> None:
            with self._journal.note(EffectKind.PACKAGE, name):
                noted.add(name)
            on_packaged(name, seconds)

        try:
            self._assembly.package(targets, note)
        except BuildFailed as error:
            for name in sorted(error.targets or {target.name for target in targets} - noted):
                self._journal.note_failure(EffectKind.PACKAGE, name)
            raise

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Make the image in the engine."""
        with self._journal.note(EffectKind.BUILD_IMAGE, request.target.name):
            return self._assembly.build_image(request)

    def push(self, request: ImageRequest) -> PushedImage:
        """Push the image under its tag."""
        with self._journal.note(EffectKind.PUSH, f"{request.repository}:{request.tag}"):
            return self._assembly.push(request)

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask the registry for a scan; False where there is one already."""
        with self._journal.note(EffectKind.START_SCAN, f"{repository}@{digest}"):
            return self._registry.start_scan(repository, digest)

    def update_function(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest."""
        with self._journal.note(EffectKind.UPDATE_FUNCTION, state.name):
            self._functions.update(state, image)

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of a function's code and move an alias to it."""
        with self._journal.note(EffectKind.PUBLISH, state.name):
            return self._functions.publish(state, alias)

    def write_file(self, path: Path, content: bytes) -> None:
        """Replace a file, or make it; it keeps its owner, mode and links."""
        with self._journal.note(EffectKind.WRITE_FILE, path.name):
            try:
                if path.exists():
                    edit_file(path, lambda _: content)
                else:
                    write_atomically(path, content)
            except OSError as error:
                raise ConfigurationError(
                    "a file cannot be written", where=str(path), why=str(error), next_step="check its folder's rights"
                ) from error

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release."""
        with self._journal.note(EffectKind.UPGRADE_RELEASE, request.release.name):
            self._helm.upgrade(request.release, request.chart, request.values, request.description, request.timeout)

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Roll the release back to a revision."""
        with self._journal.note(EffectKind.ROLLBACK_RELEASE, f"{release.name}:{revision}"):
            self._helm.rollback(release, revision, timeout)

    def uninstall_release(self, release: Release) -> None:
        """Remove a release whose first installation was cut off."""
        with self._journal.note(EffectKind.UNINSTALL_RELEASE, release.name):
            self._helm.uninstall(release)

    def edit_branch(self, request: EditRequest) -> str | None:
        """Commit and push the change of one file."""
        with self._journal.note(EffectKind.EDIT_BRANCH, request.branch):
            return self._branch.edit(request.branch, request.path, request.change, request.message)

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lock; None when somebody else was faster."""
        return self._leases.write(release, lease)

    def tag(self, image: StoredImage, tag: str) -> None:
        """Give an image of the registry another tag."""
        with self._journal.note(EffectKind.TAG, f"{image.repository}:{tag}"):
            self._registry.put_tag(image, tag)

    def notify(self, request: NotifyRequest) -> None:
        """Send a message to a topic."""
        with self._journal.note(EffectKind.NOTIFY, request.topic):
            self._topics.publish(request)

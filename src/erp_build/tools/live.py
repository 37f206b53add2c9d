"""The effects, performed."""

from pathlib import Path

from erp_build.domain.image import REVISION_LABEL, StoredImage
from erp_build.domain.lock import Lease
from erp_build.domain.project import Function, Service
from erp_build.domain.release import FunctionState, Release
from erp_build.errors import ConfigurationError
from erp_build.tools.effects import ImageRequest, Journal, UpgradeRequest
from erp_build.tools.engine import Engine
from erp_build.tools.files import write_atomically
from erp_build.tools.functions import LambdaFunctions
from erp_build.tools.helm import HelmProgram
from erp_build.tools.leases import ClusterLeases
from erp_build.tools.maven import Maven
from erp_build.tools.progress import Progress
from erp_build.tools.registry import EcrRegistry


class Live:
    """Changes the world, and notes each change in the journal."""

    def __init__(  # noqa: PLR0913 - one argument for each outside thing
        self,
        root: Path,
        *,
        maven: Maven,
        engine: Engine,
        registry: EcrRegistry,
        functions: LambdaFunctions,
        helm: HelmProgram,
        leases: ClusterLeases,
        journal: Journal,
        progress: Progress,
    ) -> None:
        self._root = root
        self._maven = maven
        self._engine = engine
        self._registry = registry
        self._functions = functions
        self._helm = helm
        self._leases = leases
        self._journal = journal
        self._progress = progress

    def package(self, target: Service | Function) -> None:
        """Make the jar with Maven."""
        with self._journal.note("package", target.name):
            self._maven.package(self._root / target.path, lambda line: self._progress.detail(line, target.name))

    def build_image(self, request: ImageRequest) -> None:
        """Make the image in the engine, labelled with its full commit."""
        with self._journal.note("build_image", request.target.name):
            self._engine.build(
                self._root / request.target.path,
                request.target.dockerfile,
                tag=self._local_name(request),
                labels={REVISION_LABEL: request.commit},
                arguments={"REVISION": request.commit},
                on_line=lambda line: self._progress.detail(line, request.target.name),
            )

    def push(self, request: ImageRequest) -> str:
        """Push the image under its tag and return its digest."""
        with self._journal.note("push", f"{request.repository}:{request.tag}"):
            sign_in = self._registry.sign_in()
            return self._engine.push(f"{sign_in.host}/{request.repository}", request.tag, sign_in)

    def start_scan(self, repository: str, digest: str) -> None:
        """Ask the registry for a scan."""
        with self._journal.note("start_scan", f"{repository}@{digest}"):
            self._registry.start_scan(repository, digest)

    def update_function(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest."""
        with self._journal.note("update_function", state.name):
            self._functions.update(state, image)

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of a function's code and move an alias to it."""
        with self._journal.note("publish", state.name):
            return self._functions.publish(state, alias)

    def write_file(self, path: Path, content: bytes) -> None:
        """Replace a file atomically."""
        with self._journal.note("write_file", path.name):
            try:
                write_atomically(path, content)
            except OSError as error:
                raise ConfigurationError(
                    "a file cannot be written", where=str(path), why=str(error), next_step="check its folder's rights"
                ) from error

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release."""
        with self._journal.note("upgrade_release", request.release.name):
            self._helm.upgrade(request.release, request.chart, request.values, request.description, request.timeout)

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Take the release back to a revision."""
        with self._journal.note("rollback_release", f"{release.name}:{revision}"):
            self._helm.rollback(release, revision, timeout)

    def uninstall_release(self, release: Release) -> None:
        """Remove a release whose first installation was cut off."""
        with self._journal.note("uninstall_release", release.name):
            self._helm.uninstall(release)

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lock; None when somebody else was faster."""
        return self._leases.write(release, lease)

    def tag(self, image: StoredImage, tag: str) -> None:
        """Give an image of the registry another tag."""
        with self._journal.note("tag", f"{image.repository}:{tag}"):
            self._registry.put_tag(image, tag)

    def _local_name(self, request: ImageRequest) -> str:
        return f"{self._registry.host()}/{request.repository}:{request.tag}"

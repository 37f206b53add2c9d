"""The effects on the fakes, noted in a journal as the live ones are."""

from collections.abc import Sequence
from pathlib import Path

from erp_build.build.evidence.store import EvidenceStore
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import (
    CheckRequest,
    EditRequest,
    ImageRequest,
    Journal,
    NotifyRequest,
    OnPackaged,
    UpgradeRequest,
    WorkerRequest,
)
from erp_build.errors import BuildFailed, ErpBuildError, combine
from erp_build.model.effect import EffectKind
from erp_build.model.images.evidence import Application, EvidenceRequest, Library
from erp_build.model.images.image import LocalImage, PushedEvidence, PushedImage, StoredImage
from erp_build.model.packaging import NONE
from erp_build.model.project import Function, Service
from erp_build.model.quality_checks.check_run import CheckRun
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from tests.fakes.fleet import FakeFleet
from tests.fakes.functions import FakeFunctions
from tests.fakes.helm import FakeHelm
from tests.fakes.leases import FakeLeases
from tests.fakes.registry import FakeRegistry

JAR = Library("target/app.jar", "app", "1.0.0", "com.erp", "a" * 64, "pom.properties")
LIBRARIES = (Library("BOOT-INF/lib/a-1.0.jar", "a", "1.0", "org.a", "b" * 64, "pom.properties"),)
"""What every jar holds."""


class FakeEffects:
    """Performs everything in memory.

    `failures` is effect and target -> the error that it ends with; `late_failures` are targets that fail after their
    jar was made.

    An image needs a jar, and a push an image, so that a stage that mixes up the order fails.
    """

    def __init__(self, registry: FakeRegistry, functions: FakeFunctions, helm: FakeHelm, leases: FakeLeases) -> None:
        self.journal = Journal()
        self.failures: dict[tuple[str, str], ErpBuildError] = {}
        self.branches: dict[str, bytes] = {}
        self.commits: list[str] = []
        """The messages of the commits on these branches."""
        self.late_failures: set[str] = set()
        self.platform = "linux/amd64"
        self.check_runs: dict[tuple[str, str], CheckRun] = {}
        self.given_secrets: dict[str, str] = {}
        self.messages: list[NotifyRequest] = []
        self.prepared: list[str] = []
        self.fleet = FakeFleet(SimulatedClock(), registry)
        self._registry = registry
        self._functions = functions
        self._helm = helm
        self._leases = leases
        self._jars: set[str] = set()
        self._images: set[str] = set()

    def check(self, request: CheckRequest) -> CheckRun:
        with self.journal.note(EffectKind.CHECK, f"{request.check.name} {request.target.name}"):
            self.given_secrets.update(request.secrets)
            return self.check_runs.get((request.check.name, request.target.name), CheckRun(outcome="passed"))

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        failed: dict[str, ErpBuildError] = {}
        for target in targets:
            if error := self.failures.get(("package", target.name)):
                failed[target.name] = error
                self.journal.note_failure(EffectKind.PACKAGE, target.name)
                continue
            self._jars.add(target.name)
            if target.package != NONE:
                with self.journal.note(EffectKind.PACKAGE, target.name):
                    pass
            on_packaged(target.name, 0.0)
        for name in self.late_failures & {target.name for target in targets}:
            failed[name] = BuildFailed("Maven failed", where=name, why="after the jar")
        if failed:
            error = combine(tuple(failed.values()))
            if isinstance(error, BuildFailed):
                error.targets = frozenset(failed)
            raise error

    def prepare_images(self, requests: Sequence[ImageRequest]) -> None:
        self.prepared += [request.target.name for request in requests]

    def build_image(self, request: ImageRequest) -> LocalImage:
        with self.journal.note(EffectKind.BUILD_IMAGE, request.target.name):
            self._fail("build_image", request.target.name)
            assert request.target.name in self._jars, "an image was built before its jar"
            self._images.add(f"{request.repository}:{request.tag}")
            return LocalImage(identifier="sha256:1", size=60_000_000, platform=self.platform, builder="classic")

    def push(self, request: ImageRequest) -> PushedImage:
        name = f"{request.repository}:{request.tag}"
        with self.journal.note(EffectKind.PUSH, name):
            self._fail("push", request.target.name)
            assert name in self._images, "an image was pushed before it was built"
            digest = self._registry.push(request.repository, request.tag, request.commit, request.key)
            if request.bases:
                # The label of the last stage, as an engine writes it.
                self._registry.bases[digest] = request.bases[-1]
            return PushedImage(digest, 50_000_000)

    def attest(self, request: EvidenceRequest) -> PushedEvidence:
        image = request.image
        with self.journal.note(EffectKind.ATTEST, f"{image.repository}@{image.digest}"):
            self._fail("attest", request.making.target)
            assert image.digest in self._registry.images, "evidence about an image that was not pushed"
            store = EvidenceStore(lambda: self._registry.artifacts)
            return store.attach(request, Application(request.making.target, JAR, LIBRARIES))

    def start_worker(self, request: WorkerRequest) -> str:
        with self.journal.note(EffectKind.START_WORKER, f"{request.project}: {' '.join(request.names)}"):
            return self.fleet.start(request)

    def stop_worker(self, build: str) -> None:
        with self.journal.note(EffectKind.STOP_WORKER, build):
            self.fleet.stop(build)

    def start_scan(self, repository: str, digest: str) -> bool:
        with self.journal.note(EffectKind.START_SCAN, f"{repository}@{digest}"):
            return self._registry.start_scan(repository, digest)

    def update_function(self, state: FunctionState, image: str) -> None:
        with self.journal.note(EffectKind.UPDATE_FUNCTION, state.name):
            self._functions.update(state, image)

    def publish(self, state: FunctionState, alias: str) -> str:
        with self.journal.note(EffectKind.PUBLISH, state.name):
            return self._functions.publish(state, alias)

    def write_file(self, path: Path, content: bytes) -> None:
        with self.journal.note(EffectKind.WRITE_FILE, path.name):
            path.write_bytes(content)

    def upgrade_release(self, request: UpgradeRequest) -> None:
        with self.journal.note(EffectKind.UPGRADE_RELEASE, request.release.name):
            self._helm.upgrade(request)

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:  # noqa: ARG002
        with self.journal.note(EffectKind.ROLLBACK_RELEASE, f"{release.name}:{revision}"):
            self._helm.rollback(revision)

    def uninstall_release(self, release: Release) -> None:
        with self.journal.note(EffectKind.UNINSTALL_RELEASE, release.name):
            self._helm.uninstall()

    def edit_branch(self, request: EditRequest) -> str | None:
        with self.journal.note(EffectKind.EDIT_BRANCH, request.branch):
            self._fail("edit_branch", request.branch)
            self.commits.append(request.message)
            before = self.branches.get(request.branch, b"")
            after = self.branches[request.branch] = request.change(before)
            return "f" * 40 if after != before else None

    def notify(self, request: NotifyRequest) -> None:
        with self.journal.note(EffectKind.NOTIFY, request.topic):
            self._fail("notify", request.topic)
            self.messages.append(request)

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        return self._leases.write(release, lease)

    def tag(self, image: StoredImage, tag: str) -> None:
        with self.journal.note(EffectKind.TAG, f"{image.repository}:{tag}"):
            self._fail("tag", f"{image.repository}:{tag}")
            self._registry.put_tag(image, tag)

    def does_not_compile(self, name: str) -> None:
        """Maven fails for a target."""
        self.failures["package", name] = BuildFailed("Maven failed", where=name, why=f"COMPILATION ERROR in {name}")

    def _fail(self, effect: str, target: str) -> None:
        if error := self.failures.get((effect, target)):
            raise error

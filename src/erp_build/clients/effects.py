"""Everything that a run may change outside of its process, in one protocol.

`LiveEffects` performs an effect, `RehearsedEffects` assumes it: a rehearsal is another executor and no flag
(docs/decisions/0001). `NotedEffects` stands before either of them and notes what it does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import BuildFailed
from erp_build.model.effect import Effect, EffectKind, EffectState
from erp_build.model.images.evidence import EvidenceRequest
from erp_build.model.images.image import LocalImage, PushedEvidence, PushedImage, StoredImage
from erp_build.model.packaging import NONE
from erp_build.model.project import Function, Service
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRequest:
    """What an image is built from and how it is named.

    Attributes:
        target, repository, tag: what is built, and its name.
        commit: the full commit; one that ends with `-dirty` is not what is built, and becomes no label.
        key: its content key; empty if it has none.
        bases: (name in the Dockerfile, digest) of base images that the engine must take.
    """

    target: Service | Function
    repository: str
    tag: str
    commit: str
    key: str = ""
    bases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerRequest:
    """A build of CodeBuild that makes some images.

    Attributes:
        project: of CodeBuild.
        fleet: names the release that it works for; a run finds the workers of a killed one by it.
        commit: the full commit that it takes as its source.
        images: what it makes; it finds out their keys and tags by itself.
        buildspec: path of a buildspec in the repository; empty: one line that calls erp_build.
        timeout: seconds after which CodeBuild itself ends it.
        token: the same for every attempt of one start, so that a lost answer begins no second build.
    """

    project: str
    fleet: str
    commit: str
    images: tuple[ImageRequest, ...]
    buildspec: str = ""
    timeout: float = 3600.0
    token: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its services and functions."""
        return tuple(image.target.name for image in self.images)


@dataclass(frozen=True, kw_only=True, slots=True)
class UpgradeRequest:
    """A new revision of a release: chart, values, its description, seconds for Helm.

    `below` are the values files that the last one overrides.
    """

    release: Release
    chart: Path
    values: Path
    description: str
    timeout: float
    below: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRequest:
    """A check of one target; `secrets` (environment variable -> value) never appear in a text."""

    check: Check
    target: Service | Function
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


OnPackaged = Callable[[str, float], None]
"""Takes a target's name and the seconds that its jar took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditRequest:
    """A change of one file on a branch of `origin`: the branch, the path, old bytes -> new bytes, the message."""

    branch: str
    path: str
    change: Callable[[bytes], bytes]
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifyRequest:
    """A message for a topic of SNS.

    Attributes:
        topic: its name in the caller's account and region, or its ARN.
        account, region: of the topic when only its name is given.
        subject: printable ASCII, under 100 characters.
        text: what people read.
        chat: the same for a chat channel, as its JSON.
    """

    topic: str
    account: str
    region: str
    subject: str
    text: str
    chat: str


class Effects(Protocol):
    """The methods that change something outside of this process."""

    def check(self, request: CheckRequest) -> CheckRun:
        """Run a check on a target's sources; a missing program or a timeout is an outcome and raises nothing."""

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make what the Dockerfiles take; calls `on_packaged` for each target that is complete, from any thread.

        Raises `BuildFailed` after everything else is made; its `targets` are those that failed.
        """

    def prepare_images(self, requests: Sequence[ImageRequest]) -> None:
        """Do beside the packagers what every image begins with: sign in to the registry, fetch base images.

        None of our errors is raised: what fails is tried again, and raised, where an image needs it.
        """

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Make the image; raises `BuildFailed`."""

    def push(self, request: ImageRequest) -> PushedImage:
        """Push the image under its tag; raises `PushFailed`."""

    def attest(self, request: EvidenceRequest) -> PushedEvidence:
        """Attach SBOM and provenance to an image that was pushed; raises `PushFailed`."""

    def start_worker(self, request: WorkerRequest) -> str:
        """Begin a build of CodeBuild and return its id; raises `FleetFull` where there is no room for it now."""

    def stop_worker(self, build: str) -> None:
        """Ask CodeBuild to stop a build; one that has ended, or is not known, is left as it is."""

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan; False where the registry made one in the last 24 hours, or scans by itself."""

    def update_function(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest; raises `FunctionUpdateFailed`."""

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of a function's code and move an alias to it (empty: none); returns the version."""

    def write_file(self, path: Path, content: bytes) -> None:
        """Replace the content of a file, or make the file; it keeps its owner, mode and links."""

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release; raises `ReleaseFailed`."""

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Roll the release back to a revision; raises `ReleaseFailed`."""

    def uninstall_release(self, release: Release) -> None:
        """Remove a release whose first installation was cut off; raises `ReleaseFailed`."""

    def edit_branch(self, request: EditRequest) -> str | None:
        """Commit and push the change of one file; returns the commit, None where nothing differs, or `PushFailed`."""

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lock and return it as stored; None if somebody else wrote it first. The journal does not note it."""

    def tag(self, image: StoredImage, tag: str) -> None:
        """Give an image of the registry another tag, byte for byte the same manifest."""

    def notify(self, request: NotifyRequest) -> None:
        """Send a message to everybody who subscribed to the topic; raises `ConfigurationError`."""


class Journal:
    """The effects of a run in their order, including failed ones."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []

    @contextmanager
    def note(self, name: EffectKind, target: str, state: EffectState = "performed") -> Iterator[None]:
        """Note the effect that the block performs; as failed if the block raises."""
        try:
            yield
        except BaseException:
            self.effects.append(Effect(name=name, target=target, state="failed"))
            raise
        self.effects.append(Effect(name=name, target=target, state=state))

    def note_failure(self, name: EffectKind, target: str) -> None:
        """Note an effect that failed as one of several."""
        self.effects.append(Effect(name=name, target=target, state="failed"))


class NotedEffects:
    """Effects that a journal notes: for each, its kind, who does it, and what names its target.

    Args:
        effects: perform or assume.
        journal: gets the notes.
        state: of an effect that succeeds.
    """

    def __init__(self, effects: Effects, journal: Journal, state: EffectState = "performed") -> None:
        self._effects, self._journal, self._state = effects, journal, state
        noted, kinds = self._noted, EffectKind
        self.check = noted(kinds.CHECK, effects.check, lambda request: f"{request.check.name} {request.target.name}")
        self.build_image = noted(kinds.BUILD_IMAGE, effects.build_image, lambda request: request.target.name)
        self.push = noted(kinds.PUSH, effects.push, lambda request: f"{request.repository}:{request.tag}")
        self.attest = noted(
            kinds.ATTEST, effects.attest, lambda request: f"{request.image.repository}@{request.image.digest}"
        )
        self.start_worker = noted(
            kinds.START_WORKER, effects.start_worker, lambda request: f"{request.project}: {' '.join(request.names)}"
        )
        self.stop_worker = noted(kinds.STOP_WORKER, effects.stop_worker, lambda build: build)
        self.start_scan = noted(
            kinds.START_SCAN, effects.start_scan, lambda repository, digest: f"{repository}@{digest}"
        )
        self.update_function = noted(kinds.UPDATE_FUNCTION, effects.update_function, lambda state, image: state.name)
        self.publish = noted(kinds.PUBLISH, effects.publish, lambda state, alias: state.name)
        self.write_file = noted(kinds.WRITE_FILE, effects.write_file, lambda path, content: path.name)
        self.upgrade_release = noted(
            kinds.UPGRADE_RELEASE, effects.upgrade_release, lambda request: request.release.name
        )
        self.rollback_release = noted(
            kinds.ROLLBACK_RELEASE,
            effects.rollback_release,
            lambda release, revision, timeout: f"{release.name}:{revision}",
        )
        self.uninstall_release = noted(kinds.UNINSTALL_RELEASE, effects.uninstall_release, lambda release: release.name)
        self.edit_branch = noted(kinds.EDIT_BRANCH, effects.edit_branch, lambda request: request.branch)
        self.tag = noted(kinds.TAG, effects.tag, lambda image, tag: f"{image.repository}:{tag}")
        self.notify = noted(kinds.NOTIFY, effects.notify, lambda request: request.topic)
        self.write_lease = effects.write_lease
        # A part of the images, which are noted.
        self.prepare_images = effects.prepare_images

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make what the Dockerfiles take; each is an effect of its own, but where nothing is made."""
        noted = {target.name for target in targets if target.package == NONE}

        def note(name: str, seconds: float) -> None:
            if name in noted:
                on_packaged(name, seconds)
                return
            with self._journal.note(EffectKind.PACKAGE, name, self._state):
                noted.add(name)
            on_packaged(name, seconds)

        try:
            self._effects.package(targets, note)
        except BuildFailed as error:
            for name in sorted(error.targets or {target.name for target in targets} - noted):
                self._journal.note_failure(EffectKind.PACKAGE, name)
            raise

    def _noted(self, kind: EffectKind, perform: Callable[P, R], target_of: Callable[P, str]) -> Callable[P, R]:
        def perform_and_note(*args: P.args, **kwargs: P.kwargs) -> R:
            # What a signal keeps from beginning has not failed.
            WAY_OUT.require_may_begin()
            with self._journal.note(kind, target_of(*args, **kwargs), self._state):
                return perform(*args, **kwargs)

        return perform_and_note

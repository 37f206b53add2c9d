"""Effects that are asked for again while their answers pass; one whose answer was lost is read back first.

| Effect | What a second attempt looks at first |
|---|---|
| `update_function` | the function: it may run the image already. The revision that was read goes with every attempt |
| `publish` | nothing: Lambda makes no second version of the same code |
| `upgrade_release`, `rollback_release` | the newest revision: it may be the one that was asked for |
| `uninstall_release` | the history: the release may be gone |
| `write_lease` | the lease: it may be stored as it was sent |
| `start_worker` | nothing: the same token begins no second build |
| `stop_worker` | nothing: a build is stopped once |
| `push`, `attest`, `tag`, `start_scan`, `edit_branch` | nothing: a second time changes nothing |

Checks, builds and files of this machine are not asked for again, and a notification never delays a run.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from erp_build.clients.effects import EditRequest, Effects, ImageRequest, UpgradeRequest, WorkerRequest
from erp_build.clients.helm.protocol import Helm
from erp_build.clients.patience import Patience
from erp_build.clients.protocols import Functions, Leases
from erp_build.errors import ReleaseFailed
from erp_build.model.images.evidence import EvidenceRequest
from erp_build.model.images.image import ImageReference, PushedEvidence, PushedImage, StoredImage
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release, Revision

T = TypeVar("T")


class PatientEffects:
    """The effects, each asked for again while its answer passes. Those that move what runs extend the patience.

    Args:
        effects: perform.
        patience: asks again.
        functions, helm, leases: read back; they are asked once at each attempt.
    """

    def __init__(
        self, effects: Effects, patience: Patience, *, functions: Functions, helm: Helm, leases: Leases
    ) -> None:
        self._effects, self._patience = effects, patience
        self._functions, self._helm, self._leases = functions, helm, leases
        self.check = effects.check
        self.package = effects.package
        self.prepare_images = effects.prepare_images
        self.build_image = effects.build_image
        self.write_file = effects.write_file
        self.notify = effects.notify

    def push(self, request: ImageRequest) -> PushedImage:
        """Push the image under its tag."""
        return self._patience.ask(self._effects.push, request)

    def attest(self, request: EvidenceRequest) -> PushedEvidence:
        """Attach SBOM and provenance; the same request makes the same bytes."""
        return self._patience.ask(self._effects.attest, request)

    def start_worker(self, request: WorkerRequest) -> str:
        """Begin a build of CodeBuild."""
        return self._patience.ask(self._effects.start_worker, request)

    def stop_worker(self, build: str) -> None:
        """Stop a build of CodeBuild."""
        self._patience.ask(self._effects.stop_worker, build)

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan."""
        return self._patience.ask(self._effects.start_scan, repository, digest)

    def tag(self, image: StoredImage, tag: str) -> None:
        """Give an image of the registry another tag."""
        self._patience.ask(self._effects.tag, image, tag)

    def edit_branch(self, request: EditRequest) -> str | None:
        """Commit and push the change of one file."""
        return self._patience.ask(self._effects.edit_branch, request)

    def update_function(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest."""
        wanted = ImageReference.parse(image).digest

        def runs_already() -> bool | None:
            now = self._functions.state(state.name)
            return (now is not None and ImageReference.parse(now.image).digest == wanted) or None

        self._patience.extend()
        self._ask(lambda: self._effects.update_function(state, image), runs_already)

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of a function's code and move an alias to it."""
        self._patience.extend()
        return self._patience.ask(self._effects.publish, state, alias)

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release."""
        self._change_release(request.release, request.description, lambda: self._effects.upgrade_release(request))

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Roll the release back to a revision."""
        self._change_release(
            release,
            f"Rollback to {revision}",
            lambda: self._effects.rollback_release(release, revision, timeout),
        )

    def uninstall_release(self, release: Release) -> None:
        """Remove a release."""
        self._patience.extend()
        self._ask(lambda: self._effects.uninstall_release(release), lambda: not self._helm.history(release) or None)

    def write_lease(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lock; None if somebody else wrote it first."""

        def stored() -> Lease | None:
            now = self._leases.read(release).lease
            return now if now and _same(now, lease) else None

        return self._ask(lambda: self._effects.write_lease(release, lease), stored)

    def _change_release(self, release: Release, description: str, change: Callable[[], None]) -> None:
        self._patience.extend()
        before = self._patience.ask(self._newest, release)

        def has_changed() -> bool | None:
            now = self._newest(release)
            if now.number == before.number:
                return None
            return _ended(release, now, description)

        self._ask(change, has_changed)

    def _newest(self, release: Release) -> Revision:
        history = self._helm.history(release)
        return history[-1] if history else Revision(number=0, status="")

    def _ask(self, perform: Callable[[], T], done: Callable[[], T | None]) -> T:
        """Perform it until there is an answer; each further attempt looks first whether it is done."""
        is_first = True

        def attempt() -> T:
            nonlocal is_first
            found = None if is_first else done()
            is_first = False
            return perform() if found is None else found

        return self._patience.ask(attempt)


def _ended(release: Release, newest: Revision, description: str) -> bool | None:
    """Whether a new revision is ours and deployed; None where it failed, so that another attempt makes the next one."""
    if newest.description != description:
        raise ReleaseFailed(
            "somebody else changed the release at the same time",
            where=str(release),
            why=f"revision {newest.number} is {newest.status}: {newest.description}",
            next_step="find out who did, then run again",
        )
    if newest.is_pending:
        raise ReleaseFailed(
            "Helm lost the cluster before it could end its revision",
            where=str(release),
            why=f"revision {newest.number} is {newest.status}",
            next_step="run again: a run ends a revision that was left pending",
        )
    return True if newest.status == "deployed" else None


def _same(stored: Lease, sent: Lease) -> bool:
    """Whether a stored lease is the one that was sent, which bore no version of its own yet."""
    return replace(stored, version="", seconds=0.0) == replace(sent, version="", seconds=0.0)

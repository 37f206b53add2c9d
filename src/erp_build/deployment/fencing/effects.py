"""The fence: the effects of a run that holds the lock. None that changes what runs is begun without a look at the lock.

Between that look and the effect the run may be paused for longer than the lock lasts. So each effect also compares what
is there with what this run knows: Lambda by its RevisionId, Git by its refusal of what is no fast-forward. Helm and a
tag cannot compare, so the release is read directly before, and both directly behind the effect. An attempt that is
repeated (`clients/patient_effects.py`) is no less an effect: the same is asked before each.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from erp_build.clients.effects import EditRequest, UpgradeRequest
from erp_build.clients.site import Site
from erp_build.deployment.fencing.revision import Holder, KnownRevision
from erp_build.errors import Locked
from erp_build.model.images.image import LATEST, StoredImage
from erp_build.model.releases.release import Release

P = ParamSpec("P")
R = TypeVar("R")


class FencedEffects:
    """The effects of a site for the run that holds its lock; see the module.

    A builder or a scan changes nothing that runs, and needs no lock.
    """

    def __init__(self, site: Site, lock: Holder) -> None:
        effects = self._effects = site.clients.effects
        self._registry, self._patience = site.clients.registry, site.clients.patience
        self._lock = lock
        self.revision = KnownRevision(site, lock)
        self.check = effects.check
        self.package = effects.package
        self.prepare_images = effects.prepare_images
        self.build_image = effects.build_image
        self.push = effects.push
        self.attest = effects.attest
        self.start_worker = effects.start_worker
        self.stop_worker = effects.stop_worker
        self.start_scan = effects.start_scan
        self.notify = effects.notify
        self.write_lease = effects.write_lease
        self.write_file = self._asked(effects.write_file)
        # Lambda compares: an update has the RevisionId of the state that was read, a version its checksum.
        self.update_function = self._asked(effects.update_function)
        self.publish = self._asked(effects.publish)

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release, if its newest revision is the known one."""
        with self.revision.followed(request.description):
            self._effects.upgrade_release(request)

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:
        """Roll the release back, if its newest revision is the known one."""
        with self.revision.followed(f"Rollback to {revision}"):
            self._effects.rollback_release(release, revision, timeout)

    def uninstall_release(self, release: Release) -> None:
        """Remove the release, if its newest revision is the known one."""
        with self.revision.removed():
            self._effects.uninstall_release(release)

    def edit_branch(self, request: EditRequest) -> str | None:
        """Commit and push; before every attempt the lock is asked, because somebody who pushed may hold it."""

        def change(content: bytes) -> bytes:
            self._lock.require_held()
            return request.change(content)

        commit = self._effects.edit_branch(replace(request, change=change))
        self._lock.require_held()
        return commit

    def tag(self, image: StoredImage, tag: str) -> None:
        """Give an image a tag. Only `latest` is moved from one image to another; a commit's tag says nothing else."""
        if tag != LATEST:
            self._effects.tag(image, tag)
            return
        self._asked(self._effects.tag)(image, tag)
        self._lock.require_held()
        now = self._registry.stored(image.repository, tag)
        if now is None or now.digest != image.digest:
            raise self._lock.lose(
                Locked(
                    f"somebody else has moved `{tag}` in the meantime",
                    where=image.repository,
                    why=f"this run moved it to {image.digest}; now it names {now.digest if now else 'nothing'}",
                    next_step="erp-build history shows who deployed what; run again if this commit is the newer one",
                )
            )

    def _asked(self, perform: Callable[P, R]) -> Callable[P, R]:
        def ask_and_perform(*args: P.args, **kwargs: P.kwargs) -> R:
            self._lock.require_held()
            with self._patience.guarded(self._lock.require_held):
                return perform(*args, **kwargs)

        return ask_and_perform

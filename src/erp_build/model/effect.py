"""Effects: what a run changes outside of its process, or would change."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

EffectState = Literal["performed", "assumed", "failed"]


class EffectKind(StrEnum):
    """The kinds of effects: the methods of `clients.effects.Effects` without the lock's, which is not noted."""

    CHECK = "check"
    PACKAGE = "package"
    BUILD_IMAGE = "build_image"
    PUSH = "push"
    ATTEST = "attest"
    START_WORKER = "start_worker"
    STOP_WORKER = "stop_worker"
    START_SCAN = "start_scan"
    UPDATE_FUNCTION = "update_function"
    PUBLISH = "publish"
    WRITE_FILE = "write_file"
    UPGRADE_RELEASE = "upgrade_release"
    ROLLBACK_RELEASE = "rollback_release"
    UNINSTALL_RELEASE = "uninstall_release"
    EDIT_BRANCH = "edit_branch"
    TAG = "tag"
    NOTIFY = "notify"

    @property
    def moves_what_runs(self) -> bool:
        """Whether something else may run after it than before.

        A tag moves nothing: functions run digests, and a pod that runs has its image already. Neither does a file or
        a branch: the cluster learns of them by an upgrade of the release.
        """
        return self in (
            EffectKind.UPDATE_FUNCTION,
            EffectKind.PUBLISH,
            EffectKind.UPGRADE_RELEASE,
            EffectKind.ROLLBACK_RELEASE,
            EffectKind.UNINSTALL_RELEASE,
        )

    @property
    def says_what_runs(self) -> bool:
        """Whether it changes a text or a name that says what runs: a values file, its branch, a tag."""
        return self in (EffectKind.WRITE_FILE, EffectKind.EDIT_BRANCH, EffectKind.TAG)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One effect: its kind, its target, and whether it was performed, only assumed, or failed."""

    name: EffectKind
    target: str
    state: EffectState

    @property
    def moves_what_runs(self) -> bool:
        """Whether something else may run after it than before; one that failed may have moved something too."""
        return self.name.moves_what_runs and self.state != "assumed"

    @property
    def says_what_runs(self) -> bool:
        """Whether it changed a text or a name that says what runs."""
        return self.name.says_what_runs and self.state != "assumed"

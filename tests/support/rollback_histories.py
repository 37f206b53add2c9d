"""Histories of a release, each step of which a world goes through, and where a rollback must lead after them.

The expectation is kept beside the ledger and knows nothing of it: which contents were proven, and what is installed.
"""

from dataclasses import dataclass, field
from typing import Literal

Step = Literal["proven", "kept", "taken back", "killed", "uninstalled"]
STEPS: tuple[Step, ...] = ("proven", "kept", "taken back", "killed", "uninstalled")
LONGEST = 5


@dataclass
class Expectation:
    """What a person knows who has watched every step. Content 0 is what ran before the first one; the release did not.

    Attributes:
        proven: contents of the deployments that were proven, in their order.
        gone: contents whose revisions Helm has no more.
        since: how many of `proven` there were when the release was uninstalled last.
        is_installed: whether there is a release.
        last: the last deployment: `good` (proven, or back to what was), `bad`, or empty before the first.
        is_changed: whether the release was uninstalled since then.
    """

    proven: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    since: int = 0
    is_installed: bool = False
    last: Literal["", "good", "bad"] = ""
    is_changed: bool = False

    def see(self, step: Step, content: int, *, is_installed: bool) -> None:
        """A step was done, after which there is a release or not."""
        if step == "uninstalled":
            self.is_changed = self.is_changed or self.is_installed
            self.since, self.is_installed = len(self.proven), is_installed
            return
        is_back = step == "taken back" and self.automatic_release is not None
        self.last = "good" if step == "proven" or is_back else "bad"
        self.is_installed = is_installed
        self.is_changed = False
        self.proven += [content] if step == "proven" else []

    @property
    def automatic_release(self) -> int | None:
        """The content to which a failed run takes the release back; None: nothing that was proven is installed."""
        return self.proven[-1] if self.is_installed and len(self.proven) > self.since else None

    @property
    def automatic_function(self) -> int:
        """The content to which a failed run takes the function back."""
        return self.proven[-1] if self.proven else 0

    @property
    def by_hand(self) -> int | None:
        """The content to which `rollback` leads, both halves; None: it refuses."""
        runs_what_is_proven = self.last == "good" and not self.is_changed
        known = self.proven[:-1] if runs_what_is_proven else self.proven
        if known:
            return known[-1] if known[-1] not in self.gone else None
        # Before the first deployment there was no release: it can be come back to where there is none now.
        return 0 if self.last and not self.is_installed else None

"""A Helm release and its revisions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """Where a release lives: cluster, namespace, name.

    Attributes:
        function: the function in Lambda that is deployed by itself; its lock lies where the release lives. Empty: the
            release is meant.
    """

    cluster: str
    namespace: str
    name: str
    function: str = ""

    def __str__(self) -> str:
        """As an error names it."""
        what = f"function {self.function}, lock in" if self.function else f"release {self.name},"
        return f"{what} namespace {self.namespace}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A line of `helm history`; `status` is Helm's word: deployed, failed, superseded, pending-upgrade, ..."""

    number: int
    status: str
    description: str = ""
    updated: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether an operation is in progress, or was interrupted and never ended."""
        return self.status.startswith("pending")

    @property
    def has_ended_well(self) -> bool:
        """Whether Helm calls it done, with all of its hooks: it runs, or ran until a newer one came."""
        return self.status in ("deployed", "superseded")

    @property
    def is_being_removed(self) -> bool:
        """Whether a removal is in progress, or was cut off and never ended; Helm then neither upgrades nor installs."""
        return self.status == "uninstalling"


@dataclass(frozen=True, slots=True)
class HookRun:
    """A hook that ran with a revision, by Helm's own record of it.

    Attributes:
        kind, name: of its object.
        phase: Helm's word for how it ended: Succeeded, Failed; Running or Unknown: nobody has written that down.
        events: at which it runs.
    """

    kind: str
    name: str
    phase: str
    events: tuple[str, ...]

"""Lambda in memory: an update is pending for a few reads, then successful or failed."""

from collections.abc import Mapping
from dataclasses import replace

from erp_build.domain.release import FunctionState
from erp_build.errors import FunctionUpdateFailed


class FakeFunctions:
    """Functions by name, each with the image that it runs."""

    def __init__(self, images: Mapping[str, str]) -> None:
        self.states = {
            name: FunctionState(
                name=name, package_type="Image", image=image, resolved=image, state="Active", last_update="Successful"
            )
            for name, image in images.items()
        }
        self.updates: list[tuple[str, str]] = []
        self.reads_until_settled = 2
        self._pending: dict[str, int] = {}
        self._reason = ""

    def fails_with(self, reason: str) -> None:
        """Let the next update fail."""
        self._reason = reason

    def is_busy(self, name: str, reads: int) -> None:
        """Let somebody else's update be in progress for so many reads."""
        self.states[name] = replace(self.states[name], last_update="InProgress")
        self._pending[name] = reads

    def state(self, name: str) -> FunctionState | None:
        """The function now; each read brings a pending update nearer to its end."""
        if name not in self.states:
            return None
        left = self._pending.get(name, 0)
        if left:
            self._pending[name] = left - 1
        elif self.states[name].last_update == "InProgress":
            outcome = "Failed" if self._reason else "Successful"
            self.states[name] = replace(self.states[name], last_update=outcome, reason=self._reason, state="Active")
        return self.states[name]

    def update(self, name: str, image: str) -> None:
        """Begin an update; one in progress refuses another."""
        if self.states[name].last_update == "InProgress":
            raise FunctionUpdateFailed("lambda:UpdateFunctionCode failed", where=name, why="ResourceConflictException")
        self.updates.append((name, image))
        self.states[name] = replace(self.states[name], image=image, resolved=image, last_update="InProgress")
        self._pending[name] = self.reads_until_settled

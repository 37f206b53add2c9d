"""Lambda functions in memory, whose updates take some reads to end."""

from dataclasses import replace

from erp_build.errors import ConfigurationError, FunctionChanged, FunctionUpdateFailed
from erp_build.model.releases.lambda_function import FunctionState

READS = 2
"""How often an update is seen in progress before it ends."""


class FakeFunctions:
    """What Lambda runs."""

    def __init__(self) -> None:
        self.states: dict[str, FunctionState] = {}
        self.updates: list[str] = []
        self.versions: list[str] = []
        self.aliases: dict[str, str] = {}
        self.alias_is_stuck = False
        self.protected: set[str] = set()
        self.hidden: set[str] = set()
        self._revision = 0
        self._reads_left: dict[str, int] = {}
        self._failures: dict[str, list[str]] = {}
        self._stuck: set[str] = set()

    def state(self, name: str) -> FunctionState | None:
        """The function; each read brings an update that is in progress nearer to its end."""
        if name in self.hidden:
            raise ConfigurationError("lambda:GetFunction is not allowed", where=name)
        left = self._reads_left.get(name, 0)
        if left:
            self._reads_left[name] = left - 1
        elif name in self.states:
            self._settle(name)
        return self.states.get(name)

    def may_update(self, state: FunctionState) -> None:
        if state.name in self.protected:
            raise FunctionUpdateFailed("lambda:UpdateFunctionCode is not allowed", where=state.name)

    def alias_digest(self, name: str, alias: str) -> str:
        return self.aliases.get(f"{name}:{alias}", "")

    def publish(self, state: FunctionState, alias: str) -> str:
        """A version of what runs, the last one where nothing has changed since, and the alias on it.

        Refused where it is not what was read (`CodeSha256`).
        """
        name = state.name
        if state.digest and self.states[name].digest != state.digest:
            raise FunctionUpdateFailed("PreconditionFailedException", where=name)
        if self.versions[-1:] != [self.states[name].digest]:
            self.versions.append(self.states[name].digest)
        if alias and not self.alias_is_stuck:
            self.aliases[f"{name}:{alias}"] = self.states[name].digest
        return str(len(self.versions))

    def update(self, state: FunctionState, image: str) -> None:
        """Begin an update; refused during another one, and where somebody changed what was read (`RevisionId`)."""
        name, read = state.name, state
        state = self.states[name]
        if read.revision and state.image != read.image:
            raise FunctionUpdateFailed("another deployment changed the function in the meantime", where=name)
        if state.last_update == "InProgress" or state.state == "Pending":
            raise FunctionUpdateFailed("ResourceConflictException", where=name)
        if read.revision and state.revision != read.revision:
            raise FunctionChanged("the function was changed in the meantime", where=name)
        self.updates.append(image)
        self._changes(name, image=image, last_update="InProgress", reason="")
        self._reads_left[name] = READS

    def create(self, name: str, image: str, digest: str) -> None:
        """A function that runs an image of a tag."""
        resolved = f"{image.rpartition(':')[0]}@{digest}"
        self.states[name] = FunctionState(
            name=name, package_type="Image", image=image, resolved=resolved, state="Active", last_update="Successful"
        )
        self._changes(name)

    def is_being_updated(self, name: str, reads: int) -> None:
        """Somebody else's update is in progress for some reads."""
        self._changes(name, last_update="InProgress")
        self._reads_left[name] = reads

    def is_being_made(self, name: str, reads: int) -> None:
        """The function itself is not there yet for some reads."""
        self._changes(name, state="Pending")
        self._reads_left[name] = reads

    def resolves_nothing_new(self, name: str) -> None:
        """The next updates end well, and the function still runs the old image."""
        self._stuck.add(name)

    def fails_to_update(self, name: str, reason: str, times: int = 1000, after: int = 0) -> None:
        """The next updates end badly, or those after some good ones, and the old image goes on running."""
        self._failures[name] = [*[reason] * times, *[""] * after]

    def _settle(self, name: str) -> None:
        state = self.states[name]
        if state.state == "Pending":
            self._changes(name, state="Active")
        elif state.last_update == "InProgress" and (reason := self._next_failure(name)):
            self._changes(name, last_update="Failed", reason=reason)
        elif state.last_update == "InProgress":
            resolved = state.image if "@" in state.image and name not in self._stuck else state.resolved
            self._changes(name, last_update="Successful", resolved=resolved)

    def _changes(self, name: str, **fields: str) -> None:
        """Give a function other fields, and with them another revision, as Lambda does at each change of its state."""
        self._revision += 1
        self.states[name] = replace(self.states[name], revision=f"r{self._revision}", **fields)

    def _next_failure(self, name: str) -> str:
        left = self._failures.get(name)
        return left.pop() if left else ""

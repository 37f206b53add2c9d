"""A component of the sandbox: something that can be put up, looked at and taken down."""

from typing import Protocol


class Component(Protocol):
    """One component; `up` and `down` may be called again at any time and then do nothing."""

    name: str

    def is_up(self) -> bool:
        """Whether the component answers now (asked of the component itself, not of a pid file)."""

    def up(self) -> None:
        """Put the component up and return when it answers; raises `SandboxError` with what to do."""

    def down(self) -> None:
        """Take the component down and return when nothing of it is left."""

"""A part of the sandbox: something that can be put up, looked at and taken down."""

from typing import Protocol


class Part(Protocol):
    """One part; `up` and `down` may be called again at any time and then do nothing."""

    name: str

    def is_up(self) -> bool:
        """Whether the part answers now (asked of the part itself, not of a pid file)."""

    def up(self) -> None:
        """Put the part up and return when it answers; raises `SandboxError` with what to do."""

    def down(self) -> None:
        """Take the part down and return when nothing of it is left."""


class SandboxError(Exception):
    """Something of the sandbox does not work; the text says what, where and what to do next."""

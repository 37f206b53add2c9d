"""What CodeBuild says of the source in its environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEX = frozenset("0123456789abcdef")
FULL = 40
NO_COMMIT = "0" * 40


def commit_from(variables: Mapping[str, str], name: str) -> str | None:
    """A full commit from an environment variable; an unset, empty, zero or malformed one is None."""
    value = variables.get(name, "").strip().lower()
    return value if len(value) == FULL and HEX.issuperset(value) and value != NO_COMMIT else None

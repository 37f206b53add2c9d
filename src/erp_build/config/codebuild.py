"""What CodeBuild says of the source in its environment variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FULL_COMMIT = re.compile(r"[0-9a-f]{40}")
NO_COMMIT = "0" * 40


def commit_from(variables: Mapping[str, str], name: str) -> str | None:
    """A full commit from an environment variable; an unset, empty, zero or malformed one is None."""
    value = variables.get(name, "").strip().lower()
    return value if FULL_COMMIT.fullmatch(value) and value != NO_COMMIT else None

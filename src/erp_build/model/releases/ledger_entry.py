"""An entry of the ledger: what a deployment deployed, how it ended, and what ran before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


Outcome = Literal["begun", "deployed", "failed", "taken back", "rolled back"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What ran before a deployment: the target of a rollback.

    Attributes:
        functions: target -> its image, `host/repository@sha256:...`.
        tags: service -> its tag.
        revision: the last good revision of the release; None before the first.
    """

    functions: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    revision: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One deployment; times are ISO 8601, UTC. `revision` and `functions` are what it left behind."""

    at: str
    commit: str
    build: str
    before: Before
    outcome: Outcome = "begun"
    revision: int | None = None
    functions: Mapping[str, str] = field(default_factory=dict)

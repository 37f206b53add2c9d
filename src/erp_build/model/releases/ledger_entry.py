"""An entry of the ledger: what a deployment deployed, how it ended, and what ran before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DeploymentOutcome = Literal["begun", "deployed", "failed", "taken back", "rolled back"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousState:
    """What ran before a deployment, to which a rollback leads.

    Attributes:
        functions: target -> its image, `host/repository@sha256:...`.
        tags: service -> its tag.
        revision: the last good revision of the release; None before the first.
    """

    functions: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    revision: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One deployment; times are ISO 8601, UTC. `revision` and `functions` are what it left behind."""

    at: str
    commit: str
    build: str
    before: PreviousState
    outcome: DeploymentOutcome = "begun"
    revision: int | None = None
    functions: Mapping[str, str] = field(default_factory=dict)

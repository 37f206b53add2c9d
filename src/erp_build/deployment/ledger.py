"""The ledger of past deployments: when, which commit, by which build, and what ran before and after.

It is stored in the lock's Lease, because Helm's history does not know the functions. It is not a source of truth: what
runs is always read from the cluster and from Lambda.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from erp_build.formats.json_text import parsed_json

MAX_ENTRIES_KEPT = 30
"""The newest deployments that are kept: the Lease holds them as one text."""


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


def read_entries(text: str) -> tuple[LedgerEntry, ...]:
    """Parse the ledger, oldest entry first; a text that cannot be read has no entries."""
    try:
        return tuple(
            LedgerEntry(**{**item, "before": PreviousState(**item["before"])}) for item in parsed_json(text or "[]")
        )
    except (ValueError, TypeError, KeyError):
        # Another version may have written it. A deployment must not fail for its history.
        return ()


def as_text(entries: tuple[LedgerEntry, ...]) -> str:
    """The entries as text; the oldest ones are dropped."""
    return json.dumps(
        [asdict(entry) for entry in entries[-MAX_ENTRIES_KEPT:]], ensure_ascii=False, separators=(",", ":")
    )

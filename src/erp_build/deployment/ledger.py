"""The ledger of past deployments: when, which commit, by which build, and what ran before and after.

It is stored in the lock's Lease, because Helm's history does not know the functions. It is not a source of truth: what
runs is always read from the cluster and from Lambda.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from erp_build.formats.json_text import parsed_json
from erp_build.model.releases.ledger_entry import DeploymentOutcome, LedgerEntry, PreviousState

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ENTRIES_KEPT = 30
"""The newest deployments that are kept: the Lease holds them as one text."""


def read_entries(text: str) -> tuple[LedgerEntry, ...]:
    """Parse the ledger, oldest entry first; a text that cannot be read has no entries."""
    try:
        return tuple(
            LedgerEntry(**{**item, "before": PreviousState(**item["before"])}) for item in parsed_json(text or "[]")
        )
    except (ValueError, TypeError, KeyError):
        # Another version may have written it. A deployment must not fail for its history.
        return ()


def write_entries(entries: tuple[LedgerEntry, ...]) -> str:
    """Write the entries as text; the oldest ones are dropped."""
    return json.dumps(
        [asdict(entry) for entry in entries[-MAX_ENTRIES_KEPT:]], ensure_ascii=False, separators=(",", ":")
    )


def begun(text: str, entry: LedgerEntry) -> str:
    """The ledger's text with a new deployment, whose outcome is `begun`."""
    return write_entries((*read_entries(text), entry))


def ended(text: str, outcome: DeploymentOutcome, revision: int | None, functions: Mapping[str, str]) -> str:
    """The ledger's text with the outcome of the newest deployment."""
    entries = read_entries(text)
    if not entries:
        return text
    last = replace(entries[-1], outcome=outcome, revision=revision, functions=dict(functions))
    return write_entries((*entries[:-1], last))

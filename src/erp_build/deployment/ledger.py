"""The ledger of past deployments: when, which commit, by which build, and what ran before and after.

It is stored in the lock's Lease, because Helm's history does not know the functions. It is not a source of truth: what
runs is always read from the cluster and from Lambda.
"""

import json
from dataclasses import asdict

from erp_build.model.releases.ledger_entry import LedgerEntry, PreviousState

MAX_ENTRIES_KEPT = 30
"""The newest deployments that are kept: the Lease holds them as one text."""


def read_entries(text: str) -> tuple[LedgerEntry, ...]:
    """Parse the ledger, oldest entry first; a text that cannot be read has no entries."""
    try:
        return tuple(
            LedgerEntry(**{**item, "before": PreviousState(**item["before"])}) for item in json.loads(text or "[]")
        )
    except (ValueError, TypeError, KeyError):
        # Another version may have written it. A deployment must not fail for its history.
        return ()


def write_entries(entries: tuple[LedgerEntry, ...]) -> str:
    """Write the entries as text; the oldest ones are dropped."""
    return json.dumps(
        [asdict(entry) for entry in entries[-MAX_ENTRIES_KEPT:]], ensure_ascii=False, separators=(",", ":")
    )

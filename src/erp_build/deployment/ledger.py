"""What past deployments wrote down: when, which commit, by which build, and what ran before and after.

It is kept beside the lock, because Helm's history knows nothing of the functions. It is a memory, not the truth: what
runs is always read from the cluster and from Lambda.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from erp_build.model.releases.ledger_entry import DeploymentOutcome, LedgerEntry, PreviousState

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ENTRIES_KEPT = 30
"""Deployments that are remembered."""


def read_entries(text: str) -> tuple[LedgerEntry, ...]:
    """The deployments that were written down, oldest first; what cannot be read counts as nothing."""
    try:
        return tuple(
            LedgerEntry(**{**item, "before": PreviousState(**item["before"])}) for item in json.loads(text or "[]")
        )
    except (ValueError, TypeError, KeyError):
        return ()


def write_entries(entries: tuple[LedgerEntry, ...]) -> str:
    """The same as text; the oldest are forgotten."""
    return json.dumps(
        [asdict(entry) for entry in entries[-MAX_ENTRIES_KEPT:]], ensure_ascii=False, separators=(",", ":")
    )


def begun(text: str, entry: LedgerEntry) -> str:
    """The text with a deployment that begins."""
    return write_entries((*read_entries(text), entry))


def ended(text: str, outcome: DeploymentOutcome, revision: int | None, functions: Mapping[str, str]) -> str:
    """The text with the end of the newest deployment."""
    entries = read_entries(text)
    if not entries:
        return text
    last = replace(entries[-1], outcome=outcome, revision=revision, functions=dict(functions))
    return write_entries((*entries[:-1], last))

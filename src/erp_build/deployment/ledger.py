"""The ledger of past deployments: when, which commit, by which build, what it left behind, and whether that was proven.

It is stored in the lock's Lease, because Helm's history knows neither the functions nor what was proven. What runs is
always read from the cluster and from Lambda; where a failure or a rollback leads is read here.
"""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from erp_build.formats.json_text import parsed_json
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.preview import Migration

MAX_ENTRIES_KEPT = 30
"""The newest deployments that are kept: the Lease holds them as one text."""

MAX_LEDGER_BYTES = 240 * 1024
"""What the ledger may take of the 256 KiB that the API allows all annotations of an object together."""

MAX_UNPACKED_BYTES = 16 * 1024 * 1024
"""The largest ledger that is unpacked: whoever may write the Lease must not fill the memory of a run."""

FEWEST_READABLE = 5
"""Entries that must fit as they are; otherwise the text is packed, which halves it."""

MAX_RED_KEPT = 200
"""Of what was red before a deployment, as much as is kept for a run that ends the bake of a killed one."""

SCHEMA = 2
"""The form of the text. The first form was a list of whole entries; it is still read."""

DeploymentOutcome = Literal["begun", "deployed", "failed", "taken back", "rolled back"]
PROVEN: tuple[DeploymentOutcome, ...] = ("deployed", "rolled back")
"""Outcomes of a deployment that was read back and proven."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousState:
    """Both halves of a release at one moment, to which a rollback can lead.

    Attributes:
        functions: target -> its image, `host/repository@sha256:...`.
        revision: of the release, which has the services' tags; None: there was no release.
        updated: when Helm made that revision. The numbers begin anew after an uninstallation.
    """

    functions: Mapping[str, str] = field(default_factory=dict)
    revision: int | None = None
    updated: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One deployment; times are ISO 8601, UTC.

    Attributes:
        at, commit, build: when it began, and what was deployed by whom.
        before: where its failure leads: what ran before it, or for a rollback by hand the place that it leads to.
        outcome: `begun` until it has ended; a run that was cut off stays so.
        revision, updated, functions: what it left behind.
        left_out: the targets of that commit that it left as they ran, in words; empty: none.
        approved: the saved plan that it did, and who approved it, in words; empty: it made its own plan.
        migrations: what it ran that a rollback does not undo; of one that was cut off, what it was to run. None: nobody
            has written that down.
        red: what was red before it, and does not count in its bake.
        bake: how its bake ended, in words; empty: it had none, or was cut off.
    """

    at: str
    commit: str
    build: str
    before: PreviousState
    outcome: DeploymentOutcome = "begun"
    revision: int | None = None
    updated: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)
    left_out: str = ""
    approved: str = ""
    migrations: tuple[Migration, ...] | None = None
    red: tuple[str, ...] = ()
    bake: str = ""

    @property
    def left(self) -> PreviousState:
        """Both halves as it left them; nothing is known of a deployment that was cut off."""
        return PreviousState(functions=self.functions, revision=self.revision, updated=self.updated)

    @property
    def is_settled(self) -> bool:
        """Whether what it left behind is proven, or is what was there before it."""
        return self.outcome in PROVEN or self.outcome == "taken back"

    @property
    def good(self) -> PreviousState:
        """Where the next failure leads, if nobody else changes anything."""
        return self.left if self.is_settled else self.before


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger says now.

    Attributes:
        runs: the proven deployment that runs, by its entry; None: what runs was not proven.
        proven: the deployment that was proven last.
        failed: the newest deployment after that one: it failed, was taken back, or was cut off.
    """

    runs: LedgerEntry | None = None
    proven: LedgerEntry | None = None
    failed: LedgerEntry | None = None


NOTHING_KNOWN = Standing()
"""Without a ledger nothing is known to be proven."""


def entries_of(reading: LeaseReading) -> tuple[LedgerEntry, ...]:
    """The ledger that a reading of the lock has; none where there is no lock yet."""
    return read_entries(reading.lease.record if reading.lease else "")


def read_entries(text: str) -> tuple[LedgerEntry, ...]:
    """Parse the ledger, oldest entry first; a text that cannot be read has no entries."""
    try:
        found = parsed_json(text or "[]")
        if isinstance(found, list):
            return tuple(map(_whole, found))
        return _expanded(_unpacked(found["packed"]) if "packed" in found else found["entries"])
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
        # Another version may have written it. A deployment must not fail for its history.
        return ()


def as_text(entries: tuple[LedgerEntry, ...]) -> str:
    """The entries as text; the oldest ones are dropped, until the others fit.

    People can read it as long as `FEWEST_READABLE` entries fit. With more than some hundred functions it is packed.
    """
    newest = entries[-MAX_ENTRIES_KEPT:]
    text, count = _fitting(newest, _document)
    return text if count >= min(FEWEST_READABLE, len(newest)) else _fitting(newest, _packed)[0]


def _fitting(entries: tuple[LedgerEntry, ...], form: Callable[[list[dict[str, Any]]], str]) -> tuple[str, int]:
    """The newest entries that fit, in a form, and how many they are; one is kept however large it is."""
    while len((text := form(_differences(entries))).encode()) > MAX_LEDGER_BYTES and len(entries) > 1:
        entries = entries[1:]
    return text, len(entries)


def _document(items: list[dict[str, Any]]) -> str:
    return json.dumps({"schema": SCHEMA, "entries": items}, ensure_ascii=False, separators=(",", ":"))


def _packed(items: list[dict[str, Any]]) -> str:
    packed = base64.b85encode(zlib.compress(json.dumps(items).encode(), 9)).decode()
    return json.dumps({"schema": SCHEMA, "packed": packed})


def _unpacked(packed: str) -> Any:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(base64.b85decode(packed), MAX_UNPACKED_BYTES)
    if not unpacking.eof:
        raise ValueError("it is cut off, or larger than every ledger")
    return parsed_json(text)


def _whole(item: Mapping[str, Any]) -> LedgerEntry:
    """An entry of the first form. The tags that it has too are those of its revision."""
    return _entry(item, _state(item["before"], item["before"]["functions"]), item["functions"])


def _expanded(items: Iterable[Mapping[str, Any]]) -> tuple[LedgerEntry, ...]:
    entries: list[LedgerEntry] = []
    for item in items:
        known = entries[-1].good.functions if entries else {}
        before = _patched(known, item["before"].get("functions", {}))
        after = _patched(before, item.get("functions", {})) if item["outcome"] != "begun" else {}
        entries.append(_entry(item, _state(item["before"], before), after))
    return tuple(entries)


def _entry(item: Mapping[str, Any], before: PreviousState, functions: Mapping[str, str]) -> LedgerEntry:
    return LedgerEntry(
        at=item["at"],
        commit=item["commit"],
        build=item["build"],
        before=before,
        outcome=item["outcome"],
        revision=item.get("revision"),
        updated=item.get("updated", ""),
        functions=functions,
        left_out=item.get("left_out", ""),
        approved=item.get("approved", ""),
        migrations=tuple(Migration(*one) for one in item["migrations"]) if "migrations" in item else None,
        red=tuple(item.get("red", ())),
        bake=item.get("bake", ""),
    )


def _state(item: Mapping[str, Any], functions: Mapping[str, str]) -> PreviousState:
    return PreviousState(functions=functions, revision=item.get("revision"), updated=item.get("updated", ""))


def _differences(entries: tuple[LedgerEntry, ...]) -> list[dict[str, Any]]:
    """The entries as they are stored, each with what differs from the one before."""
    items: list[dict[str, Any]] = []
    known: Mapping[str, str] = {}
    for entry in entries:
        before = _filled(entry.before, _patch(known, entry.before.functions))
        after = _patch(entry.before.functions, entry.functions) if entry.outcome != "begun" else {}
        named = {"at": entry.at, "commit": entry.commit, "build": entry.build, "outcome": entry.outcome}
        # What was red before counts only until the end is written.
        red = list(entry.red[:MAX_RED_KEPT]) if entry.outcome == "begun" else []
        words = {"left_out": entry.left_out, "approved": entry.approved, "red": red, "bake": entry.bake}
        apart: dict[str, Any] = {name: text for name, text in words.items() if text}
        if entry.migrations is not None:
            apart["migrations"] = [[one.name, one.how, one.detail] for one in entry.migrations]
        items.append({**named, **apart, **_filled(entry.left, after), "before": before})
        known = entry.good.functions
    return items


def _filled(state: PreviousState, patch: Mapping[str, str | None]) -> dict[str, Any]:
    """A state with a patch in place of its images, without what is empty."""
    found = {"revision": state.revision, "updated": state.updated, "functions": patch}
    return {name: value for name, value in found.items() if value}


def _patch(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str | None]:
    """What makes the new images of the old ones; None: the function is gone."""
    changed = {name: _short(image, old.get(name, "")) for name, image in new.items() if image != old.get(name)}
    return {**changed, **{name: None for name in old if name not in new}}


def _short(image: str, old: str) -> str:
    """An image, without its repository if that is the old one's."""
    repository, at, digest = image.partition("@")
    return at + digest if at and repository == old.partition("@")[0] else image


def _patched(old: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    found = {**old, **patch}
    return {
        name: old[name].partition("@")[0] + image if image.startswith("@") else image
        for name, image in found.items()
        if image is not None
    }

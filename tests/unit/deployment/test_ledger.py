"""The ledger as text: it is read again, an older form too, and it stays within what an annotation may hold."""

import base64
import hashlib
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from erp_build.deployment.ledger import (
    MAX_ENTRIES_KEPT,
    MAX_LEDGER_BYTES,
    MAX_UNPACKED_BYTES,
    DeploymentOutcome,
    LedgerEntry,
    PreviousState,
    as_text,
    read_entries,
)
from erp_build.model.releases.preview import Migration
from tests.support.cases import cases

HOST = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
OUTCOMES: tuple[DeploymentOutcome, ...] = ("deployed", "failed", "taken back", "begun", "rolled back")


def digest(version: int, number: int) -> str:
    """As random as a digest is: it cannot be made smaller."""
    return hashlib.sha256(f"{version} {number}".encode()).hexdigest()


def images(version: int, count: int = 3) -> dict[str, str]:
    """The images of so many functions, all of which change with the version."""
    names = [f"employee-service-{number:04}" for number in range(count)]
    return {name: f"{HOST}/erp/{name}@sha256:{digest(version, number)}" for number, name in enumerate(names)}


def deployments(*outcomes: DeploymentOutcome, functions: int = 3) -> tuple[LedgerEntry, ...]:
    """Deployments one after the other, each of which changes everything."""
    good, found = PreviousState(functions=images(0, functions), revision=1, updated="2026-01-01T00:00:00Z"), []
    for number, outcome in enumerate(outcomes, 2):
        entry = LedgerEntry(
            at=f"2026-01-01T00:{number:02}:00+00:00",
            commit=f"{number:040}",
            build="erp-unified-build:00000000-0000-0000-0000-000000000000",
            before=good,
            outcome=outcome,
        )
        if outcome != "begun":
            left = good.functions if outcome == "taken back" else images(number, functions)
            entry = replace(entry, revision=number, updated=f"2026-01-01T00:{number:02}:30Z", functions=left)
        good = entry.good
        found.append(entry)
    return tuple(found)


@pytest.mark.parametrize("first", OUTCOMES)
@pytest.mark.parametrize("second", OUTCOMES)
def test_what_is_written_is_read_again(first: DeploymentOutcome, second: DeploymentOutcome) -> None:
    entries = deployments("deployed", first, second, "deployed")
    assert read_entries(as_text(entries)) == entries


@pytest.mark.parametrize(
    "migrations", [None, (), (Migration("Job erp-migrate", "hook", "pre-upgrade"), Migration("Job seed", "object"))]
)
def test_what_ran_that_a_rollback_does_not_undo_is_read_again(migrations: tuple[Migration, ...] | None) -> None:
    first, second = deployments("deployed", "begun")
    entries = (first, replace(second, migrations=migrations))
    assert read_entries(as_text(entries)) == entries


def test_functions_that_come_and_go_and_change_their_repository_are_read_again() -> None:
    first, second = deployments("deployed", "deployed")
    names = list(first.functions)
    other = {names[0]: f"{HOST}/other/one@sha256:{'f' * 64}", "new": f"{HOST}/erp/new:by-hand"}
    entries = (first, replace(second, functions=other))
    assert read_entries(as_text(entries)) == entries


def test_an_entry_has_what_differs_from_the_one_before() -> None:
    first, second = deployments("deployed", "deployed")
    name = list(first.functions)[1]
    digest = f"@sha256:{'a' * 64}"
    changed = {**first.functions, name: first.functions[name].partition("@")[0] + digest}
    items = json.loads(as_text((first, replace(second, functions=changed))))["entries"]
    assert items[1]["functions"] == {name: digest}
    assert items[1]["before"] == {"revision": 2, "updated": "2026-01-01T00:02:30Z"}


def test_a_deployment_that_failed_is_no_difference_for_the_next_one() -> None:
    items = json.loads(as_text(deployments("deployed", "failed", "begun")))["entries"]
    assert items[2]["before"] == items[1]["before"] == {"revision": 2, "updated": "2026-01-01T00:02:30Z"}


@pytest.mark.parametrize("functions", [0, 300, 600])
@pytest.mark.parametrize("outcome", ["deployed", "failed"])
def test_the_last_five_deployments_fit_even_if_each_changed_everything(
    outcome: DeploymentOutcome, functions: int
) -> None:
    """The services of the chart have their tags in Helm's revisions, and so take nothing, be they 2,000 or more."""
    entries = deployments("deployed", *[outcome] * 6, functions=functions)
    text = as_text(entries)
    assert ("packed" in text) is (functions > 300)
    assert len(text.encode()) <= MAX_LEDGER_BYTES
    read = read_entries(text)
    assert len(read) >= 5
    assert read == entries[-len(read) :]


def test_old_entries_leave_and_what_was_proven_stays_known() -> None:
    failed: list[DeploymentOutcome] = ["failed"] * 99
    entries = deployments("deployed", *failed)
    read = read_entries(as_text(entries))
    assert len(read) == MAX_ENTRIES_KEPT
    assert read[-1].good == entries[0].left


def test_a_packed_text_that_would_fill_the_memory_has_no_entries() -> None:
    bomb = base64.b85encode(zlib.compress(b"[" + b" " * MAX_UNPACKED_BYTES + b"]", 9)).decode()
    assert read_entries(json.dumps({"packed": bomb})) == ()
    deep = base64.b85encode(zlib.compress(b"[" * 200_000)).decode()
    assert read_entries(json.dumps({"packed": deep})) == ()


def test_one_deployment_is_kept_however_large_it_is() -> None:
    text = as_text(deployments("deployed", "deployed", functions=2000))
    assert len(text.encode()) <= MAX_LEDGER_BYTES
    assert len(read_entries(text)) == 1


@pytest.mark.parametrize("case", cases("ledger"))
def test_an_older_text_is_read(case: dict[str, Any]) -> None:
    entries = read_entries(json.dumps(case["stored"]))
    assert [entry.outcome for entry in entries] == case["outcomes"]
    assert [entry.good.revision for entry in entries] == case["good"]
    assert [list(entry.good.functions.values()) for entry in entries] == case["images"]
    assert read_entries(as_text(entries)) == entries


@pytest.mark.parametrize("text", ["", "[]", "{}", "no JSON", "[1]", '[{"at": "now"}]', '{"entries": [{}]}', "null"])
def test_a_text_that_is_no_ledger_has_no_entries(text: str) -> None:
    assert read_entries(text) == ()

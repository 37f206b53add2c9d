"""`plan --live --rebuild`: what would be built anew, and why, without touching anything."""

import json
from typing import Any

import pytest

from erp_build.changes.make_plan import WHAT_IS_STALE
from erp_build.cli.verbs import plan
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION, REQUEST
from tests.support.stale import BASE, NEW, OLD, built_on_base, enhanced, found_in_what_runs
from tests.support.world_console import WorldConsole


@pytest.fixture
def based(world: FakeWorld) -> FakeWorld:
    """The notification service was built on a base whose registry says its digest, and everything runs."""
    return built_on_base(world)


def planned(world: FakeWorld, *names: str, **given: object) -> dict[str, Any]:
    """The plan as JSON; a plan performs no effect."""
    before = len(world.done())
    world.checkout.git("reset", "--quiet", "--hard")
    options = plan.Options()
    vars(options).update(repo=str(world.root), live=True, json=True, rebuild=list(names), **given)
    console = WorldConsole(world, options)
    plan.main(options, console)
    assert len(world.done()) == before
    document: dict[str, Any] = json.loads(console.out.getvalue())
    return document


def built(document: dict[str, Any]) -> dict[str, list[str]]:
    return {
        one["name"]: [reason["rule"] for reason in one["because"]]
        for one in document["targets"]
        if one["action"] == "build"
    }


def test_what_is_stale_is_shown_with_its_reasons(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    found_in_what_runs(based, enhanced(based.clock.now()))
    assert built(planned(based, WHAT_IS_STALE)) == {
        NOTIFICATION: [
            f"--rebuild: base {BASE} moved from {OLD[:19]} to {NEW[:19]}",
            "--rebuild: CVE-2026-1 (libssl3), CRITICAL, fixed in 3.0.15",
        ]
    }


def test_that_there_is_nothing_is_told_with_what_was_looked_at(based: FakeWorld) -> None:
    document = planned(based, WHAT_IS_STALE)
    assert built(document) == {}
    (said,) = [text for text in document["warnings"] if text.startswith("--rebuild: ")]
    assert "nothing to rebuild: of 4 unchanged targets" in said


def test_what_is_named_is_shown_whatever_there_is_to_say_for_it(based: FakeWorld) -> None:
    assert built(planned(based, REQUEST)) == {REQUEST: ["--rebuild"]}


def test_what_is_saved_names_what_is_rebuilt(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    file = based.root.parent / "plan.json"
    planned(based, WHAT_IS_STALE, save=str(file))
    choice = json.loads(file.read_text(encoding="utf-8"))["choice"]
    assert (choice["rebuild"], choice["refresh"]) == ([], [NOTIFICATION])

"""A rollback by hand over a migration: refused before anything is touched, and done with an explicit answer."""

from dataclasses import replace

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ReleaseFailed
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.failing import fail, outcomes
from tests.support.migrating import MIGRATES, SCRIPT, migrates, never_gets_ready
from tests.support.samples import EMPLOYEE, NOTIFICATION

FUNCTION_SCRIPT = "backend/employee-service/src/main/resources/db/changelog/changes/002.yaml"


def go_back(world: FakeWorld, to: str | None = None, *, over: bool = False) -> None:
    roll_back(world.site(), to, 0.0, over_migration=over)


def deployed(world: FakeWorld, text: str) -> str:
    head = world.change(NOTIFICATION, text=text)
    world.run()
    return head


def refused(world: FakeWorld, to: str | None = None) -> str:
    """What the refusal names; nothing was touched."""
    tags, effects = world.cluster.running(), len(world.verbs())
    with pytest.raises(ReleaseFailed, match="go back over a migration, and nothing was touched") as caught:
        go_back(world, to)
    assert "erp-build rollback --over-migration" in caught.value.next_step
    assert (world.cluster.running(), len(world.verbs())) == (tags, effects)
    return caught.value.why


def test_a_rollback_over_a_migration_needs_an_answer(world: FakeWorld) -> None:
    tags = world.cluster.running()
    migrates(world)
    deployed(world, "migrated")
    assert MIGRATES in refused(world)
    go_back(world, over=True)
    assert world.cluster.running() == tags
    assert outcomes(world)[-1] == "rolled back"
    assert f"back over a migration: {MIGRATES}" in world.progress.lines


def test_what_lies_between_counts_and_not_what_ran_before(world: FakeWorld) -> None:
    migrates(world)
    first = deployed(world, "migrated")
    world.helm.makes = lambda _: []
    deployed(world, "plain")
    tags = world.cluster.running()
    deployed(world, "plain too")
    go_back(world)
    assert world.cluster.running() == tags
    go_back(world, first)
    assert outcomes(world)[-2:] == ["rolled back", "rolled back"]


def test_a_migration_that_was_gone_back_over_once_is_not_asked_about_again(world: FakeWorld) -> None:
    migrates(world)
    deployed(world, "migrated")
    go_back(world, over=True)
    tags = world.cluster.running()
    world.helm.makes = lambda _: []
    deployed(world, "plain")
    go_back(world)
    assert world.cluster.running() == tags


def test_the_way_back_after_a_failure_that_stayed_needs_the_answer_too(world: FakeWorld) -> None:
    tags = world.cluster.running()
    migrates(world)
    never_gets_ready(world)
    fail(world)
    assert MIGRATES in refused(world)
    world.cluster.troubles.clear()
    go_back(world, over=True)
    assert world.cluster.running() == tags


def test_a_ledger_that_says_nothing_of_migrations_is_completed_by_helms_records(world: FakeWorld) -> None:
    """As an older version has written it."""
    migrates(world)
    deployed(world, "migrated")
    assert world.leases.lease
    text = world.leases.lease.record.replace('"migrations":', '"unknown":')
    assert [entry.migrations for entry in read_entries(text)] == [None, None]
    world.leases.lease = replace(world.leases.lease, record=text)
    assert MIGRATES in refused(world)


def test_without_a_ledger_helms_records_are_what_there_is(world: FakeWorld) -> None:
    migrates(world)
    deployed(world, "migrated")
    world.leases.lease = None
    assert MIGRATES in refused(world)


def test_files_of_flyway_are_known_by_the_ledger(world: FakeWorld) -> None:
    first, tags = world.checkout.head(), world.cluster.running()
    world.commit({SCRIPT: "alter table notification add channel text;\n"})
    world.run()
    deployed(world, "behind it")
    go_back(world)
    assert f"the start of {NOTIFICATION} (V2__add_channel.sql)" in refused(world, first)
    go_back(world, first, over=True)
    assert world.cluster.running() == tags


def test_files_of_a_function_count_where_the_function_would_go_back(world: FakeWorld) -> None:
    before = world.functions.states[FUNCTION].digest
    world.commit({FUNCTION_SCRIPT: "databaseChangeLog: []\n"})
    world.run()
    assert f"the start of {EMPLOYEE} (002.yaml)" in refused(world)
    go_back(world, over=True)
    assert world.functions.states[FUNCTION].digest == before

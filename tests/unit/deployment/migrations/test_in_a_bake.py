"""A bake that breaks after a migration has run stays as it is, also in the second run that ends a killed bake."""

import pytest

from erp_build.errors import BakeBroken, Failure, Interrupted
from erp_build.model.project import DeployPolicy
from erp_build.report.document import report_document
from tests.fakes.deployments import Trouble
from tests.fakes.world import FUNCTION, FakeWorld, Killed
from tests.support.baking import ALARM, alarm_on, bakes, ended_by, in_the_bake, ledger
from tests.support.failing import fail, outcomes
from tests.support.migrating import MIGRATES, SCRIPT, job, migrates
from tests.support.samples import EMPLOYEE, NOTIFICATION

OVER = DeployPolicy(on_failure="rollback-over-migrations")
RED_BEFORE = "erp-dev-red-before"
ENDS = pytest.mark.parametrize("end", [Interrupted(15, "SIGTERM"), Killed("in the bake")], ids=["a signal", "a kill"])


@pytest.fixture
def migrating(world: FakeWorld) -> FakeWorld:
    """A deployed world whose next deployment moves both halves, has a Job that migrates, and is baked."""
    bakes(world)
    migrates(world)
    world.change(NOTIFICATION, EMPLOYEE, text="migrated")
    return world


def runs(world: FakeWorld) -> tuple[dict[str, str], str]:
    """The tags of the services, and the image of the function."""
    return world.cluster.running(), world.functions.states[FUNCTION].digest


def breaks(world: FakeWorld) -> Failure:
    """The next run ends with a broken bake."""
    return fail(world, BakeBroken, "the bake is broken")


def stays(world: FakeWorld, error: Failure, ran: str = MIGRATES) -> None:
    """Nothing was taken back; the error says why, and what runs, and the ledger that it was not proven."""
    assert "rollback_release" not in world.verbs()
    assert f"alarm {ALARM}: it is on" in error.why
    assert f"not taken back: a migration has run, and what ran before may not work with what it left:\n  {ran}\n" in (
        error.why
    )
    assert f"\n  {NOTIFICATION}: {world.cluster.running()[NOTIFICATION]}" in error.why.partition("what runs now:")[2]
    assert "erp-build rollback --over-migration" in error.next_step
    assert (world.report.migrated, world.report.taken_back) == ((ran,), ())
    (bake,) = world.report.bakes
    assert bake.state == "broken"
    last = ledger(world)[-1]
    assert (last.outcome, [str(one) for one in last.migrations or ()]) == ("failed", [ran])
    assert last.bake.startswith("bake broken after")


def cut_off(world: FakeWorld, end: BaseException) -> None:
    """A run that ends in the middle of its bake; behind it an alarm turns red."""
    world.cluster.at(in_the_bake(world), ended_by(end))
    with pytest.raises(type(end)):
        world.run()
    assert ledger(world)[-1].outcome == "begun"
    world.alarms.alarms[ALARM] = "ALARM"


def test_what_breaks_in_a_bake_after_a_migration_stays_where_it_is(migrating: FakeWorld) -> None:
    before = runs(migrating)
    migrating.cluster.at(in_the_bake(migrating), alarm_on(migrating))
    error = breaks(migrating)
    assert error.code == 10
    stays(migrating, error)
    assert not {*before[0].items()} >= {*runs(migrating)[0].items()}
    assert runs(migrating)[1] != before[1]


def test_the_evidence_is_collected_and_the_report_says_that_it_stays(migrating: FakeWorld) -> None:
    moment = in_the_bake(migrating)
    migrating.cluster.troubles[NOTIFICATION] = Trouble(ready=True, restarts=1, since=moment)
    assert "started again" in breaks(migrating).why
    assert {one.target for one in migrating.report.evidence} == {NOTIFICATION}
    document = report_document(migrating.report)
    assert document["migrated"] == [MIGRATES]
    assert [one["state"] for one in document["bakes"]] == ["broken"]


def test_a_project_that_goes_back_over_migrations_does_so_after_its_bake(migrating: FakeWorld) -> None:
    before = runs(migrating)
    bakes(migrating, OVER)
    migrating.cluster.at(in_the_bake(migrating), alarm_on(migrating))
    error = breaks(migrating)
    assert "taken back: release erp-microservices" in error.why
    assert runs(migrating) == before
    assert migrating.report.migrated == (MIGRATES,)
    assert outcomes(migrating)[-1] == "taken back"


def test_a_start_that_migrates_keeps_a_broken_bake_too(world: FakeWorld) -> None:
    bakes(world)
    world.commit({SCRIPT: "alter table notification add channel text;\n"})
    world.cluster.at(in_the_bake(world), alarm_on(world))
    stays(world, breaks(world), f"the start of {NOTIFICATION} (V2__add_channel.sql)")


def test_what_is_no_migration_keeps_no_bake_from_going_back(world: FakeWorld) -> None:
    before = runs(world)
    bakes(world)
    migrates(world, job(kind="ConfigMap"))
    world.change(NOTIFICATION)
    world.cluster.at(in_the_bake(world), alarm_on(world))
    breaks(world)
    assert runs(world) == before
    assert outcomes(world)[-1] == "taken back"


def test_forward_stays_and_says_so_without_a_migration(world: FakeWorld) -> None:
    bakes(world, DeployPolicy(on_failure="forward"))
    tag = world.change(NOTIFICATION)[:7]
    world.cluster.at(in_the_bake(world), alarm_on(world))
    error = breaks(world)
    assert 'not taken back: [deploy] on_failure is "forward"' in error.why
    assert f"  {NOTIFICATION}: {tag}" in error.why
    assert outcomes(world)[-1] == "failed"


@ENDS
def test_the_run_that_ends_a_cut_off_bake_does_not_go_back_over_its_migration(
    migrating: FakeWorld, end: BaseException
) -> None:
    migrating.alarms.alarms[RED_BEFORE] = "ALARM"
    cut_off(migrating, end)
    deployed = runs(migrating)
    error = breaks(migrating)
    stays(migrating, error)
    assert runs(migrating) == deployed
    assert RED_BEFORE not in error.why.partition("not taken back")[0]


@ENDS
def test_the_run_that_ends_a_cut_off_bake_goes_back_where_the_project_says_so(
    migrating: FakeWorld, end: BaseException
) -> None:
    before = runs(migrating)
    bakes(migrating, OVER)
    cut_off(migrating, end)
    error = breaks(migrating)
    assert "taken back: release erp-microservices" in error.why
    assert runs(migrating) == before
    assert migrating.report.migrated == (MIGRATES,)
    assert outcomes(migrating)[-1] == "taken back"


def test_a_cut_off_bake_that_ends_well_keeps_its_migration_in_the_ledger(migrating: FakeWorld) -> None:
    cut_off(migrating, Killed("in the bake"))
    migrating.alarms.alarms.clear()
    assert migrating.run().outcome == "nothing"
    last = ledger(migrating)[-1]
    assert (last.outcome, last.bake) == ("deployed", "baked for 600 s")
    assert [str(one) for one in last.migrations or ()] == [MIGRATES]


def test_a_bake_that_broke_and_stayed_is_baked_again_and_counts_once_it_is_well(migrating: FakeWorld) -> None:
    migrating.cluster.at(in_the_bake(migrating), alarm_on(migrating))
    breaks(migrating)
    stays(migrating, breaks(migrating))
    migrating.alarms.alarms.clear()
    assert migrating.run().outcome == "nothing"
    assert outcomes(migrating)[-1] == "deployed"

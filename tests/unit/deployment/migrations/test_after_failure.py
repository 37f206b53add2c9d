"""A deployment that fails after a migration has run stays as it is, unless the project says otherwise."""

from dataclasses import replace

import pytest

from erp_build.errors import ReleaseFailed
from erp_build.report.document import report_document
from erp_build.report.notify import make_message
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.failing import fail, outcomes
from tests.support.migrating import MIGRATES, SCRIPT, goes, job, last, migrates, never_gets_ready
from tests.support.samples import EMPLOYEE, NOTIFICATION


def test_what_has_migrated_is_not_taken_back_and_the_error_says_why_and_what_runs(world: FakeWorld) -> None:
    migrates(world)
    tag = never_gets_ready(world)
    error = fail(world)
    assert error.code == 9
    assert world.cluster.running()[NOTIFICATION] == tag
    assert "rollback_release" not in world.verbs()
    assert "not taken back: a migration has run" in error.why
    assert f"  {MIGRATES}\nwhat runs now:\n" in error.why
    assert f"  {NOTIFICATION}: {tag}, 2 of 2 updated, 0 ready" in error.why
    assert "erp-build rollback --over-migration" in error.next_step
    assert (world.report.migrated, world.report.taken_back) == ((MIGRATES,), ())
    assert world.report.evidence
    assert outcomes(world)[-1] == "failed"
    assert [str(one) for one in last(world).migrations or ()] == [MIGRATES]


def test_the_message_and_the_report_say_that_it_stays(world: FakeWorld) -> None:
    migrates(world)
    never_gets_ready(world)
    error = fail(world)
    world.report = replace(world.report, error=error)
    document = report_document(world.report)
    assert document["migrated"] == [MIGRATES]
    text = make_message(document, "failure").text
    assert f"upgrade_release erp-microservices performed; not taken back, as it has migrated: {MIGRATES}" in text


def test_the_function_stays_with_the_release(world: FakeWorld) -> None:
    migrates(world)
    world.change(EMPLOYEE)
    never_gets_ready(world)
    before = world.functions.states[FUNCTION].digest
    fail(world)
    assert world.functions.states[FUNCTION].digest != before


def test_a_first_installation_that_has_migrated_is_not_told_to_go_back(new_world: FakeWorld) -> None:
    migrates(new_world, job("pre-install"))
    new_world.cluster.troubles[NOTIFICATION] = NEVER_READY
    error = fail(new_world)
    assert "  Job erp-migrate (pre-install)\nthe release has nothing to go back to: it was installed" in error.why
    assert error.next_step
    assert "rollback" not in error.next_step


def test_the_next_run_goes_forward_from_there(world: FakeWorld) -> None:
    migrates(world)
    never_gets_ready(world)
    fail(world)
    world.cluster.troubles.clear()
    head = world.change(NOTIFICATION, text="fixed")
    world.run()
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert outcomes(world)[-2:] == ["failed", "deployed"]


def test_a_failure_behind_a_failure_that_migrated_does_not_go_back_over_both(world: FakeWorld) -> None:
    """The second one has no migration of its own, and goes back to what ran before the first one."""
    migrates(world)
    never_gets_ready(world)
    fail(world)
    world.helm.makes = lambda _: []
    world.change(NOTIFICATION, text="no migration")
    error = fail(world)
    assert MIGRATES in error.why
    assert "rollback_release" not in world.verbs()


def test_a_project_may_say_that_what_ran_before_works_with_what_was_migrated(world: FakeWorld) -> None:
    tags = world.cluster.running()
    goes(world, "rollback-over-migrations")
    migrates(world)
    never_gets_ready(world)
    fail(world)
    assert world.cluster.running() == tags
    assert outcomes(world)[-1] == "taken back"
    assert world.report.migrated == (MIGRATES,)


def test_forward_stays_and_says_so_without_a_migration_too(world: FakeWorld) -> None:
    goes(world, "forward")
    tag = never_gets_ready(world)
    error = fail(world)
    assert world.cluster.running()[NOTIFICATION] == tag
    assert 'not taken back: [deploy] on_failure is "forward"' in error.why
    assert f"  {NOTIFICATION}: {tag}" in error.why
    assert "erp-build rollback" not in error.next_step
    assert error.next_step
    assert outcomes(world)[-1] == "failed"


@pytest.mark.parametrize("policy", ["keep", "forward"])
def test_whoever_keeps_a_failure_is_told_of_its_migration(world: FakeWorld, policy: str) -> None:
    goes(world, policy)
    migrates(world)
    never_gets_ready(world)
    assert f"  {MIGRATES}" in fail(world).why


def test_a_hook_that_never_began_is_no_migration(world: FakeWorld) -> None:
    """Helm refuses the upgrade before it runs anything; the function has moved."""
    before = world.functions.states[FUNCTION].digest
    migrates(world)
    world.change(EMPLOYEE, NOTIFICATION)
    world.helm.failures["upgrade"] = ReleaseFailed("refused")
    fail(world, said="refused")
    assert world.functions.states[FUNCTION].digest == before
    assert last(world).migrations == ()
    assert outcomes(world)[-1] == "taken back"


def test_a_hook_that_failed_may_have_done_a_part_of_its_work(world: FakeWorld) -> None:
    migrates(world)
    world.helm.hooks.fails = {"erp-migrate"}
    world.change(EMPLOYEE, NOTIFICATION)
    error = fail(world, said="Helm did not upgrade the release")
    assert f"  {MIGRATES}" in error.why
    assert outcomes(world)[-1] == "failed"


def test_a_hook_behind_the_objects_counts_once_it_began(world: FakeWorld) -> None:
    tags = world.cluster.running()
    migrates(world, job("post-upgrade"))
    world.change(NOTIFICATION)
    world.helm.hooks.fails = {"erp-migrate"}
    assert "Job erp-migrate (post-upgrade)" in fail(world, said="Helm did not upgrade the release").why
    assert world.cluster.running() != tags


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(job(kind="ConfigMap"), id="a hook that runs no code"),
        pytest.param(job("test"), id="a hook of helm test"),
        pytest.param(job("post-delete"), id="a hook of a removal"),
        pytest.param(job("pre-install"), id="a hook of an installation"),
        pytest.param(job("pre-upgrade,unknown"), id="a hook that Helm leaves out"),
        pytest.param(
            {**job("", kind="CronJob"), "spec": {"jobTemplate": {"spec": job()["spec"]}}},
            id="an object that runs by the clock",
        ),
    ],
)
def test_what_is_no_migration_keeps_nothing_from_going_back(world: FakeWorld, item: dict[str, object]) -> None:
    tags = world.cluster.running()
    migrates(world, item)
    never_gets_ready(world)
    fail(world)
    assert world.cluster.running() == tags
    assert outcomes(world)[-1] == "taken back"


def test_a_job_of_the_release_counts_when_the_upgrade_makes_it(world: FakeWorld) -> None:
    migrates(world, job(""))
    never_gets_ready(world)
    assert "  Job erp-migrate\n" in fail(world).why


def test_a_job_of_the_release_that_stays_as_it_is_has_run_long_ago(world: FakeWorld) -> None:
    migrates(world, job(""))
    world.change(NOTIFICATION, text="with the job")
    world.run()
    tags = world.cluster.running()
    never_gets_ready(world)
    fail(world)
    assert world.cluster.running() == tags


def test_the_files_of_flyway_count_once_the_service_may_have_started(world: FakeWorld) -> None:
    world.commit({SCRIPT: "alter table notification add channel text;\n"})
    never_gets_ready(world)
    error = fail(world)
    assert f"  the start of {NOTIFICATION} (V2__add_channel.sql)" in error.why
    assert outcomes(world)[-1] == "failed"


def test_the_files_of_flyway_do_not_count_where_the_upgrade_ended_before_its_objects(world: FakeWorld) -> None:
    before = world.functions.states[FUNCTION].digest
    migrates(world, job("pre-upgrade", "before", "ConfigMap"))
    world.helm.hooks.fails = {"before"}
    world.change(EMPLOYEE)
    world.commit({SCRIPT: "alter table notification add channel text;\n"})
    fail(world, said="Helm did not upgrade the release")
    assert world.functions.states[FUNCTION].digest == before
    assert outcomes(world)[-1] == "taken back"


def test_what_cannot_be_read_counts_as_a_migration(world: FakeWorld) -> None:
    migrates(world)
    never_gets_ready(world)
    world.helm.failures["hook_runs"] = ReleaseFailed("the record of the release cannot be read", why="forbidden")
    error = fail(world)
    assert "not known: the record of the release cannot be read" in error.why
    assert "rollback_release" not in world.verbs()


def test_helm_is_not_asked_where_nothing_was_foreseen(world: FakeWorld) -> None:
    tags = world.cluster.running()
    never_gets_ready(world)
    world.helm.failures["hook_runs"] = AssertionError("asked")
    fail(world)
    assert world.cluster.running() == tags

"""The migrations of a deployment before it begins: in the preview of a run, the plan, the report and the ledger."""

from typing import Any

import pytest

from erp_build.changes.live_state import read_live_state
from erp_build.deployment.migrations.files import is_migration_file
from erp_build.deployment.migrations.foreseen import foreseen, warnings_before
from erp_build.deployment.migrations.objects import KINDS_THAT_RUN_ONCE
from erp_build.errors import ReleaseFailed
from erp_build.model.plan import Plan
from erp_build.model.releases.preview import Migration
from erp_build.report.document import report_document
from erp_build.report.markdown import report_markdown
from erp_build.report.text.run import report_text
from tests.fakes.world import FakeWorld
from tests.support.migrating import MIGRATES, SCRIPT, job, last, migrates
from tests.support.samples import HEAD, NOTIFICATION

WARNING = f"a migration runs with this deployment, which a rollback does not undo: {MIGRATES}"
NOTHING_ELSE = Plan(HEAD, ())
OLD = ({"kind": "Service", "metadata": {"name": "a"}},)


def of_chart(*items: dict[str, Any], before: tuple[dict[str, Any], ...] = OLD) -> list[str]:
    return [str(one) for one in foreseen(NOTHING_ELSE, "erp-dev", before, items)]


@pytest.mark.parametrize("kind", KINDS_THAT_RUN_ONCE)
def test_each_kind_that_runs_code_once_is_a_migration_as_a_hook_and_as_an_object(kind: str) -> None:
    assert of_chart(job("post-install, Pre-Upgrade", kind=kind)) == [f"{kind} erp-migrate (pre-upgrade)"]
    assert of_chart(job("", kind=kind)) == [f"{kind} erp-migrate"]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "ServiceAccount", "ExternalSecret", "CronJob", "Deployment"])
def test_no_other_kind_is(kind: str) -> None:
    assert of_chart(job("pre-upgrade", kind=kind)) == []
    assert of_chart(job("", kind=kind)) == []


@pytest.mark.parametrize("events", ["test", "pre-delete,post-delete", "pre-rollback", "pre-install", "crd-install", ""])
def test_an_upgrade_runs_no_hook_of_another_event(events: str) -> None:
    item = job("pre-upgrade")
    item["metadata"]["annotations"]["helm.sh/hook"] = events
    assert of_chart(item) == []


def test_a_first_installation_runs_those_of_an_installation() -> None:
    assert of_chart(job("pre-install"), before=()) == ["Job erp-migrate (pre-install)"]


def test_an_object_counts_where_its_spec_differs() -> None:
    other = {**job(""), "metadata": {"name": "erp-migrate", "labels": {"helm.sh/chart": "erp-2"}}}
    assert of_chart(other, before=(job(""),)) == []
    assert of_chart({**other, "spec": {"suspend": True}}, before=(job(""),)) == ["Job erp-migrate"]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        (SCRIPT, True),
        ("db/migration/V1.sql", True),
        ("backend/a/src/main/resources/db/changelog/db.changelog-master.yaml", True),
        ("backend/a/src/test/resources/db/migration/V1.sql", False),
        ("src/test/resources/db/migration/V1.sql", False),
        ("backend/a/src/main/resources/db/migrations.md", False),
        ("backend/adb/migration/V1.sql", False),
        ("backend/a/src/main/java/db/Migration.java", False),
    ],
)
def test_files_count_at_the_places_of_flyway_and_liquibase(path: str, *, counts: bool) -> None:
    assert is_migration_file(path) is counts


def test_a_run_tells_them_in_every_form_of_its_report_and_in_the_ledger(world: FakeWorld) -> None:
    migrates(world)
    world.commit({SCRIPT: "alter table notification add channel text;\n"})
    world.run()
    assert f"Warning: {WARNING}" in report_text(world.report)
    document = report_document(world.report)
    start = {"name": NOTIFICATION, "how": "start", "detail": "V2__add_channel.sql"}
    hook = {"name": "Job erp-migrate", "how": "hook", "detail": "pre-upgrade"}
    assert document["changes"]
    assert document["changes"]["migrations"] == [hook, start]
    assert document["migrated"] == []
    assert "Job erp-migrate (pre-upgrade)" in report_markdown(document)
    assert last(world).migrations == (
        Migration("Job erp-migrate", "hook", "pre-upgrade"),
        Migration(NOTIFICATION, "start", "V2__add_channel.sql"),
    )


def test_a_deployment_without_any_says_so_in_the_ledger(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    assert world.report.preview
    assert world.report.preview.migrations == ()
    assert last(world).migrations == ()


def test_a_live_plan_tells_a_hook_that_the_chart_has_for_upgrades_alone(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.rehearse()
    world.helm.of_upgrades = [job("pre-upgrade")]
    plan, live = world.report.plan, read_live_state(world.site())
    assert plan
    assert warnings_before(world.site(), plan, live, checkout=True) == (WARNING,)


def test_a_live_plan_renders_the_chart_of_the_checkout(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.rehearse()
    migrates(world)
    plan, live = world.report.plan, read_live_state(world.site())
    assert plan
    assert warnings_before(world.site(), plan, live, checkout=True) == (WARNING,)
    assert warnings_before(world.site(), plan, live, checkout=False) == ()
    world.helm.failures["render"] = ReleaseFailed("the chart does not render", why="nil pointer")
    (said,) = warnings_before(world.site(), plan, live, checkout=True)
    assert said.startswith("whether the chart runs a migration is not known")
    assert "nil pointer" in said

"""What is stale in a saved plan, of several units, and on the command line."""

from pathlib import Path

import pytest

from erp_build.changes.live_state import read_live_state
from erp_build.changes.make_plan import asks_what_is_stale, names_to_rebuild
from erp_build.changes.rebuilds.reasons import named_again
from erp_build.cli.app import parser_of
from erp_build.cli.saved_plan import UnitPlan, save_live
from erp_build.cli.verbs import run
from erp_build.model.releases.frozen_plan import FrozenChoice
from erp_build.run_options import Options
from tests.fakes.several import several_releases
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION
from tests.support.saved_plans import saved_by
from tests.support.stale import BASE, NEW, OLD, STALE, built_on_base, enhanced, found_in_what_runs, step_of


@pytest.fixture
def based(world: FakeWorld) -> FakeWorld:
    """The notification service was built on a base whose registry says its digest, and everything runs."""
    return built_on_base(world)


@pytest.mark.parametrize("reason", ["base", "fix"])
def test_a_saved_plan_names_what_is_rebuilt_and_its_run_asks_no_scan_for_it(
    based: FakeWorld, tmp_path: Path, reason: str
) -> None:
    if reason == "base":
        based.assembly.bases[BASE] = NEW
    else:
        found_in_what_runs(based, enhanced(based.clock.now()))
    saved = saved_by(based, tmp_path, Options(stale=True, until="cleared"))
    rebuild, refresh = named_again(based.report.plan)
    assert (rebuild, refresh) == (((), (NOTIFICATION,)) if reason == "base" else ((NOTIFICATION,), ()))
    digest = based.cluster.digest(NOTIFICATION)
    based.run(Options(saved=saved, rebuild=rebuild, refresh=refresh))
    assert based.report.outcome == "deployed"
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) not in ("", digest)
    assert "find rebuilds" not in [stage.name for stage in based.report.stages]


def test_a_plan_without_images_of_what_is_stale_is_built_as_it_says(based: FakeWorld, tmp_path: Path) -> None:
    based.assembly.bases[BASE] = NEW
    based.rehearse(STALE)
    assert based.report.plan
    site = based.site()
    units = [UnitPlan(site, read_live_state(site), based.report.plan)]
    rebuild, refresh = named_again(based.report.plan)
    choice = FrozenChoice(rebuild=rebuild, refresh=refresh)
    saved = save_live(str(tmp_path / "plan.json"), units, choice, based.secrets)
    assert saved.plan.choice == choice
    based.run(Options(saved=saved, rebuild=rebuild, refresh=refresh))
    assert based.actions() == {NOTIFICATION: "build"}
    assert step_of(based).bases == ((BASE, NEW),)


def test_the_option_without_a_name_is_no_name(based: FakeWorld) -> None:
    parser = parser_of("run", run)
    for words, stale, names in (
        ("", False, ()),
        ("--rebuild", True, ()),
        ("--rebuild --json", True, ()),
        (f"--rebuild {NOTIFICATION}", False, (NOTIFICATION,)),
        (f"--rebuild {NOTIFICATION} --rebuild", True, (NOTIFICATION,)),
    ):
        given = parser.parse_args(words.split(), run.Options()).rebuild
        assert (asks_what_is_stale(given), names_to_rebuild(based.project, given)) == (stale, names)


def test_of_several_units_each_is_looked_at_by_itself(tmp_path: Path) -> None:
    world = several_releases(tmp_path / "world", ("a", "b"), "apart")
    world.assembly.bases[BASE] = OLD
    world.commit({f"backend/service-{name}/Dockerfile": f"FROM {BASE}\n" for name in ("a", "b")})
    world.run()
    before = world.digests()
    world.assembly.bases[BASE] = NEW
    world.run(STALE)
    after = world.digests()
    assert {name for name in after if after[name] != before[name]} == {"service-a", "service-b"}
    assert {unit.name: unit.outcome for unit in world.report.units} == {
        EMPLOYEE: "nothing",
        "payroll": "nothing",
        "a": "deployed",
        "b": "deployed",
    }

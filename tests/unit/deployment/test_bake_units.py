"""A bake of several units, each by itself, and that of a saved plan."""

from pathlib import Path

import pytest

from erp_build.errors import BakeBroken, PartlyDeployed
from erp_build.model.project import DeployPolicy
from erp_build.run_options import Options
from tests.fakes.several import PAYROLL, SeveralReleases, several_releases
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION
from tests.support.saved_plans import saved_by

BAKE_S = 60.0
ADDRESS = "https://erp.example.com/health"
APART = DeployPolicy(units="apart", bake=BAKE_S, bake_http=ADDRESS)


@pytest.fixture
def apart(tmp_path: Path) -> SeveralReleases:
    """Two releases and two functions that were deployed, and whose next deployments are baked."""
    world = several_releases(tmp_path / "units", ("a", "b"), "apart")
    world.project = world.project._replace(deploy=APART)
    return world


def test_each_unit_is_baked_by_itself(apart: SeveralReleases) -> None:
    apart.change(PAYROLL.name, "service-a")
    report = apart.run()
    assert report.outcome == "deployed"
    assert [(one.unit, one.state) for one in report.bakes] == [("release-a", "well"), (PAYROLL.name, "well")]
    assert [stage.name for stage in report.stages].count("bake") == 2
    assert apart.ledger(PAYROLL.function)[-1].bake.startswith("baked for 6")


def test_what_breaks_in_the_bake_of_one_unit_takes_that_one_back_alone(apart: SeveralReleases) -> None:
    before = apart.digests()
    apart.change(PAYROLL.name, "service-a")
    tried = apart.copy_to(apart.root.with_name("tried"))
    tried.run()
    began = [one.began for one in tried.report.stages if one.name == "bake"]
    moment = apart.clock.monotonic() + began[1] + 20
    apart.health.answers = lambda _: "status 503" if moment <= apart.clock.monotonic() else ""
    with pytest.raises(PartlyDeployed, match="1 of 4 releases and functions were not deployed"):
        apart.run()
    assert isinstance(next(one.error for one in apart.report.units if one.error), BakeBroken)
    changed = {name for name, digest in apart.digests().items() if before.get(name) != digest}
    assert changed == {"service-a"}
    assert apart.ledger(PAYROLL.function)[-1].outcome == "taken back"


def test_a_saved_plan_is_baked(changed: FakeWorld, tmp_path: Path) -> None:
    changed.project = changed.project._replace(deploy=DeployPolicy(bake=BAKE_S))
    changed.change(NOTIFICATION, text="planned")
    saved = saved_by(changed, tmp_path)
    assert changed.report.bakes == ()
    report = changed.run(Options(saved=saved))
    assert [(one.state, one.wanted) for one in report.bakes] == [("well", BAKE_S)]

"""A run until everything is cleared, and the plan that it leaves, read back from its file."""

from pathlib import Path

from erp_build.formats.frozen_plan import SealedPlan, plan_text, read_plan
from erp_build.run_options import Options
from tests.fakes.world import FakeWorld


def saved_by(world: FakeWorld, folder: Path, options: Options | None = None) -> SealedPlan:
    """Build and clear what has changed, and keep the plan in a file of the folder, as the command line does."""
    world.run(options or Options(until="cleared"))
    assert world.report.frozen
    file = folder / "plan.json"
    file.write_text(plan_text(world.report.frozen, world.secrets.mask_all), encoding="utf-8")
    return read_plan(file.read_bytes(), str(file))

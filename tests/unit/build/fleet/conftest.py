"""A world with twelve services that wants workers."""

import shutil
from pathlib import Path

import pytest

from erp_build.model.build_options import FanOut
from erp_build.run_options import Options
from erp_build.run_record import RunReport
from tests.support.counted_world import CountedWorld, project_of, sources_of
from tests.support.git import Checkout

SERVICES = 12
PROJECT = "erp-workers"
PROJECT_OF_TWELVE = project_of(SERVICES - 1, 1)
FAN_OUT = FanOut(workers=3, least=6, project=PROJECT, timeout=1800.0)


class FleetWorld(CountedWorld):
    """A world whose services are built by workers."""

    def fan_out(self, **changed: object) -> None:
        """Want workers, with other options than usual."""
        options = FAN_OUT._replace(**changed)  # type: ignore[arg-type]
        self.project = self.project._replace(build=self.project.build._replace(fan_out=options))

    def go(self, **options: object) -> RunReport:
        """One run."""
        return self.run(Options(**options))  # type: ignore[arg-type]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(target.name for target in self.project.image_targets)

    def built_here(self) -> list[str]:
        """What the last run has built itself."""
        return [effect.target for effect in self.report.effects if effect.name == "build_image"]

    def wrongs(self) -> list[str]:
        """What must not be whatever happened to the workers: of what runs, of its images, of what goes on."""
        wrong = [f"{key} was built by {one} and {two} at once" for key, one, two in self.fleet.overlaps()]
        wrong += [f"worker {build} goes on" for build in self.fleet.going_on]
        return wrong


@pytest.fixture(scope="session")
def crowd_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of twelve targets, made once."""
    folder = tmp_path_factory.mktemp("fleet") / "repository"
    checkout = Checkout.create(folder, **sources_of(PROJECT_OF_TWELVE))
    checkout.git("gc", "--quiet")
    shutil.rmtree(folder / ".git" / "hooks", ignore_errors=True)
    return folder


@pytest.fixture
def crowd(crowd_template: Path, tmp_path: Path) -> FleetWorld:
    """Twelve targets that nobody has deployed yet."""
    world = FleetWorld(Checkout(Path(shutil.copytree(crowd_template, tmp_path / "crowd"))), PROJECT_OF_TWELVE)
    world.fan_out()
    return world

"""An assembly of the real programs, for tests: the machine's Maven, the engine at DOCKER_HOST, a registry if given."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from erp_build.build.assembly import LocalAssembly
from erp_build.build.image_builder import ImageBuilder
from erp_build.build.packagers.chosen import Packagers
from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.clock import SimulatedClock, SystemClock
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine
from erp_build.clients.maven.program import Maven, MavenSurroundings
from erp_build.clients.terminal.progress import Progress
from erp_build.model.project import BuildOptions
from tests.fakes.account import FakeProgress


def surroundings(scratch: Path, progress: Progress, logs: Path | None = None) -> MavenSurroundings:
    """What Maven needs, with nothing to mask."""
    scratch.mkdir(parents=True, exist_ok=True)
    return MavenSurroundings(
        scratch=scratch, logs=logs, clock=SystemClock(), say=progress.say, detail=progress.detail, mask=str
    )


def assembly(
    root: Path,
    scratch: Path,
    *,
    registry: EcrRegistry | None = None,
    progress: Progress | None = None,
    options: BuildOptions | None = None,
    packagers: Sequence[Packager] = (),
) -> LocalAssembly:
    """The assembly of a repository; without a registry it can neither name nor push an image."""
    options = options or BuildOptions()
    spoken = progress or FakeProgress()
    engine = Engine()
    clock, named = SimulatedClock(), cast("EcrRegistry", registry)
    bench = Workbench(root=root, timeout=options.timeout, clock=clock, progress=spoken)
    return LocalAssembly(
        root=root,
        packagers=Packagers(MavenPackager(Maven(surroundings(scratch, spoken), options)), packagers, bench),
        images=ImageBuilder(
            root=root,
            engine=engine,
            buildkit=BuildKit(),
            registry=named,
            options=options,
            source="",
            progress=spoken,
        ),
        engine=engine,
        registry=named,
        clock=clock,
        progress=spoken,
    )

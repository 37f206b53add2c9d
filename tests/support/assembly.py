"""An assembly of the real programs, for tests: the machine's Maven, the engine at DOCKER_HOST, a registry if given."""

from pathlib import Path
from typing import cast

from erp_build.build.assembly import LocalAssembly
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
) -> LocalAssembly:
    """The assembly of a repository; without a registry it can neither name nor push an image."""
    options = options or BuildOptions()
    spoken = progress or FakeProgress()
    return LocalAssembly(
        root=root,
        maven=Maven(surroundings(scratch, spoken), options),
        engine=Engine(),
        buildkit=BuildKit(),
        registry=cast("EcrRegistry", registry),
        options=options,
        source="",
        clock=SimulatedClock(),
        progress=spoken,
    )

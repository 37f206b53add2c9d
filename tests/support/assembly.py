"""An assembly of the real programs, for tests: the machine's Maven, the engine at DOCKER_HOST, a registry if given."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from erp_build.build.assembly import LocalAssembly
from erp_build.build.base_images import BaseImages
from erp_build.build.direct.bases import Bases
from erp_build.build.direct.images import DirectImages, OwnRegistry
from erp_build.build.engine_images import EngineImages
from erp_build.build.evidence.store import EvidenceStore
from erp_build.build.given import GivenVariables
from erp_build.build.image_builder import ImageBuilder
from erp_build.build.packagers.chosen import Packagers
from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import SimulatedClock, SystemClock
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.sign_ins import SignIns
from erp_build.clients.maven.program import Maven, MavenSurroundings
from erp_build.clients.patience import Patience
from erp_build.clients.registries.opened import Registries, own_connection
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.errors import BuildFailed
from erp_build.model.build_options import BuildOptions, CodeArtifact
from tests.fakes.account import FakeParameters, FakeProgress
from tests.fakes.artifacts import FakeArtifacts


def surroundings(root: Path, scratch: Path, progress: Progress, logs: Path | None = None) -> MavenSurroundings:
    """What Maven needs, with nothing to mask."""
    scratch.mkdir(parents=True, exist_ok=True)
    return MavenSurroundings(
        root=root, scratch=scratch, logs=logs, clock=SystemClock(), say=progress.say, detail=progress.detail, mask=str
    )


class NoSecrets:
    """A Parameter Store without parameters, a CodeArtifact and a registry of AWS that nobody may ask."""

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        return FakeParameters().read_secrets(names)

    def token(self, domain: CodeArtifact) -> str:
        raise BuildFailed("there is no CodeArtifact", where=domain.domain)

    def sign_in(self) -> SignIn:
        raise BuildFailed("there is no AWS")

    def forget(self) -> None:
        """Nothing was given."""


def sign_ins(**named: str) -> SignIns:
    """Sign-ins of registries, none of which needs one unless it is named."""
    nobody = NoSecrets()
    return SignIns(named=named, parameters=nobody, secrets=Secrets(), ecr=lambda _: nobody, public=nobody)


def given(options: BuildOptions) -> GivenVariables:
    """What a build gets besides ours, of the variables of this process."""
    nobody = NoSecrets()
    environment = dict(os.environ)
    return GivenVariables(
        options=options, parameters=nobody, tokens=nobody, environment=environment, secrets=Secrets(), say=str
    )


def assembly(
    root: Path,
    scratch: Path,
    *,
    registry: EcrRegistry | None = None,
    evidence: EvidenceStore | None = None,
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
    found = sign_ins()
    folder = scratch / "images"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    bases = Bases(Registries(found, clock, Patience(clock).ask), dict(options.mirrors))
    return LocalAssembly(
        root=root,
        packagers=Packagers(MavenPackager(Maven(surroundings(root, scratch, spoken), options)), packagers, bench),
        images=ImageBuilder(
            root=root,
            direct=DirectImages(
                root, folder, bases, OwnRegistry(partial(own_connection, named, clock), Patience(clock).ask)
            ),
            by_engine=EngineImages(
                engine=engine,
                buildkit=BuildKit(),
                registry=named,
                bases=BaseImages(engine=engine, sign_ins=found, mirrors=dict(options.mirrors)),
                given=given(options),
                progress=spoken,
            ),
            options=options,
            source="",
            progress=spoken,
        ),
        engine=engine,
        registry=named,
        evidence=evidence or EvidenceStore(FakeArtifacts),
        clock=clock,
        progress=spoken,
    )

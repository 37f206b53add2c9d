"""Joins what builds images: packagers, engine, registry, base images with sign-ins, and what a build is given.

What makes images without an engine loads with its first use, which is while Maven works.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from erp_build.build.assembly import LocalAssembly
from erp_build.build.base_images import BaseImages
from erp_build.build.engine_images import EngineImages
from erp_build.build.evidence.store import EvidenceStore
from erp_build.build.given import GivenVariables
from erp_build.build.image_builder import ImageBuilder
from erp_build.build.packagers.chosen import Packagers
from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.aws.codeartifact import CodeArtifactTokens
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import AwsClients
from erp_build.clients.aws.sign_in import PUBLIC_ECR_REGION, EcrSignIn, PublicEcrSignIn
from erp_build.clients.clock import Clock
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.server import DockerServer
from erp_build.clients.docker.sign_ins import SignIns
from erp_build.clients.docker.user_logins import UserLogins
from erp_build.clients.machine.parallel import asked_once
from erp_build.clients.maven.program import Maven, MavenSurroundings
from erp_build.clients.patience import Patience, patient
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.errors import BuildFailed
from erp_build.model.build_options import BuildOptions, CodeArtifact

if TYPE_CHECKING:
    from erp_build.build.direct.images import DirectImages
    from erp_build.clients.registries.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSetting:
    """Where and how a run builds.

    Attributes:
        root: of the repository.
        scratch: a private folder outside of the sources.
        docker: folder of the user's configuration of Docker.
        logs: folder for Maven's whole output; None keeps none.
        options: how jars and images are made.
        packagers: of the caller's own.
        source: address of the repository, for a label; empty if unknown.
    """

    root: Path
    scratch: Path
    docker: Path
    logs: Path | None
    options: BuildOptions
    packagers: Sequence[Packager]
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildClients:
    """What a build asks; `find` finds the engine, and `connect` connects to the registry that is pushed to."""

    engine: Engine
    find: Callable[[], DockerServer]
    registry: EcrRegistry
    connect: "Callable[[], Connection]"
    evidence: EvidenceStore
    parameters: ParameterStore
    patience: Patience
    clock: Clock
    progress: Progress
    secrets: Secrets


def make_assembly(setting: BuildSetting, aws: AwsClients, clients: BuildClients) -> LocalAssembly:
    """Join it all; nobody is asked before a build needs it."""
    given, progress, options = _given(setting, aws, clients), clients.progress, setting.options
    surroundings = MavenSurroundings(
        root=setting.root,
        scratch=setting.scratch,
        logs=setting.logs,
        clock=clients.clock,
        say=progress.say,
        detail=progress.detail,
        mask=clients.secrets.mask,
        given=given,
    )
    bench = Workbench(root=setting.root, timeout=options.timeout, clock=clients.clock, progress=progress, given=given)
    sign_ins = _sign_ins(setting, aws, clients)
    return LocalAssembly(
        root=setting.root,
        packagers=Packagers(MavenPackager(Maven(surroundings, options)), setting.packagers, bench),
        images=ImageBuilder(
            root=setting.root,
            direct=cast("DirectImages", _Late(partial(_direct, setting, clients, sign_ins))),
            by_engine=EngineImages(
                engine=clients.engine,
                buildkit=BuildKit(clients.find, setting.docker, clients.secrets.mask),
                registry=clients.registry,
                bases=BaseImages(engine=clients.engine, sign_ins=sign_ins, mirrors=dict(options.mirrors)),
                given=given,
                progress=progress,
            ),
            options=options,
            source=setting.source,
            progress=progress,
        ),
        engine=clients.engine,
        registry=clients.registry,
        evidence=clients.evidence,
        clock=clients.clock,
        progress=progress,
    )


class _Late:
    """What is made when it is first asked; threads may ask.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._made = asked_once(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def _direct(setting: BuildSetting, clients: BuildClients, sign_ins: SignIns) -> "DirectImages":
    from erp_build.build.direct.bases import Bases
    from erp_build.build.direct.images import DirectImages, OwnRegistry
    from erp_build.clients.registries.opened import Registries

    ask = clients.patience.ask
    bases = Bases(Registries(sign_ins, clients.clock, ask), dict(setting.options.mirrors))
    folder = setting.scratch / "images"
    folder.mkdir(mode=0o700, exist_ok=True)
    return DirectImages(setting.root, folder, bases, OwnRegistry(clients.connect, ask))


def _sign_ins(setting: BuildSetting, aws: AwsClients, clients: BuildClients) -> SignIns:
    secrets, patience = clients.secrets, clients.patience

    def of_region(region: str) -> EcrSignIn:
        return patient(EcrSignIn(aws.client("ecr", region=region), secrets, region, BuildFailed), patience)

    public = PublicEcrSignIn(aws.client("ecr-public", region=PUBLIC_ECR_REGION), secrets)
    return SignIns(
        named=dict(setting.options.sign_in),
        parameters=clients.parameters,
        secrets=secrets,
        ecr=of_region,
        public=patient(public, patience),
        user=UserLogins(setting.docker, secrets) if setting.options.docker_config == "user" else None,
    )


def _given(setting: BuildSetting, aws: AwsClients, clients: BuildClients) -> GivenVariables:
    domain = setting.options.codeartifact
    region = CodeArtifact(*domain).region if domain else ""
    tokens = CodeArtifactTokens(aws.client("codeartifact", region=region), clients.secrets)
    return GivenVariables(
        options=setting.options,
        parameters=clients.parameters,
        tokens=patient(tokens, clients.patience),
        environment=dict(os.environ),
        secrets=clients.secrets,
        say=clients.progress.say,
    )

"""Builds and pushes images: the packagers and the image builder together, for one repository."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from erp_build.build.check_command import run_check
from erp_build.build.evidence.store import EvidenceStore
from erp_build.build.image_builder import ImageBuilder
from erp_build.build.packagers.chosen import Packagers
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.clock import Clock
from erp_build.clients.docker.engine import Engine
from erp_build.clients.effects import CheckRequest, ImageRequest, OnPackaged
from erp_build.clients.machine.inventory import checks_at_once, images_at_once, pushes_at_once
from erp_build.clients.terminal.progress import Progress
from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import BuildFailed, ErpBuildError, explain
from erp_build.model.images.evidence import EvidenceRequest
from erp_build.model.images.image import LocalImage, PushedEvidence, PushedImage
from erp_build.model.project import Function, Service
from erp_build.model.quality_checks.check_run import CheckRun


@dataclass(kw_only=True)
class LocalAssembly:
    """Builds with the programs of this machine, and with its Docker engine where an image needs one.

    Attributes:
        root: of the repository.
        packagers: make what the Dockerfiles take.
        images: makes images of the Dockerfiles.
        engine: makes those that need one.
        registry: that is pushed to.
        evidence: what is attached to what was pushed.
        progress: for lines about what goes on.
    """

    root: Path
    packagers: Packagers
    images: ImageBuilder
    engine: Engine
    registry: EcrRegistry
    evidence: EvidenceStore
    clock: Clock
    progress: Progress

    def require_buildable(self, targets: Sequence[Service | Function]) -> None:
        """Raise `BuildFailed` if a program, the engine or a file is missing, or a Dockerfile cannot be built."""
        for target in targets:
            self.packagers.require_packable([target])
            self.images.require_buildable(target)
        if needing := {target.name: why for target in targets if (why := self.images.why_engine(target))}:
            try:
                self.engine.require_answer()
            except BuildFailed as error:
                explain(error, *(f"{name} needs one: {why.splitlines()[0]}" for name, why in needing.items()))
                raise

    def run_check(self, request: CheckRequest) -> CheckRun:
        """Run a check on a target's sources; a missing program or a timeout is an outcome and raises nothing."""
        folder = self.root / request.target.path
        on_line = partial(self.progress.detail, target=request.target.name)
        # What Maven needs to find a library it needs to find a plugin; a program of the user's has its own secrets.
        given = self.images.given() if request.check.maven else {}
        limited = request.check._replace(timeout=min(request.check.timeout, self.clock.time_left()))
        done = run_check(limited, folder, {**given, **request.secrets}, on_line, self.packagers.maven.goals_call)
        if request.check.quality_gate == "sonarqube" and done.outcome == "passed":
            from erp_build.build.quality_gate import judged_by_gate

            self.progress.phase(request.target.name, "quality gate")
            return judged_by_gate(limited, folder, done, request.secrets, self.clock)
        return done

    def checks_at_once(self) -> int:
        """How many services may be checked at the same time, by cores and memory."""
        return checks_at_once()

    def base_digest(self, target: Service | Function, image: str) -> str:
        """Ask for the digest of a target's base image, once a run; raises `BuildFailed` if nobody says it."""
        return self.images.base_digest(target, image)

    def jdk_release(self, target: Service | Function) -> int | None:
        """The release of the JDK that builds a target; None if none is known."""
        return self.packagers.maven.jdk_release(self.root / target.path)

    def images_at_once(self) -> int:
        """How many images may be in work at the same time, by cores and memory."""
        return images_at_once()

    def pushes_at_once(self) -> int:
        """How many of them may be pushed at the same time, by cores."""
        return pushes_at_once()

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make what the Dockerfiles take; calls `on_packaged` for each target that is complete."""
        self.packagers.package(targets, on_packaged)

    def prepare_images(self, requests: Sequence[ImageRequest]) -> None:
        """Sign in to the registry, and fetch base images: an image finds that done when its jar is complete."""
        begins: list[Callable[[], object]] = [partial(self.images.prepare, request) for request in requests]
        for begin in (self.registry.sign_in, *begins):
            WAY_OUT.require_may_begin()
            # The image that needs it tries again, and raises that error as its own.
            with suppress(ErpBuildError):
                begin()

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Make the image, with labels that name its commit, content key and base image."""
        target = request.target
        return self.images.build(request, self.packagers.maven.jar_of(target.name) if target.layers else None)

    def push(self, request: ImageRequest) -> PushedImage:
        """Push the image under its tag; raises `PushBroke` if the connection breaks or the sign-in has expired."""
        return self.images.push(request, partial(self.progress.amount, request.target.name))

    def attest(self, request: EvidenceRequest) -> PushedEvidence:
        """Attach SBOM and provenance to an image that was pushed; raises `PushFailed`."""
        from erp_build.build.evidence.jar_libraries import application_of
        from erp_build.build.evidence.local_repository import with_coordinates

        name = request.making.target
        jar = self.packagers.maven.made_jar(name)
        path = jar.relative_to(self.root).as_posix() if jar and jar.is_relative_to(self.root) else ""
        return self.evidence.attach(request, with_coordinates(application_of(name, jar, path)))

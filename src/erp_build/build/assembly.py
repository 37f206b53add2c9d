"""Builds and pushes images: Maven, the Docker engine and the registry together, for one repository."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO

from erp_build.build.check_command import run_check
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import Clock
from erp_build.clients.docker.build_context import REWRITTEN_DOCKERFILE, Context
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.clients.docker.events import SignInEnded
from erp_build.clients.effects import CheckRequest, ImageRequest, OnPackaged
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.machine.inventory import images_at_once, pushes_at_once
from erp_build.clients.maven.program import Maven
from erp_build.clients.maven.reactor import MavenModule
from erp_build.clients.terminal.progress import Progress
from erp_build.config.read_file import path_below, read_file
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.lint import buildkit_needs, secrets_in, sources_of_nothing
from erp_build.formats.dockerfile.parse import base_images
from erp_build.formats.dockerfile.rewrite import with_labels
from erp_build.model.check_run import CheckRun
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import (
    BASE_DIGEST_LABEL,
    KEY_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    VERSION_LABEL,
    LocalImage,
    PushedImage,
)
from erp_build.model.project import BuildOptions, Function, Service


@dataclass(kw_only=True)
class LocalAssembly:
    """Builds with Maven and the Docker engine of this machine.

    Attributes:
        root: of the repository.
        options: how to build.
        source: address of the repository, for a label; empty if unknown.
        progress: for lines about what goes on.
    """

    root: Path
    maven: Maven
    engine: Engine
    buildkit: BuildKit
    registry: EcrRegistry
    options: BuildOptions
    source: str
    clock: Clock
    progress: Progress
    _jars: dict[str, Path] = field(default_factory=dict, init=False)
    _digests: dict[str, str | BuildFailed] = field(default_factory=dict, init=False)

    def require_buildable(self, targets: Sequence[Service | Function]) -> None:
        """Raise `BuildFailed` if a program, the engine or a file is missing, or a Dockerfile cannot be built."""
        for target in targets:
            self.maven.require_buildable(path_below(self.root, target.path))
            self._require_buildable_dockerfile(target)
        if targets:
            self.engine.require_answer()

    def run_check(self, request: CheckRequest) -> CheckRun:
        """Run a check on a target's sources; a missing program or a timeout is an outcome and raises nothing."""
        folder = self.root / request.target.path
        on_line = partial(self.progress.detail, target=request.target.name)
        limited = request.check._replace(timeout=min(request.check.timeout, self.clock.time_left()))
        return run_check(limited, folder, request.secrets, on_line)

    def base_digest(self, image: str) -> str:
        """Ask the registry of a base image for its digest, once a run; raises `BuildFailed` if it does not say."""
        if image not in self._digests:
            try:
                self._digests[image] = self.engine.registry_digest(image, self._sign_in_of(image))
            except BuildFailed as error:
                self._digests[image] = error
        digest = self._digests[image]
        if isinstance(digest, BuildFailed):
            raise digest
        return digest

    def jdk_release(self, target: Service | Function) -> int | None:
        """The release of the JDK that builds a target; None if none is known."""
        return self.maven.jdk_release(self.root / target.path)

    def images_at_once(self) -> int:
        """How many images may be in work at the same time, by cores and memory."""
        return images_at_once()

    def pushes_at_once(self) -> int:
        """How many of them may be pushed at the same time, by cores."""
        return pushes_at_once()

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make the jars; calls `on_packaged` for each that is complete."""

        def keep(name: str, jar: Path, seconds: float) -> None:
            self._jars[name] = jar
            on_packaged(name, seconds)

        with full_disk_fails(str(self.root)):
            self.maven.package([MavenModule(target.name, self.root / target.path) for target in targets], keep)

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Build the image in the engine, with labels that name its commit, content key and base image."""
        target = request.target
        context = Context(self.root / target.path, target.dockerfile)
        where = f"{target.path}/{target.dockerfile}"
        text = self._dockerfile(target)
        if missing := sources_of_nothing(text, context.files):
            raise _refused("the Dockerfile copies what is not there", where, missing, "build it, or correct the COPY")
        on_line = partial(self.progress.detail, target=target.name)
        with full_disk_fails(tempfile.gettempdir()), tempfile.TemporaryFile() as spool:
            build = self._write(spool, context, request, text)
            before = self.engine.identifier(build.tag)
            if self._takes_buildkit(text):
                self.buildkit.build(build, spool, on_line)
                image = self.engine.inspect(build.tag)
            else:
                image = self.engine.build(build, spool, on_line)
        if before != image.identifier:
            # An earlier run built this tag too. The tag has moved, and nobody else would remove the old image.
            self.engine.remove_nameless(before)
        return image

    def push(self, request: ImageRequest) -> PushedImage:
        """Push the image under its tag; raises `PushBroke` if the connection breaks or the sign-in has expired."""
        sign_in = self.registry.sign_in()
        try:
            return self.engine.push(
                f"{sign_in.host}/{request.repository}",
                request.tag,
                sign_in,
                partial(self.progress.amount, request.target.name),
            )
        except SignInEnded:
            # The next attempt signs in anew.
            self.registry.forget_sign_in()
            raise

    def _sign_in_of(self, image: str) -> SignIn | None:
        """The sign-in for a base image in the run's own registry; others are asked without one."""
        is_named = "." in image.partition("/")[0] and "/" in image
        return self.registry.sign_in() if is_named and image.startswith(f"{self.registry.host()}/") else None

    def _write(self, spool: IO[bytes], context: Context, request: ImageRequest, text: str) -> EngineBuild:
        """Write the build context, with the labels in its Dockerfile if that builds the same image."""
        target = request.target
        labels = self._labels(request, text)
        labelled = None if self._takes_buildkit(text) else with_labels(text, labels, REWRITTEN_DOCKERFILE)
        if target.layers:
            dockerfile = context.write_layered(spool, labelled or text, self._jars[target.name])
        else:
            dockerfile = context.write(spool, labelled)
        return EngineBuild(
            dockerfile=dockerfile,
            tag=f"{self.registry.host()}/{request.repository}:{request.tag}",
            labels={} if labelled else labels,
            arguments={"REVISION": request.commit},
            where=f"{target.path}/{target.dockerfile}",
        )

    def _require_buildable_dockerfile(self, target: Service | Function) -> None:
        where = f"{target.path}/{target.dockerfile}"
        text = self._dockerfile(target)
        if secrets := secrets_in(text):
            raise _refused(
                "the Dockerfile holds a secret", where, secrets, "give it at run time, as a variable of the deployment"
            )
        needs = buildkit_needs(text)
        if needs and self.options.builder == "classic":
            raise _refused("the Dockerfile needs BuildKit", where, needs, 'set builder = "auto" in [build]')
        if needs or self.options.builder == "buildkit":
            self.buildkit.require_installed(where, needs)

    def _takes_buildkit(self, text: str) -> bool:
        return self.options.builder == "buildkit" or (self.options.builder == "auto" and bool(buildkit_needs(text)))

    def _dockerfile(self, target: Service | Function) -> str:
        path = path_below(self.root, f"{target.path}/{target.dockerfile}")
        if not path.is_file():
            raise BuildFailed(
                "there is no Dockerfile",
                where=f"{target.path}/{target.dockerfile}",
                next_step="add it, or correct `dockerfile` in erp-build.toml",
            )
        # A byte order mark of an editor is no part of the first instruction.
        return read_file(path).decode("utf-8-sig")

    def _labels(self, request: ImageRequest, text: str) -> dict[str, str]:
        labels = {
            REVISION_LABEL: request.commit if is_full_commit(request.commit) else "",
            SOURCE_LABEL: self.source,
            KEY_LABEL: request.key,
            VERSION_LABEL: version("erp-build"),
        }
        on_line = partial(self.progress.detail, target=request.target.name)
        for image, digest in request.bases:
            # The engine would take what it has under this name, which may be an older one than the key says.
            self.engine.provide(image, digest, self._sign_in_of(image), on_line)
        # The last FROM begins the final stage of the image.
        if bases := base_images(text):
            labels |= self.engine.base_labels(bases[-1], on_line)
            if known := dict(request.bases).get(bases[-1]):
                labels[BASE_DIGEST_LABEL] = known
        return {name: value for name, value in labels.items() if value}


def _refused(what: str, where: str, findings: Sequence[tuple[int, str]], next_step: str) -> BuildFailed:
    lines = "\n".join(f"line {line}: {found}" for line, found in findings)
    return BuildFailed(what, where=f"{where}:{findings[0][0]}", why=lines, next_step=next_step)

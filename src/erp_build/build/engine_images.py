"""Images that the Docker engine makes: by its classic builder, or by BuildKit where the Dockerfile needs it."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from erp_build.build.base_images import BaseImages
from erp_build.build.given import GivenVariables
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.docker.build_context import REWRITTEN_DOCKERFILE, Context
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.clients.docker.events import SignInEnded
from erp_build.clients.effects import ImageRequest
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.terminal.progress import Progress
from erp_build.config.image_targets import COMMIT_ARGUMENT
from erp_build.formats.dockerfile.one_stage import as_built, up_to_stage
from erp_build.formats.dockerfile.rewrite import with_labels
from erp_build.model.images.image import LocalImage, PushedImage
from erp_build.model.packaging import dockerfile_of


@dataclass(kw_only=True)
class EngineImages:
    """Makes images with the Docker engine of this machine, and pushes them.

    Attributes:
        registry: that is pushed to.
        bases: the images that are built on.
        given: variables that a Dockerfile may mount as secrets.
        progress: for lines about what goes on.
    """

    engine: Engine
    buildkit: BuildKit
    registry: EcrRegistry
    bases: BaseImages
    given: GivenVariables
    progress: Progress

    def prepare(self, request: ImageRequest, text: str, *, classic: bool) -> None:
        """Fetch what the image is based on, as `make` does first; raises as that does."""
        self._base_labels(request, _as_built(request, text), classic=classic)

    def make(
        self,
        request: ImageRequest,
        text: str,
        labels: Mapping[str, str],
        jar: Path | None,
        *,
        context: Context,
        classic: bool,
    ) -> LocalImage:
        """Make an image.

        Args:
            request: what it is built from, and how it is named.
            text: the Dockerfile.
            labels: besides those of the base.
            jar: of which its layers are made; None: the Dockerfile is built as it is.
            context: the files.
            classic: whether the classic builder makes it, or BuildKit.
        """
        on_line = partial(self.progress.detail, target=request.target.name)
        with full_disk_fails(tempfile.gettempdir()), tempfile.TemporaryFile() as spool:
            build = self._write(spool, context, request, text, labels, jar, classic=classic)
            before = self.engine.identifier(build.tag)
            if classic:
                image = self.engine.build(build, spool, on_line)
            else:
                self.buildkit.build(build, spool, on_line, self.given())
                image = self.engine.inspect(build.tag)
        if before != image.identifier:
            # An earlier run built this tag too. The tag has moved, and nobody else would remove the old image.
            self.engine.remove_nameless(before)
        return image

    def push(self, request: ImageRequest, on_bytes: Callable[[int], None]) -> PushedImage:
        """Push an image under its tag; raises `PushBroke` if the connection breaks or the sign-in has expired."""
        sign_in = self.registry.sign_in()
        try:
            return self.engine.push(f"{sign_in.host}/{request.repository}", request.tag, sign_in, on_bytes)
        except SignInEnded:
            # The next attempt signs in anew.
            self.registry.forget_sign_in()
            raise

    def _write(
        self,
        spool: IO[bytes],
        context: Context,
        request: ImageRequest,
        text: str,
        labels: Mapping[str, str],
        jar: Path | None,
        *,
        classic: bool,
    ) -> EngineBuild:
        """Write the build context, with the labels in its Dockerfile if that builds the same image."""
        target, as_built_ = request.target, _as_built(request, text)
        labels = {**labels, **self._base_labels(request, as_built_, classic=classic)}
        # The classic builder stops behind the stage anyway, and a label belongs into it.
        fetched = self.bases.as_fetched(text, dict(target.args))
        stage = up_to_stage(fetched, target.docker_target) if classic else None
        labelled = None if stage is None else with_labels(stage, labels, REWRITTEN_DOCKERFILE)
        rewritten = labelled or (fetched if fetched != text else None)
        dockerfile = context.write_layered(spool, labelled or fetched, jar) if jar else context.write(spool, rewritten)
        return EngineBuild(
            dockerfile=dockerfile,
            tag=f"{self.registry.host()}/{request.repository}:{request.tag}",
            labels={} if labelled else labels,
            arguments={**dict(target.args), COMMIT_ARGUMENT: request.commit},
            where=dockerfile_of(target),
            stage=target.docker_target,
            sign_ins=self.bases.sign_ins_of(as_built_),
            unsent=context.unsent,
        )

    def _base_labels(self, request: ImageRequest, text: str, *, classic: bool) -> dict[str, str]:
        """Fetch the base images of a Dockerfile into the engine; returns the labels of the final one."""
        on_line = partial(self.progress.detail, target=request.target.name)
        return self.bases.labels(text, request.bases, on_line, classic=classic)


def _as_built(request: ImageRequest, text: str) -> str:
    return as_built(text, request.target.docker_target, dict(request.target.args))

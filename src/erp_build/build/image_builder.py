"""Makes images of Dockerfiles: the classic builder or BuildKit, with labels of what was built on what."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO

from erp_build.build.base_images import BaseImages
from erp_build.build.given import GivenVariables
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.docker.build_context import REWRITTEN_DOCKERFILE, Context, context_for
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.clients.effects import ImageRequest
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.terminal.progress import Progress
from erp_build.config.image_targets import COMMIT_ARGUMENT
from erp_build.config.read_file import path_below, read_file
from erp_build.errors import BuildFailed, did_you_mean
from erp_build.formats.dockerfile.lint import Finding, buildkit_needs, secrets_in, takes_buildkit
from erp_build.formats.dockerfile.one_stage import as_built, stage_named, stages_of, up_to_stage
from erp_build.formats.dockerfile.rewrite import with_labels
from erp_build.formats.dockerfile.secret_mounts import secret_mounts
from erp_build.model.build_options import BuildOptions
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import (
    KEY_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    VERSION_LABEL,
    LocalImage,
)
from erp_build.model.packaging import dockerfile_of
from erp_build.model.project import Function, Service

UNLESS_MEANT = "; where it is meant, [[build.allow]] with a reason lets it pass"
"""The end of a next step, where the configuration can let the finding pass."""


@dataclass(kw_only=True)
class ImageBuilder:
    """Builds images with the Docker engine of this machine.

    Attributes:
        root: of the repository.
        options: how to build.
        bases: the images that are built on.
        given: variables that a Dockerfile may mount as secrets.
        source: address of the repository, for a label; empty if unknown.
        progress: for lines about what goes on.
    """

    root: Path
    engine: Engine
    buildkit: BuildKit
    registry: EcrRegistry
    bases: BaseImages
    given: GivenVariables
    options: BuildOptions
    source: str
    progress: Progress

    def require_buildable(self, target: Service | Function) -> None:
        """Raise `BuildFailed` if the Dockerfile of a target is not there, or cannot be built."""
        where, text = dockerfile_of(target), self._dockerfile(target)
        path_below(self.root, target.context or target.path)
        if target.docker_target and not stage_named(text, target.docker_target):
            raise no_stage(target, text)
        if secrets := self._not_allowed(target, "secret", secrets_in(text)):
            hint = f"give it at run time, as a variable of the deployment{UNLESS_MEANT}"
            raise _refused("the Dockerfile holds a secret", where, secrets, hint)
        self._require_secrets(where, _as_built(target, text))
        needs = buildkit_needs(text)
        certain = self._not_allowed(target, "buildkit", [need for need in needs if need.is_certain])
        if certain and self.options.builder == "classic":
            hint = f'set builder = "auto" in [build]{UNLESS_MEANT}'
            raise _refused("the Dockerfile needs BuildKit", where, certain, hint)
        if self._takes_buildkit(text):
            self.buildkit.require_installed(where, [need[:2] for need in needs])

    def build(self, request: ImageRequest, jar: Path | None) -> LocalImage:
        """Build the image in the engine, with labels that name its commit, content key and base image.

        Args:
            request: what it is built from, and how it is named.
            jar: of which its layers are made; None: the Dockerfile is built as it is.
        """
        target = request.target
        context = context_for(self.root, target)
        text = self._dockerfile(target)
        found = context.missing_sources(_as_built(target, text), classic=not self._takes_buildkit(text))
        if missing := self._not_allowed(target, "source", found):
            what, hint = "the Dockerfile copies what is not there", f"build it, or correct the COPY{UNLESS_MEANT}"
            raise _refused(what, dockerfile_of(target), missing, hint)
        on_line = partial(self.progress.detail, target=target.name)
        with full_disk_fails(tempfile.gettempdir()), tempfile.TemporaryFile() as spool:
            build = self._write(spool, context, request, text, jar)
            before = self.engine.identifier(build.tag)
            if self._takes_buildkit(text):
                self.buildkit.build(build, spool, on_line, self.given())
                image = self.engine.inspect(build.tag)
            else:
                image = self.engine.build(build, spool, on_line)
        if before != image.identifier:
            # An earlier run built this tag too. The tag has moved, and nobody else would remove the old image.
            self.engine.remove_nameless(before)
        return image

    def _write(
        self, spool: IO[bytes], context: Context, request: ImageRequest, text: str, jar: Path | None
    ) -> EngineBuild:
        """Write the build context, with the labels in its Dockerfile if that builds the same image."""
        target = request.target
        is_classic = not self._takes_buildkit(text)
        labels = self._labels(request, _as_built(target, text), classic=is_classic)
        # The classic builder stops behind the stage anyway, and a label belongs into it.
        fetched = self.bases.as_fetched(text, dict(target.args))
        classic = up_to_stage(fetched, target.docker_target) if is_classic else None
        labelled = None if classic is None else with_labels(classic, labels, REWRITTEN_DOCKERFILE)
        rewritten = labelled or (fetched if fetched != text else None)
        dockerfile = context.write_layered(spool, labelled or fetched, jar) if jar else context.write(spool, rewritten)
        return EngineBuild(
            dockerfile=dockerfile,
            tag=f"{self.registry.host()}/{request.repository}:{request.tag}",
            labels={} if labelled else labels,
            arguments={**dict(target.args), COMMIT_ARGUMENT: request.commit},
            where=dockerfile_of(target),
            stage=target.docker_target,
            sign_ins=self.bases.sign_ins_of(_as_built(target, text)),
        )

    def _require_secrets(self, where: str, text: str) -> None:
        """Refuse a Dockerfile that mounts a secret which nobody gives, or that the chosen builder cannot mount."""
        mounts = secret_mounts(text)
        if mounts and self.options.builder == "classic":
            found = [Finding(mount.line, f"RUN --mount=type=secret,id={mount.name}") for mount in mounts]
            what = "the classic builder cannot give a secret to a Dockerfile"
            raise _refused(
                what, where, found, 'set builder = "auto" in [build]: BuildKit mounts it and keeps it nowhere'
            )
        unknown = [mount for mount in mounts if mount.name not in self.given.names]
        if required := [Finding(mount.line, f"secret {mount.name}") for mount in unknown if mount.is_required]:
            hint = f'write [build.secrets] {unknown[0].name} = "name of a SecureString"'
            raise _refused("the Dockerfile requires a secret that erp-build.toml does not have", where, required, hint)
        for mount in unknown:
            self.progress.say(
                f"warning: {where}:{mount.line} mounts the secret {mount.name}, which [build.secrets] lacks"
            )

    def _not_allowed(self, target: Service | Function, kind: str, findings: Sequence[Finding]) -> list[Finding]:
        """The findings that no `[[build.allow]]` says are meant."""
        return [one for one in findings if not self.options.allows(target.name, kind, one.name)]

    def _takes_buildkit(self, text: str) -> bool:
        return takes_buildkit(text, self.options.builder)

    def _dockerfile(self, target: Service | Function) -> str:
        where = dockerfile_of(target)
        path = path_below(self.root, where)
        if not path.is_file():
            raise BuildFailed(
                "there is no Dockerfile", where=where, next_step="add it, or correct `dockerfile` in erp-build.toml"
            )
        # A byte order mark of an editor is no part of the first instruction.
        return read_file(path).decode("utf-8-sig")

    def _labels(self, request: ImageRequest, text: str, *, classic: bool) -> dict[str, str]:
        labels = {
            REVISION_LABEL: request.commit if is_full_commit(request.commit) else "",
            SOURCE_LABEL: self.source,
            KEY_LABEL: request.key,
            VERSION_LABEL: version("erp-build"),
        }
        on_line = partial(self.progress.detail, target=request.target.name)
        labels |= self.bases.labels(text, request.bases, on_line, classic=classic)
        return {name: value for name, value in labels.items() if value}


def no_stage(target: Service | Function, text: str) -> BuildFailed:
    """The error about a `docker_target` that the Dockerfile does not have."""
    names = [stage.name for stage in stages_of(text) if stage.name]
    known = f"it has {', '.join(names)}" if names else "none of its stages has a name"
    return BuildFailed(
        f"the Dockerfile has no stage `{target.docker_target}`",
        where=dockerfile_of(target),
        why=known,
        next_step=did_you_mean(target.docker_target, names, "correct `docker_target` in erp-build.toml"),
    )


def _as_built(target: Service | Function, text: str) -> str:
    return as_built(text, target.docker_target, dict(target.args))


def _refused(what: str, where: str, findings: Sequence[Finding], next_step: str) -> BuildFailed:
    lines = "\n".join(f"line {one.line}: {one.what}" for one in findings)
    return BuildFailed(what, where=f"{where}:{findings[0].line}", why=lines, next_step=next_step)

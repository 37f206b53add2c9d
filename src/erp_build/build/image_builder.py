"""Makes the images of Dockerfiles: without an engine where that makes the same image, else by the engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from erp_build.build.engine_images import EngineImages
from erp_build.build.given import GivenVariables
from erp_build.clients.docker.build_context import context_for
from erp_build.clients.effects import ImageRequest
from erp_build.clients.machine.own_version import own_version
from erp_build.clients.terminal.progress import Progress
from erp_build.config.image_targets import COMMIT_ARGUMENT, read_dockerfile
from erp_build.config.read_file import path_below
from erp_build.errors import BaseUnreadable, BuildFailed, NeedsEngine, did_you_mean
from erp_build.formats.dockerfile.direct.need import why_engine
from erp_build.formats.dockerfile.direct.recipe import Obstacle
from erp_build.formats.dockerfile.lint import Finding, buildkit_needs, secrets_in, takes_buildkit
from erp_build.formats.dockerfile.one_stage import as_built, stage_named, stages_of
from erp_build.formats.dockerfile.secret_mounts import secret_mounts
from erp_build.model.build_options import BuildOptions
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import (
    KEY_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    VERSION_LABEL,
    LocalImage,
    PushedImage,
)
from erp_build.model.packaging import dockerfile_of
from erp_build.model.project import Function, Service

if TYPE_CHECKING:
    from erp_build.build.direct.images import DirectImages

UNLESS_MEANT = "; where it is meant, [[build.allow]] with a reason lets it pass"
"""The end of a next step, where the configuration can let the finding pass."""


@dataclass(kw_only=True)
class ImageBuilder:
    """Makes images, by the builder that the configuration names or the first that can make the image exactly.

    Attributes:
        root: of the repository.
        direct: makes images without an engine.
        by_engine: makes the others.
        options: how to build.
        source: address of the repository, for a label; empty if unknown.
        progress: for lines about what goes on.
    """

    root: Path
    direct: "DirectImages"
    by_engine: EngineImages
    options: BuildOptions
    source: str
    progress: Progress

    @property
    def given(self) -> GivenVariables:
        """Variables that a build gets besides those of erp_build."""
        return self.by_engine.given

    def require_buildable(self, target: Service | Function) -> None:
        """Raise `BuildFailed` if the Dockerfile of a target is not there, or cannot be built."""
        where, text = dockerfile_of(target), read_dockerfile(self.root, target)
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
        reasons = self._why_engine(target, text)
        if reasons and self.options.builder == "direct":
            found = [Finding(one.line, one.what) for one in reasons]
            hint = 'set builder = "auto" in [build]: an engine makes it'
            raise _refused("the image cannot be made without an engine", where, found, hint)
        if reasons and self._takes_buildkit(text):
            self.by_engine.buildkit.require_installed(where, [need[:2] for need in needs])

    def why_engine(self, target: Service | Function) -> str:
        """Why only an engine makes the image of a target, as far as its Dockerfile tells; empty: none does."""
        return "\n".join(map(str, self._why_engine(target, read_dockerfile(self.root, target))))

    def base_digest(self, target: Service | Function, image: str) -> str:
        """Ask for the digest of a base image as whatever makes the target's image would; raises `BuildFailed`.

        An engine takes an image that was made on it, whatever a registry has under the same name.
        """
        text = read_dockerfile(self.root, target)
        if self.options.builder == "direct" or not self._why_engine(target, text):
            try:
                return self.direct.bases.digest(image)
            except BuildFailed as error:
                self._require_engine_instead(error, dockerfile_of(target), text)
        return self.by_engine.bases.digest(image)

    def prepare(self, request: ImageRequest) -> None:
        """Fetch what the image is based on, as `build` does first; raises as that does."""
        own_version()
        text = read_dockerfile(self.root, request.target)
        if not self._why_engine(request.target, text):
            try:
                self.direct.prepare(request, text, _arguments(request))
            except BuildFailed as error:
                self._require_engine_instead(error, dockerfile_of(request.target), text)
            else:
                return
        self.by_engine.prepare(request, text, classic=not self._takes_buildkit(text))

    def build(self, request: ImageRequest, jar: Path | None) -> LocalImage:
        """Make the image, with labels that name its commit, content key and base image.

        Args:
            request: what it is built from, and how it is named.
            jar: of which its layers are made; None: the Dockerfile is built as it is.
        """
        target = request.target
        context = context_for(self.root, target)
        text = read_dockerfile(self.root, target)
        is_classic = not self._takes_buildkit(text)
        found = context.missing_sources(_as_built(target, text), classic=is_classic)
        if missing := self._not_allowed(target, "source", found):
            what, hint = "the Dockerfile copies what is not there", f"build it, or correct the COPY{UNLESS_MEANT}"
            raise _refused(what, dockerfile_of(target), missing, hint)
        reasons = self._why_engine(target, text)
        because = "\n".join(map(str, reasons))
        if not reasons:
            try:
                labels, arguments = self._labels(request), _arguments(request)
                return self.direct.make(request, text, labels, jar, arguments=arguments, classic=is_classic)
            except BuildFailed as error:
                self._require_engine_instead(error, dockerfile_of(target), text)
                because = error.why or error.what
                self.progress.say(f"an engine makes the image: {because.splitlines()[0]}", target.name)
        made = self.by_engine.make(request, text, self._labels(request), jar, context=context, classic=is_classic)
        return replace(made, builder="classic" if is_classic else "buildkit", because=because)

    def push(self, request: ImageRequest, on_bytes: Callable[[int], None]) -> PushedImage:
        """Push what `build` has made; raises `PushFailed`."""
        return (self.direct if self.direct.has(request) else self.by_engine).push(request, on_bytes)

    def _require_engine_instead(self, error: BuildFailed, where: str, text: str) -> None:
        """Raise the error of an image that could not be made without an engine, unless one is there that may make it.

        It may know the base image by itself, or make what we cannot. What is wrong with the files is wrong for it, too.
        """
        may_help = isinstance(error, NeedsEngine | BaseUnreadable) and self.options.builder == "auto"
        if not may_help:
            raise error
        try:
            self.by_engine.engine.require_answer()
            if self._takes_buildkit(text):
                self.by_engine.buildkit.require_installed(where, [need[:2] for need in buildkit_needs(text)])
        except BuildFailed:
            raise error from None

    def _why_engine(self, target: Service | Function, text: str) -> tuple[Obstacle, ...]:
        arguments = {**dict(target.args), COMMIT_ARGUMENT: ""}
        return why_engine(text, self.options.builder, target=target.docker_target, arguments=arguments)

    def _require_secrets(self, where: str, text: str) -> None:
        """Refuse a Dockerfile that mounts a secret which nobody gives, or that the chosen builder cannot mount."""
        mounts = secret_mounts(text)
        if mounts and self.options.builder == "classic":
            found = [Finding(mount.line, f"RUN --mount=type=secret,id={mount.name}") for mount in mounts]
            what = "the classic builder cannot give a secret to a Dockerfile"
            raise _refused(
                what, where, found, 'set builder = "auto" in [build]: BuildKit mounts it and keeps it nowhere'
            )
        unknown = [mount for mount in mounts if mount.name not in self.by_engine.given.names]
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

    def _labels(self, request: ImageRequest) -> dict[str, str]:
        labels = {
            REVISION_LABEL: request.commit if is_full_commit(request.commit) else "",
            SOURCE_LABEL: self.source,
            KEY_LABEL: request.key,
            VERSION_LABEL: own_version(),
        }
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


def _arguments(request: ImageRequest) -> Mapping[str, str]:
    return {**dict(request.target.args), COMMIT_ARGUMENT: request.commit}


def _as_built(target: Service | Function, text: str) -> str:
    return as_built(text, target.docker_target, dict(target.args))


def _refused(what: str, where: str, findings: Sequence[Finding], next_step: str) -> BuildFailed:
    lines = "\n".join(f"line {one.line}: {one.what}" for one in findings)
    return BuildFailed(what, where=f"{where}:{findings[0].line}", why=lines, next_step=next_step)

"""Judging images that lie in the registry, by their names."""

from collections.abc import Sequence

from erp_build.commands.console import Console
from erp_build.domain.image import BuiltImage, ImageReference
from erp_build.domain.judgement import GateRules, Judgement
from erp_build.domain.plan import Running
from erp_build.errors import ConfigurationError
from erp_build.stages.gate import judge_images
from erp_build.tools.effects import Journal
from erp_build.tools.toolbox import Registry
from erp_build.wiring import open_tools


def judge_references(names: Sequence[str], deployed: str | None, rules: GateRules, console: Console) -> Judgement:
    """Judge images by name; `deployed` is what `new_only` compares them with."""
    with open_tools(
        console.root, clock=console.clock, progress=console.progress, secrets=console.secrets, journal=Journal()
    ) as tools:
        images = [find_image(tools.registry, name) for name in names]
        running = {}
        if deployed:
            old = find_image(tools.registry, deployed)
            running = {image.target: _running(image, old) for image in images}
        console.progress.stage("judge images")
        return judge_images(tools, rules, images, running)


def find_image(registry: Registry, name: str) -> BuiltImage:
    """The image with a name, `repository:tag` or `repository@sha256:...`, with the registry's host or without."""
    reference = ImageReference.parse(name)
    if not reference.tag and not reference.digest:
        raise ConfigurationError(
            f"`{name}` names no image", where="gate", next_step="write repository:tag or repository@sha256:..."
        )
    stored = registry.stored(reference.repository, reference.digest or reference.tag)
    if stored is None:
        raise ConfigurationError(
            "there is no such image",
            where=name,
            next_step=f"aws ecr list-images --repository-name {reference.repository}",
        )
    return BuiltImage(
        target=name,
        repository=reference.repository,
        tag=reference.tag,
        digest=stored.digest,
        commit=None,
        origin="reused",
    )


def _running(image: BuiltImage, old: BuiltImage) -> Running:
    return Running(target=image.target, repository=old.repository, tag=old.tag, digest=old.digest, commit=None)

"""Judging images that lie in the registry, by their names."""

from collections.abc import Sequence

from erp_build.cli.console import Console
from erp_build.clients.protocols import Registry
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.gate.result import GateRules, Judgement
from erp_build.gate.stage import judge_images
from erp_build.model.images.image import BuiltImage, ImageReference
from erp_build.model.plan import Running


def judge_references(names: Sequence[str], deployed: str | None, rules: GateRules, console: Console) -> Judgement:
    """Judge images by name; `deployed` is what `new_only` compares them with."""
    with console.clients() as clients:
        known = [target.repository for target in console.project().image_targets]
        images = [find_image(clients.registry, name, known) for name in names]
        running = {}
        if deployed:
            old = find_image(clients.registry, deployed, known)
            running = {image.target: _running(image, old) for image in images}
        console.progress.stage("judge images")
        return judge_images(clients, rules, images, running)


def find_image(registry: Registry, name: str, known: Sequence[str] = ()) -> BuiltImage:
    """The image with a name, `repository:tag` or `repository@sha256:...`, with the registry's host or without.

    `known` are the repositories of the project without their prefix, for a name that is misspelled.
    """
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
            next_step=_other_name(reference, known),
        )
    return BuiltImage(
        target=name,
        repository=reference.repository,
        tag=reference.tag,
        digest=stored.digest,
        commit=None,
        origin="reused",
    )


def _other_name(reference: ImageReference, known: Sequence[str]) -> str:
    prefix = reference.repository.rpartition("/")[0]
    repositories = [f"{prefix}/{name}".lstrip("/") for name in known]
    look = f"aws ecr list-images --repository-name {reference.repository}"
    return look if reference.repository in repositories else did_you_mean(reference.repository, repositories, look)


def _running(image: BuiltImage, old: BuiltImage) -> Running:
    return Running(target=image.target, repository=old.repository, tag=old.tag, digest=old.digest, commit=None)

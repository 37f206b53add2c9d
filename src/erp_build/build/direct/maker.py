"""Makes an image of a recipe without an engine: a layer for each instruction that changes files, as the engine does."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from erp_build.build.direct.entries import Entry, entries_of, entries_of_folder, require_zips
from erp_build.build.direct.file_tree import Beyond, FileTree, Refusal
from erp_build.build.direct.image_files import BY_AN_ENGINE, ImageFiles
from erp_build.build.direct.layer_writer import Known, no_layer_known, write_layer
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.machine.parallel import map_until_error
from erp_build.errors import BuildFailed, NeedsEngine
from erp_build.formats.dockerfile.direct.recipe import Copy, MakeFolder, Recipe, Step, label_setting
from erp_build.formats.oci.configuration import MadeStep, configuration_of
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import DOCKER_CONFIG, DOCKER_MANIFEST
from erp_build.model.images.oci import BaseImage, Descriptor, MadeImage, MadeLayer

LAYERS_AT_ONCE = 2
"""Layers that are compressed at the same time; other images are in work beside this one."""


class Workshop(NamedTuple):
    """What the images of a run are made with.

    Attributes:
        files: the files of bases and of images that files are copied from.
        image: finds the image of a `COPY --from`, by the name in the Dockerfile.
        folder: which nobody else can read; layers are written into it, and stay there until the run removes it.
    """

    files: ImageFiles
    image: Callable[[str], BaseImage]
    folder: Path


class Making(NamedTuple):
    """How one image is made.

    Attributes:
        where: the Dockerfile's path, for errors.
        classic: whether the engine's classic builder is followed, or BuildKit: the one that would build the Dockerfile.
        labels: of the build, which stand behind the last line of the Dockerfile.
        known: the layers that the registry has. A large layer is read twice where it is asked in vain: ask where layers
            are likely to be there.
    """

    where: str
    classic: bool = True
    labels: Mapping[str, str] = MappingProxyType({})
    known: Known = no_layer_known


def make_image(recipe: Recipe, context: FileTree, base: BaseImage | None, shop: Workshop, making: Making) -> MadeImage:
    """Make an image; nothing is sent.

    Raises `BuildFailed` where the engine would refuse an instruction and for files that cannot be read, and
    `NeedsEngine` where only an engine can make the image.

    Args:
        recipe: the steps.
        context: the build context; its files are read here, and must be complete.
        base: what the recipe begins with; None: nothing (`scratch`).
        shop: what images are made with.
        making: how this one is made.
    """
    steps = (*recipe.steps, *((label_setting(making.labels),) if making.labels else ()))
    layers = layers_of(steps, context, base, shop, making)
    made = [MadeStep(step, layer.diff_id if layer else "") for step, layer in zip(steps, layers, strict=True)]
    config = configuration_of(base.config if base else {}, made, recipe.platform, classic=making.classic)
    own = tuple(layer for layer in layers if layer)
    of_base = base.layers if base else ()
    manifest = manifest_of(
        Descriptor(DOCKER_CONFIG, digest_of(config), len(config)),
        (*of_base, *(layer.descriptor for layer in own)),
        base.manifest.media_type if base else DOCKER_MANIFEST,
    )
    return MadeImage(manifest, config, (*of_base, *own), base)


def layers_of(
    steps: Sequence[Step], context: FileTree, base: BaseImage | None, shop: Workshop, making: Making
) -> tuple[MadeLayer | None, ...]:
    """Make a layer for each step; None for a step that changes no file."""
    plan = _Plan(context, shop.files.names(base), shop, making, _folder_of(base))
    entries = [plan.entries(step) for step in steps]
    with full_disk_fails(str(shop.folder)):
        return map_until_error(partial(_layer, shop.folder, making.known), entries, LAYERS_AT_ONCE)


def _layer(folder: Path, known: Known, entries: Sequence[Entry]) -> MadeLayer | None:
    return write_layer(entries, folder, known) if entries else None


def _folder_of(base: BaseImage | None) -> str:
    config: dict[str, Any] = dict((base.config.get("config") if base else None) or {})
    return str(config.get("WorkingDir") or "")


class _Plan:
    """The image as it grows, without the contents of its files."""

    def __init__(self, context: FileTree, image: FileTree, shop: Workshop, making: Making, folder: str) -> None:
        self._context = context
        self._image = image
        self._shop = shop
        self._where = making.where
        self._classic = making.classic
        self._base_folder = folder

    def entries(self, step: Step) -> list[Entry]:
        """What a step adds."""
        where = f"{self._where}:{step.line}"
        try:
            if isinstance(step, Copy):
                return self._copied(step)
            if isinstance(step, MakeFolder):
                self._base_folder = ""
                return entries_of_folder(step.path, self._image, "" if self._classic else step.user)
            return self._container_folder()
        except Refusal as error:
            raise BuildFailed(
                "the image cannot be made of its Dockerfile",
                where=where,
                why=str(error),
                next_step="correct the instruction: an engine refuses it as well",
            ) from error
        except Beyond as error:
            what = "the image cannot be made without an engine"
            raise NeedsEngine(what, where=where, why=str(error), next_step=BY_AN_ENGINE) from error

    def _copied(self, step: Copy) -> list[Entry]:
        shop = self._shop
        source = shop.files.contents(shop.image(step.from_image)) if step.from_image else self._context
        entries = entries_of(step, source, self._image, classic=self._classic)
        if step.is_add:
            require_zips(entries)
        return entries

    def _container_folder(self) -> list[Entry]:
        """The classic builder makes a container for a setting, and a container its working directory."""
        if not self._classic or not self._base_folder:
            return []
        return entries_of_folder(self._base_folder, self._image)

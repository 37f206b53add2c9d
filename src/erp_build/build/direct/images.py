"""The images of a run that are made without an engine, and their pushes."""

import posixpath
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from erp_build.build.direct.bases import Bases
from erp_build.build.direct.context_tree import context_tree
from erp_build.build.direct.file_tree import FileTree
from erp_build.build.direct.image_files import BY_AN_ENGINE, ImageFiles
from erp_build.build.direct.known_layers import layers_known_by
from erp_build.build.direct.layer_writer import no_layer_known
from erp_build.build.direct.maker import Making, Workshop, make_image
from erp_build.build.direct.spring import jar_in_layers
from erp_build.clients.effects import ImageRequest
from erp_build.clients.registries.connection import Connection
from erp_build.clients.registries.kept_blobs import KeptBlobs
from erp_build.clients.registries.push import ImagePush
from erp_build.clients.registries.registry import Asks, Registry
from erp_build.errors import ErpBuildError, NeedsEngine
from erp_build.formats.dockerfile.direct.reading import recipe_of
from erp_build.formats.dockerfile.direct.recipe import Recipe
from erp_build.formats.dockerfile.stages import final_base
from erp_build.formats.json_text import parsed_json
from erp_build.formats.oci.manifest import image_of
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_NAME_LABEL, LocalImage, PushedImage
from erp_build.model.images.oci import BaseImage, Descriptor, MadeImage, MadeLayer
from erp_build.model.packaging import context_of, dockerfile_of

LAST_IMAGE = "latest"
"""The tag of the image that was proven last: the next one has most of its layers."""


class OwnRegistry:
    """The registry that is pushed to, opened when it is first needed. Threads may call.

    Args:
        connect: makes the connection, once for all who use the registry.
        ask: asks again while an error passes.
    """

    def __init__(self, connect: Callable[[], Connection], ask: Asks) -> None:
        self._connect, self._ask = connect, ask
        self._layers: dict[str, Mapping[str, Descriptor]] = {}
        self._one_at_a_time = threading.RLock()

    def opened(self) -> Registry:
        """The registry."""
        return Registry(self._ask(self._connect), self._ask)

    def is_at(self, host: str) -> bool:
        """Whether it is the registry of a host: then it mounts what it has. True where it does not answer now."""
        try:
            return self._connect().host == host
        except ErpBuildError:
            # Whether it answers, the push finds out.
            return True

    def layer(self, repository: str, diff_id: str) -> Descriptor | None:
        """A layer of the repository's last image by what it is before compression; None where that has it not."""
        with self._one_at_a_time:
            if repository not in self._layers:
                self._layers[repository] = self._last_layers(repository)
            return self._layers[repository].get(diff_id)

    def learn_layers(self, repository: str) -> None:
        """Read which layers the repository's last image has, so that `layer` answers at once."""
        self.layer(repository, "")

    def _last_layers(self, repository: str) -> Mapping[str, Descriptor]:
        try:
            registry = self.opened()
            manifest = registry.manifest(repository, LAST_IMAGE)
            if manifest is None:
                return {}
            with registry.blob(repository, image_of(manifest).config) as blob:
                config = parsed_json(blob.read())
        except (ErpBuildError, ValueError):
            # Then all layers are compressed. Whether the registry answers, the push finds out.
            return {}
        return layers_known_by(manifest, config) if isinstance(config, dict) else {}


class DirectImages:
    """Makes images and pushes them. Threads may call.

    Args:
        root: of the repository.
        folder: which nobody else can read, for layers; it is there until the run ends.
        bases: the images that are built on.
        own: the registry that is pushed to.
    """

    def __init__(self, root: Path, folder: Path, bases: Bases, own: OwnRegistry) -> None:
        self._root, self._folder = root, folder
        self.bases, self._own = bases, own
        self._kept = KeptBlobs(folder)
        self._files = ImageFiles(self._layer, folder)
        self._push: ImagePush | None = None
        self._made: dict[tuple[str, str], MadeImage] = {}
        self._one_at_a_time = threading.RLock()

    def prepare(self, request: ImageRequest, text: str, arguments: Mapping[str, str]) -> None:
        """Read the base image and which files it has, as `make` does first; raises as that does.

        The registry that is pushed to is asked what it has of the image: then nobody waits for that behind the jar.
        """
        if name := final_base(text, request.target.docker_target, arguments):
            base = self.bases.image(name, dict(request.bases))
            self._files.names(base)
            self._pushing().look_for(request.repository, base)
        if request.target.layers:
            self._own.learn_layers(request.repository)

    def make(
        self,
        request: ImageRequest,
        text: str,
        labels: Mapping[str, str],
        jar: Path | None,
        *,
        arguments: Mapping[str, str],
        classic: bool,
    ) -> LocalImage:
        """Make an image and keep it for its push.

        Raises `BuildFailed` where an engine would refuse the Dockerfile or the base cannot be read, and `NeedsEngine`
        where only an engine can make the image.

        Args:
            request: what it is made of, and how it is named.
            text: the Dockerfile.
            labels: besides those of the base.
            jar: of which its layers are made; None: the Dockerfile is followed as it is.
            arguments: of the build.
            classic: whether the classic builder is followed, or BuildKit: the one that would build it.
        """
        target, known_bases = request.target, dict(request.bases)
        where, folder = dockerfile_of(target), context_of(target)
        context = context_tree(self._root / folder, posixpath.relpath(where, folder or "."))
        with self._in_layers(context, text, jar, folder, where) as rewritten:
            name = final_base(rewritten, target.docker_target, arguments)
            base = self.bases.image(name, known_bases) if name else None
            recipe = recipe_of(
                rewritten,
                base.config if base else {},
                target=target.docker_target,
                arguments=arguments,
                platform=self.bases.platform,
            )
            if not isinstance(recipe, Recipe):
                why = "\n".join(map(str, recipe))
                what = "the image cannot be made without an engine"
                raise NeedsEngine(what, where=where, why=why, next_step=BY_AN_ENGINE)
            shop = Workshop(self._files, partial(self.bases.image, known=known_bases), self._folder)
            known = partial(self._own.layer, request.repository) if target.layers else no_layer_known
            of_base = self.bases.labels(name, known_bases) if name else {}
            made = make_image(recipe, context, base, shop, Making(where, classic, {**of_base, **labels}, known))
        self._forget(request)
        self._made[request.repository, request.tag] = made
        return _local(made)

    def has(self, request: ImageRequest) -> bool:
        """Whether `make` has made the image of a request."""
        return (request.repository, request.tag) in self._made

    def push(self, request: ImageRequest, on_bytes: Callable[[int], object]) -> PushedImage:
        """Push what `make` has made; raises `PushFailed`, and `TagTaken` where an immutable tag names another image."""
        made = self._made[request.repository, request.tag]
        pushed = self._pushing().push_image(request.repository, request.tag, made, on_bytes)
        self._forget(request)
        return pushed

    def _pushing(self) -> ImagePush:
        with self._one_at_a_time:
            if self._push is None:
                self._push = ImagePush(self._own.opened(), self.bases.registries.of, self._kept)
            return self._push

    def _layer(self, image: BaseImage, layer: Descriptor) -> AbstractContextManager[IO[bytes]]:
        """A layer of a base image. One of another registry is kept, because a push may have to copy it."""
        if self._own.is_at(image.host):
            return self.bases.blob(image, layer)
        return self._kept.read(self.bases.registries.of(image.host), image.repository, layer)

    def _forget(self, request: ImageRequest) -> None:
        """Remove the layers of an image: those of two hundred services would fill the disk."""
        made = self._made.pop((request.repository, request.tag), None)
        for layer in made.layers if made else ():
            if isinstance(layer, MadeLayer) and layer.path:
                with suppress(FileNotFoundError):
                    layer.path.unlink()

    @contextmanager
    def _in_layers(self, context: FileTree, text: str, jar: Path | None, folder: str, where: str) -> Iterator[str]:
        """The Dockerfile, with the layers of a jar where it has one; for a block, in which they can be read."""
        if jar is None:
            yield text
            return
        name = jar.relative_to(self._root / folder).as_posix()
        with jar_in_layers(context, text, jar, name, where, self._folder) as rewritten:
            yield rewritten


def _local(made: MadeImage) -> LocalImage:
    config = parsed_json(made.config)
    labels = (config.get("config") or {}).get("Labels") or {}
    described = image_of(made.manifest)
    return LocalImage(
        identifier=described.config.digest,
        size=described.config.size + sum(layer.size for layer in described.layers),
        platform=f"{config['os']}/{config['architecture']}",
        builder="direct",
        base=(labels.get(BASE_NAME_LABEL, ""), labels.get(BASE_DIGEST_LABEL, "")),
    )

"""The files of an image, read from its layers as a registry gives them: what a COPY goes into, and what it takes out.

Whiteouts are those of the OCI image specification. A layer is read once a run, and an image that was only looked at is
known to the next run on this machine as well.
"""

import posixpath
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from erp_build.build.direct.file_tree import FOLDER_MODE, OPAQUE, FileTree, Kind, Node, clean
from erp_build.build.direct.layer_reader import DAMAGE, read_layer
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.files.kept import keep, kept_file, read_kept
from erp_build.clients.machine.parallel import map_until_error
from erp_build.errors import BuildFailed, NeedsEngine
from erp_build.formats.dockerfile.direct.recipe import Owner
from erp_build.formats.oci.media_types import DOCKER_LAYER, DOCKER_LAYER_GZIP, OCI_LAYER, OCI_LAYER_GZIP
from erp_build.model.images.oci import BaseImage, Descriptor

FORMAT = "1"
"""The form of what is kept of an image; another one is not read."""

WHITEOUT = ".wh."
GZIPPED = frozenset({DOCKER_LAYER_GZIP, OCI_LAYER_GZIP})
READABLE = GZIPPED | {DOCKER_LAYER, OCI_LAYER}

BY_AN_ENGINE = 'set builder = "auto" in [build], which builds such an image with an engine'
LAYERS_AT_ONCE = 3
"""Layers of an image that are read at the same time: their bytes come from afar."""

OpenBlob = Callable[[BaseImage, Descriptor], AbstractContextManager[IO[bytes]]]
"""Opens a layer in the registry of an image; size and digest are checked where its end is read."""


def unreadable_layer(image: BaseImage) -> str:
    """The media type of a layer that cannot be looked into; empty where there is none."""
    return next((layer.media_type for layer in image.layers if layer.media_type not in READABLE), "")


class ImageFiles:
    """The trees of images, each read once; threads may ask.

    Args:
        blob: opens a layer.
        folder: which nobody else can read; the layers of images that files are copied from are unpacked into it.
    """

    def __init__(self, blob: OpenBlob, folder: Path) -> None:
        self._blob = blob
        self._folder = folder
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._names: dict[str, FileTree] = {}
        self._contents: dict[str, FileTree] = {}

    def names(self, image: BaseImage | None) -> FileTree:
        """What lies where in an image, without contents; a tree of the caller's own. None: nothing (`scratch`)."""
        if image is None:
            return FileTree()
        digest = image.manifest.digest
        with self._lock_of(digest):
            if digest not in self._names:
                self._names[digest] = self._contents.get(digest) or self._known(image)
            return FileTree(self._names[digest])

    def contents(self, image: BaseImage) -> FileTree:
        """The same with contents, to be copied from and not to be changed."""
        digest = image.manifest.digest
        with self._lock_of(digest):
            if digest not in self._contents:
                with full_disk_fails(str(self._folder)):
                    self._contents[digest] = self._read(image, with_contents=True)
            return self._contents[digest]

    def _known(self, image: BaseImage) -> FileTree:
        # Known by its digest, an image has the same files for ever.
        place = kept_file("image", image.manifest.digest)
        if (kept := _from_kept(read_kept(place), image.manifest.digest)) is not None:
            return kept
        tree = self._read(image, with_contents=False)
        keep(place, _to_keep(tree, image.manifest.digest))
        return tree

    def _read(self, image: BaseImage, *, with_contents: bool) -> FileTree:
        if kind := unreadable_layer(image):
            raise NeedsEngine(
                "the layers of an image cannot be read without an engine",
                where=f"{image.host}/{image.repository}@{image.manifest.digest}",
                why=f"one of them is {kind}",
                next_step=BY_AN_ENGINE,
            )
        read = partial(self._entries, image, self._folder if with_contents else None)
        tree = FileTree()
        for number, entries in enumerate(map_until_error(read, image.layers, LAYERS_AT_ONCE)):
            with _damage_fails(image, image.layers[number]):
                _add_layer(tree, number, entries)
        return tree

    def _entries(self, image: BaseImage, folder: Path | None, layer: Descriptor) -> list[tuple[str, Node]]:
        with _damage_fails(image, layer), self._blob(image, layer) as blob:
            return read_layer(blob, folder, gzipped=layer.media_type in GZIPPED)

    def _lock_of(self, digest: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(digest, threading.Lock())


def _add_layer(tree: FileTree, number: int, entries: list[tuple[str, Node]]) -> None:
    """Lay a layer over the tree. Its whiteouts count for what lies below it, wherever they stand in it."""
    for path, _ in entries:
        folder, name = posixpath.split(path)
        if name == OPAQUE:
            for one in [posixpath.join(folder, name) for name in tree.names_in(folder)]:
                tree.remove(one)
        elif name.startswith(WHITEOUT):
            tree.remove(posixpath.join(folder, name[len(WHITEOUT) :]))
    for path, node in entries:
        if path and not posixpath.basename(path).startswith(WHITEOUT):
            _add(tree, number, path, node)


def _add(tree: FileTree, number: int, path: str, node: Node) -> None:
    _make_way(tree, posixpath.dirname(path))
    if node.kind is Kind.FILE and node.link:
        first = clean(node.link)
        old = tree.get(first)
        if old is None or old.kind is Kind.FOLDER:
            raise tarfile.ReadError(f"{path} is a hard link to {first}, which is not there")
        # What the tar says of the second name counts for the file, and so for the first one.
        node = old._replace(same=old.same or (number, first), mode=node.mode, owner=node.owner)
        tree.put(first, node)
    tree.put(path, node)


def _make_way(tree: FileTree, folder: str) -> None:
    """Make the folders that an entry needs and its layer does not name. A link of a lower layer is none."""
    while folder and not tree.is_folder(folder):
        above = posixpath.dirname(folder)
        _make_way(tree, above)
        tree.put(folder, Node(Kind.FOLDER, FOLDER_MODE))


@contextmanager
def _damage_fails(image: BaseImage, layer: Descriptor) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise BuildFailed(
            "a layer of an image cannot be read",
            where=f"{image.host}/{image.repository}, layer {layer.digest}",
            why=str(error),
            next_step="pull the image with an engine: if that fails as well, its registry has it damaged",
        ) from error


def _to_keep(tree: FileTree, digest: str) -> tuple[str, str, list[Any]]:
    return (
        FORMAT,
        digest,
        [
            (path, node.kind.value, node.mode, tuple(node.owner), node.link, node.attributes)
            for path, node in sorted(tree.items())
        ],
    )


def _from_kept(kept: Any, digest: str) -> FileTree | None:
    """The tree that was kept of an image; None where something else was kept, or nothing."""
    if not isinstance(kept, tuple) or kept[:2] != (FORMAT, digest):
        return None
    tree = FileTree()
    for path, kind, mode, owner, link, attributes in kept[2]:
        tree.put(path, Node(Kind(kind), mode, Owner(*owner), link, attributes=attributes))
    return tree

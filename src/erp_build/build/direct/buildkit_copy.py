"""COPY as BuildKit does it (tonistiigi/fsutil: copy/copy.go, called by BuildKit's file operations)."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from erp_build.build.direct.classic_copy import Found, has_wildcards, require_copyable
from erp_build.build.direct.file_tree import FOLDER_MODE, ROOT_OWNER, Beyond, FileTree, Kind, Node, Refusal, clean
from erp_build.formats.dockerfile.direct.recipe import Copy
from erp_build.formats.dockerfile.globs import path_glob

ENGINE_UMASK = 0o022
"""The engine's own, which counts for folders that COPY makes on the way."""


def copy_by_buildkit(step: Copy, source: FileTree, image: FileTree) -> None:
    """Do a COPY; raises `Refusal` where BuildKit would. A pattern that matches nothing copies nothing."""
    found = (one for written in step.sources for one in _found(written, source))
    for number, one in enumerate(found):
        _OneCopy(step, source, image, number).run(one)


def _found(written: str, source: FileTree) -> Iterator[Found]:
    path = clean(written)
    parts = path.split("/")
    plain = next((place for place, part in enumerate(parts) if has_wildcards(part)), None)
    if plain is None:
        yield Found(_there(path, source), posixpath.basename(path))
        return
    above = source.resolved("/".join(parts[:plain]))
    try:
        glob = path_glob("/".join(parts[plain:]))
    except ValueError:
        return
    taken: list[str] = []
    for one in source.below(above):
        inner = one[len(above) :].lstrip("/")
        # What lies in a folder that matches comes with it.
        if glob.matches(inner) and not any(one.startswith(f"{folder}/") for folder in taken):
            taken += [one] if source.is_folder(one) else []
            yield Found(_there(one, source), posixpath.basename(one))


def _there(path: str, source: FileTree) -> str:
    place = source.resolved(path)
    if source.get(place) is None:
        raise Refusal(f"/{path} is not there, or .dockerignore excludes it")
    return place


class _OneCopy(NamedTuple):
    step: Copy
    source: FileTree
    image: FileTree
    number: int

    def run(self, found: Found) -> None:
        """Copy a file, or what is in a folder."""
        destination = self.step.destination
        ensured = destination if destination.endswith("/") else posixpath.dirname(destination)
        self._make_folders(self.image.resolved(clean(ensured)))
        into = self.image.resolved(clean(destination))
        node = self.source.get(found.path)
        assert node is not None
        if node.kind is Kind.FOLDER:
            self._make_folders(into)
            for one in self.source.below(found.path):
                self._copy(one, posixpath.join(into, one[len(found.path) :].lstrip("/")))
            return
        into = posixpath.join(into, found.name) if self.image.is_folder(into) else into
        self._make_folders(posixpath.dirname(into))
        self._copy(found.path, into)

    def _make_folders(self, path: str) -> None:
        mode = FOLDER_MODE if self.step.mode is None else self.step.mode & 0o777 & ~ENGINE_UMASK
        # Since Docker 28.1 the mode of --chmod counts for these folders, too; before, it does not.
        if mode != FOLDER_MODE and self.image.get(path) is None:
            raise Beyond(f"engines disagree whether --chmod counts for /{path}, too; write WORKDIR /{path} above it")
        self.image.make_folders(path, owner=self.step.owner or ROOT_OWNER)

    def _copy(self, path: str, into: str) -> None:
        node = self.source.get(path)
        assert node is not None
        old = self.image.get(into)
        if old and (old.kind is Kind.FOLDER) != (node.kind is Kind.FOLDER):
            what = "a file cannot take the place of the folder" if old.kind is Kind.FOLDER else "no folder is"
            raise Refusal(f"{what} /{into}")
        self.image.put(into, self._placed(path, node))

    def _placed(self, path: str, node: Node) -> Node:
        require_copyable(path, node)
        mode = node.mode if self.step.mode is None or node.kind is Kind.LINK else self.step.mode
        same = None if node.same is None else (self.number, node.same)
        return node._replace(owner=self.step.owner or node.owner, mode=mode, same=same)

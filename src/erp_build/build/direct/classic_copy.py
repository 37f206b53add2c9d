"""COPY as the engine's classic builder does it (moby/moby: builder/dockerfile/copy.go, and go-archive below it).

What it does otherwise than BuildKit: a file takes the place of a folder, and a folder that of a link; a folder that is
copied gets parents of root; an owner costs a file its setuid bit; several sources need a `/` at the destination's end.
"""

import posixpath
import stat
from typing import NamedTuple

from erp_build.build.direct.file_tree import ROOT_OWNER, Beyond, FileTree, Kind, Node, Refusal, clean
from erp_build.formats.dockerfile.direct.recipe import Copy, Owner
from erp_build.formats.dockerfile.globs import path_glob

WILDCARDS = "*?["
CAPABILITY = "SCHILY.xattr.security.capability"
"""The only extended attribute that the classic builder copies."""


class Found(NamedTuple):
    """A source that is there: where its links lead, and the last part of its name."""

    path: str
    name: str


def copy_classic(step: Copy, source: FileTree, image: FileTree) -> None:
    """Do a COPY; raises `Refusal` where the builder would."""
    found = [one for written in step.sources for one in _found(written, source, is_context=not step.from_image)]
    if not found:
        raise Refusal(f"nothing matches {' '.join(step.sources)}")
    if len(found) > 1 and not step.destination.endswith("/"):
        raise Refusal(f"{len(found)} sources need a folder: {step.destination} must end with /")
    # What comes out of an image keeps its owner, unless the instruction gives another one.
    owner = step.owner or (None if step.from_image else ROOT_OWNER)
    for number, one in enumerate(found):
        copy = _OneCopy(source, image, owner, number)
        node = source.get(one.path)
        if node is not None and node.kind is Kind.FOLDER:
            copy.folder(one.path, step.destination)
        else:
            copy.file(one, step.destination)


def has_wildcards(path: str) -> bool:
    """Whether a source is a pattern: behind a backslash no character is special."""
    place = 0
    while place < len(path):
        if path[place] in WILDCARDS:
            return True
        place += 2 if path[place] == "\\" else 1
    return False


def _found(written: str, source: FileTree, *, is_context: bool) -> list[Found]:
    path = written.removeprefix("/").removeprefix("./")
    if not has_wildcards(path):
        return [_found_by_name(path, source, is_context=is_context)]
    try:
        glob = path_glob(path)
    except ValueError:
        return []
    return [_found_by_name(one, source, is_context=is_context) for one in source.below("") if glob.matches(one)]


def _found_by_name(path: str, source: FileTree, *, is_context: bool) -> Found:
    if posixpath.normpath(path or ".").split("/")[0] == "..":
        raise Refusal(f"{path} leads out of {'the build context' if is_context else 'the image'}")
    place = source.resolved(clean(path))
    if source.get(place) is None:
        raise Refusal(
            f"{path} is not in the build context, or .dockerignore excludes it"
            if is_context
            else f"{path} is not in the image"
        )
    return Found(place, posixpath.basename(path.rstrip("/")))


class _OneCopy(NamedTuple):
    """A source on its way. The owner is None where everything keeps its own."""

    source: FileTree
    image: FileTree
    owner: Owner | None
    number: int

    def folder(self, path: str, destination: str) -> None:
        """Copy what is in a folder, not the folder itself."""
        into = self.image.resolved(clean(destination))
        is_new = self.image.get(into) is None
        # The parents are root's even where --chown names another owner.
        self.image.make_folders(into)
        for one in self.source.below(path):
            node = self.source.get(one)
            assert node is not None
            same = None if node.same is None else (self.number, node.same)
            inner = one[len(path) :].lstrip("/")
            self.image.put(posixpath.join(into, inner), self._placed(one, node)._replace(same=same))
        made = self.image.get(into)
        if is_new and made and self.owner:
            self.image.put(into, made._replace(owner=self.owner))

    def file(self, found: Found, destination: str) -> None:
        """Copy a file, in place of whatever is there."""
        node = self.source.get(found.path)
        assert node is not None
        into = self.image.resolved(clean(destination))
        if self.image.is_folder(into) or destination.endswith("/"):
            into = clean(posixpath.join(into, found.name))
        if not into:
            raise Refusal("a file cannot take the place of /")
        self.image.make_folders(posixpath.dirname(into), owner=self.owner or ROOT_OWNER)
        self.image.put(into, self._placed(found.path, node)._replace(same=None))

    def _placed(self, path: str, node: Node) -> Node:
        require_copyable(path, node)
        if self.owner is None:
            kept = tuple(pair for pair in node.attributes if pair[0] == CAPABILITY)
            return node._replace(attributes=kept)
        mode = without_set_bits(node.mode) if node.kind is Kind.FILE else node.mode
        return node._replace(owner=self.owner, mode=mode, attributes=())


def require_copyable(path: str, node: Node) -> None:
    """Raise `Beyond` for what no layer of ours can hold."""
    if node.kind is Kind.OTHER:
        raise Beyond(f"/{path} of the image is a device or a pipe")
    if node.kind is Kind.FILE and node.content is None:
        raise Beyond(f"/{path} of the image is a sparse file")


def without_set_bits(mode: int) -> int:
    """What a change of the owner leaves of the mode of a file (chown(2))."""
    # Without the right to execute for its group, the bit of the group is a lock of old times, and stays.
    set_group = stat.S_ISGID if mode & stat.S_IXGRP else 0
    return mode & ~(stat.S_ISUID | set_group)

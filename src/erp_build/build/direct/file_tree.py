"""A tree of files in memory: a build context, an image, or the part of one that a COPY has changed.

Paths have no slash at either end; the root is the empty one. Contents are not held, only opened when they are read.
"""

import posixpath
from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import IO, NamedTuple

from erp_build.formats.dockerfile.direct.recipe import Owner

MOST_LINKS = 255
"""Links that a path may lead through before the engine takes them for a circle."""

FOLDER_MODE = 0o755
OPAQUE = ".wh..wh..opq"
"""The name in a layer that hides what lower layers have in a folder (OCI image specification)."""


class Refusal(ValueError):
    """Why files cannot be put where they should go, for a reader."""


class Beyond(ValueError):
    """What an engine can do with files and this program cannot, for a reader."""


class Kind(StrEnum):
    """What a path names."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    """A device or a pipe. An image may have some; nobody copies them."""


ROOT_OWNER = Owner(0, 0)


class Node(NamedTuple):
    """What lies at a path.

    Attributes:
        mode: the twelve bits of it; of a link they say nothing.
        link: where a symbolic link leads.
        size: of a file, in bytes.
        content: opens a file; None: its content is not at hand.
        same: files with the same value are one file with several names; None: it has one.
        attributes: extended ones, as PAX has them (`SCHILY.xattr.NAME`).
    """

    kind: Kind
    mode: int
    owner: Owner = ROOT_OWNER
    link: str = ""
    size: int = 0
    content: Callable[[], IO[bytes]] | None = None
    same: object = None
    attributes: tuple[tuple[str, str], ...] = ()


def clean(path: str) -> str:
    """A path without `.`, `..` and slashes too many; nothing lies above the root."""
    return posixpath.normpath(f"/{path}").lstrip("/")


class FileTree:
    """Files, folders and links by their paths, and which of them have changed since the last layer.

    Args:
        like: begins as the same tree, without a change so far; None: with an empty root.
    """

    def __init__(self, like: "FileTree | None" = None) -> None:
        nodes = like._nodes if like else {"": Node(Kind.FOLDER, FOLDER_MODE)}  # noqa: SLF001 - of this class
        listed = like._names if like else {"": set[str]()}  # noqa: SLF001 - of this class
        self._nodes: dict[str, Node] = dict(nodes)
        self._names: dict[str, set[str]] = {folder: set(names) for folder, names in listed.items()}
        self._changed: set[str] = set()
        self._replaced: set[str] = set()

    def get(self, path: str) -> Node | None:
        """What lies at a path itself: a link is not followed."""
        return self._nodes.get(path)

    def is_folder(self, path: str) -> bool:
        """Whether a path itself is a folder."""
        node = self._nodes.get(path)
        return node is not None and node.kind is Kind.FOLDER

    def items(self) -> Iterator[tuple[str, Node]]:
        """Everything but the root, in no order."""
        return ((path, node) for path, node in self._nodes.items() if path)

    def names_in(self, folder: str) -> list[str]:
        """The names of what lies in a folder, in their order."""
        return sorted(self._names.get(folder, ()))

    def below(self, folder: str) -> Iterator[str]:
        """Everything below a folder, each folder before what is in it, by name; links are not followed."""
        waiting = self._listed(folder)
        while waiting:
            path = waiting.pop()
            yield path
            waiting += self._listed(path)

    def resolved(self, path: str) -> str:
        """Where a path leads when every link in it is followed, the last one as well; it need not be there.

        A link of the tree never leads out of it. Raises `Refusal` for links in a circle and a path below a file.
        """
        left = deque(path.split("/"))
        at, links = "", 0
        while left:
            part = left.popleft()
            if part in ("", "."):
                continue
            if part == "..":
                at = posixpath.dirname(at)
                continue
            here = posixpath.join(at, part)
            node = self._nodes.get(here)
            if node is None and not self.is_folder(at) and at in self._nodes:
                raise Refusal(f"/{at} is not a folder")
            if node is None or node.kind is not Kind.LINK:
                at = here
                continue
            links += 1
            if links > MOST_LINKS:
                raise Refusal(f"the links of /{path} lead in a circle")
            at = "" if node.link.startswith("/") else at
            left.extendleft(reversed(node.link.split("/")))
        return at

    def put(self, path: str, node: Node) -> None:
        """Put something at a path; a folder keeps what is in it, anything else takes the place of all that was there.

        The folder that it lies in must be there.
        """
        if self.is_folder(path) and node.kind is not Kind.FOLDER:
            self._empty(path)
            self._replaced.add(path)
        self._nodes[path] = node
        if node.kind is Kind.FOLDER:
            self._names.setdefault(path, set())
        if path:
            folder, name = posixpath.split(path)
            self._names[folder].add(name)
            self._changed.add(path)

    def remove(self, path: str) -> None:
        """Remove what lies at a path, if anything does, and all that is in it."""
        if path in self._nodes and path:
            self._empty(path)
            del self._nodes[path]
            folder, name = posixpath.split(path)
            self._names[folder].discard(name)
            self._changed.discard(path)

    def make_folders(self, path: str, mode: int = FOLDER_MODE, owner: Owner = ROOT_OWNER) -> None:
        """Make a folder and those above it where they are not there; raises `Refusal` where something else is."""
        missing: list[str] = []
        while not self.is_folder(path):
            if path in self._nodes:
                raise Refusal(f"/{path} is not a folder")
            missing.append(path)
            path = posixpath.dirname(path)
        for one in reversed(missing):
            self.put(one, Node(Kind.FOLDER, mode, owner))

    def begin_layer(self) -> None:
        """From now on changes are those of another layer."""
        self._changed.clear()
        self._replaced.clear()

    def layer(self) -> list[tuple[str, Node]]:
        """What has changed since the layer began, by path, and the folders above it.

        Those are in every layer of the engine: where they are missing, it makes them anew, with other rights.
        """
        wanted = set(self._changed)
        for path in self._changed:
            while (path := posixpath.dirname(path)) and path not in wanted:
                wanted.add(path)
        entries = [(path, self._nodes[path]) for path in wanted]
        hidden = (path for path in self._replaced if self.is_folder(path))
        entries += [(f"{path}/{OPAQUE}", Node(Kind.FILE, 0)) for path in hidden]
        return sorted(entries, key=lambda entry: entry[0].split("/"))

    def _listed(self, folder: str) -> list[str]:
        return [posixpath.join(folder, name) for name in reversed(self.names_in(folder))]

    def _empty(self, folder: str) -> None:
        for path in list(self.below(folder)):
            del self._nodes[path]
            self._names.pop(path, None)
            self._changed.discard(path)
        self._names.pop(folder, None)

"""Finds the files of a commit that Maven's graph is read from, folder by folder, without listing all of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from erp_build.clients.git.answers import decoded
from erp_build.errors import ConfigurationError
from erp_build.formats.maven.folders import folders_without_modules
from erp_build.formats.maven.settings import POM_FILE, is_maven_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erp_build.clients.git.objects import Objects
    from erp_build.clients.git.repository import GitRepository

TREE_MODE = b"40000 "
ENDS = (b"pom.xml", b"maven.config", b"extensions.xml")
FILE_MODES = (b"100644 ", b"100755 ", b"120000 ")
"""Of what counts as a file: a link is one whose content is no XML, which is said."""


class MavenFile(NamedTuple):
    """A file of a commit that the graph is read from: the id of its blob, and its content; None: Git lacks it."""

    identifier: str
    content: bytes | None


class _Folder(NamedTuple):
    """What counts in a folder: its path with a `/` at its end, and name -> id of its folders and its files."""

    path: str
    folders: dict[bytes, str]
    files: dict[bytes, str]


def maven_files(repository: GitRepository, commit: str) -> dict[str, MavenFile]:
    """Return the poms of a commit and what its `.mvn` folders set, by their paths.

    Args:
        repository: is read.
        commit: full.
    """
    found: dict[str, MavenFile] = {}
    level = [("", f"{commit}^{{tree}}")]
    with repository.objects() as objects:
        while level:
            folders = list(_folders(objects, level, len(commit) // 2))
            files = {f"{one.path}{decoded(name)}": id_ for one in folders for name, id_ in one.files.items()}
            found |= contents(repository, objects, {path: id_ for path, id_ in files.items() if is_maven_file(path)})
            level = []
            for one in folders:
                pom = found.get(f"{one.path}{POM_FILE}") if one.files else None
                left_out = folders_without_modules(pom and (pom.content or b""))
                inside = ((name, id_) for name, id_ in one.folders.items() if name not in left_out)
                level += [(f"{one.path}{decoded(name)}/", id_) for name, id_ in inside]
    return found


def contents(repository: GitRepository, objects: Objects, files: dict[str, str]) -> dict[str, MavenFile]:
    """Read some files.

    Args:
        repository: whose files they are.
        objects: of it.
        files: path -> id.
    """
    identifiers = list(files.values())
    repository.complete(identifiers)
    rows = zip(files, identifiers, objects.read(identifiers), strict=True)
    return {path: MavenFile(identifier, content) for path, identifier, content in rows}


def _folders(objects: Objects, level: list[tuple[str, str]], size: int) -> Iterator[_Folder]:
    """What counts in some folders; `size` is the number of bytes of an id."""
    trees = objects.read([identifier for _, identifier in level], "tree")
    for (path, identifier), tree in zip(level, trees, strict=True):
        if tree is None:
            raise ConfigurationError(
                "git cannot read a commit",
                where=f"the folder {path or 'at the root'} ({identifier})",
                why="it is not in this clone",
                next_step="fetch it: git fetch --refetch, or a clone without --filter=tree",
            )
        folder = _Folder(path, {}, {})
        place = 0
        # As Git keeps it: `mode name NUL id`.
        while place < len(tree):
            start, end = place, tree.index(b"\0", place)
            place = end + 1 + size
            if tree.startswith(TREE_MODE, start):
                folder.folders[tree[start + len(TREE_MODE) : end]] = tree[end + 1 : place].hex()
            elif tree.endswith(ENDS, start, end) and tree.startswith(FILE_MODES, start):
                folder.files[tree[start:end].partition(b" ")[2]] = tree[end + 1 : place].hex()
        yield folder

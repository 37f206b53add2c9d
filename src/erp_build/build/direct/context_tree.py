"""The build context as a tree: the files that an engine would be sent, with the modes that it would be sent."""

import os
import posixpath
import stat
from functools import partial
from pathlib import Path
from typing import IO

from erp_build.build.direct.file_tree import FileTree, Kind, Node
from erp_build.clients.docker.build_context import GIT_FOLDER, sent_mode
from erp_build.clients.docker.context_files import ContextFiles
from erp_build.errors import BuildFailed

KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}


def context_tree(folder: Path, dockerfile: str) -> FileTree:
    """The files of a folder that a COPY can take.

    Not the Dockerfile and the `.dockerignore` where they are excluded: the engine is sent both, and removes them.

    Args:
        folder: of the build context; what is made for the image must lie in it by now.
        dockerfile: its name from the folder on.
    """
    tree = FileTree()
    for name in ContextFiles(folder, dockerfile, never=(GIT_FOLDER,)).sent:
        tree.make_folders(posixpath.dirname(name))
        tree.put(name, _node(folder / name))
    return tree


def _node(path: Path) -> Node:
    try:
        found = path.lstat()
        kind = KINDS.get(stat.S_IFMT(found.st_mode), Kind.OTHER)
        # As a `Path` it would be another text than the link has.
        link = os.readlink(path) if kind is Kind.LINK else ""  # noqa: PTH115
    except OSError as error:
        raise BuildFailed(
            "a file of the build context cannot be read",
            where=str(path),
            why=str(error),
            next_step="see that nothing changes the files while the image is made",
        ) from error
    size = found.st_size if kind is Kind.FILE else 0
    return Node(kind, sent_mode(found.st_mode), link=link, size=size, content=partial(open_file, path))


def open_file(path: Path) -> IO[bytes]:
    """Open a file that lies at a path itself; a link or a pipe in its place is an error, and none that waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no file any more")
    return os.fdopen(descriptor, "rb")

"""The files of a source without `.git`: what a commit would hold, read from the disk."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from erp_build.model.source_file import SourceFile

SYMLINK_MODE, EXECUTABLE_MODE, FILE_MODE = "120000", "100755", "100644"
MAVEN_OUTPUT = "target"
"""The folder that a build makes beside a pom; all other files belong to the source."""


def files_on_disk(root: Path) -> Iterator[SourceFile]:
    """Return the files below a root with the modes and ids that Git gives them, without `.git` and Maven's output."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_output(Path(folder), name))
        # A link to a folder is a file to Git.
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted((*names, *links)):
            path = Path(folder) / name
            # Git knows files and links; a pipe would be waited for.
            if not (stat.S_ISREG(path.lstat().st_mode) or path.is_symlink()):
                continue
            yield _source_file(path, os.fsencode(path.relative_to(root)).decode("utf-8", "surrogateescape"))


def _is_output(folder: Path, name: str) -> bool:
    return name == ".git" or (name == MAVEN_OUTPUT and (folder / "pom.xml").exists())


def _source_file(path: Path, name: str) -> SourceFile:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return SourceFile(SYMLINK_MODE, blob_identifier(os.fsencode(path.readlink())), name)
    return SourceFile(EXECUTABLE_MODE if mode & stat.S_IXUSR else FILE_MODE, blob_identifier(path.read_bytes()), name)


def blob_identifier(content: bytes) -> str:
    """The id that Git gives a file's content (a blob object, SHA-1)."""
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

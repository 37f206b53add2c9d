"""The files of a source without `.git`: what a commit would hold, read from the disk."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from erp_build.clients.git.checkout import source_file
from erp_build.errors import ConfigurationError
from erp_build.model.source_file import SourceFile

MAVEN_OUTPUT = "target"
"""The folder that Maven makes beside a pom."""

MAVEN_TRACES = ("classes", "test-classes", "maven-archiver", "maven-status", "*.jar", "*.war")
"""What Maven leaves in its folder. It has cleaned the folder before, so nothing of the source is left beside them."""


def files_on_disk(root: Path) -> Iterator[SourceFile]:
    """Return the files below a root with the modes and ids that Git gives them, without `.git` and Maven's output."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_output(Path(folder), name))
        # A link to a folder is a file to Git.
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted((*names, *links)):
            path = Path(folder) / name
            # Git knows files and links; a pipe would be waited for.
            if stat.S_ISREG(path.lstat().st_mode) or path.is_symlink():
                yield _source_file(root, os.fsencode(path.relative_to(root)).decode("utf-8", "surrogateescape"))


def _source_file(root: Path, path: str) -> SourceFile:
    try:
        return source_file(str(root), path)[0]
    except OSError as error:
        raise ConfigurationError(
            "a file of the source cannot be read",
            where=path,
            why=error.strerror or str(error),
            next_step="remove it, or make it readable",
        ) from error


def _is_output(folder: Path, name: str) -> bool:
    """Whether a folder is no source; a `target` that was committed is one as long as Maven has not been there."""
    if name != MAVEN_OUTPUT or not (folder / "pom.xml").exists():
        return name == ".git"
    return any(next((folder / name).glob(trace), None) for trace in MAVEN_TRACES)

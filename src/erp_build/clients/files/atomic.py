"""Writes files atomically, and turns a full disk into a readable error."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from erp_build.errors import BuildFailed, ConfigurationError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file and keep its mode; after a kill at any moment it has the old or the new content, never a part.

    A symbolic link stays a link: its target is replaced.
    """
    path = path.resolve()
    # In the same folder, because a rename is atomic only within a file system.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # On the disk before the rename: otherwise a crash could leave an empty file.
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def write_file(path: Path, content: bytes, what: str = "a file") -> None:
    """Replace a file, in a folder that may not be there yet.

    Raises `ConfigurationError`, with what the file is, if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise ConfigurationError(
            f"{what} cannot be written", where=str(path), why=str(error), next_step="check its folder's rights"
        ) from error


@contextmanager
def full_disk_fails(where: str) -> Iterator[None]:
    """Raise `BuildFailed` for a full disk in the block; other file errors pass unchanged.

    Args:
        where: what was written, for an error that names no file.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise BuildFailed(
            "the disk is full",
            where=str(error.filename or where),
            why=error.strerror or str(error),
            next_step="free disk space (docker system prune), let TMPDIR name a larger disk, or choose a larger host",
        ) from error

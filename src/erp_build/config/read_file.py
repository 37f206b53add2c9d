"""Reads files that others wrote: a regular file up to a size, and nothing else.

Imports only what the interpreter has loaded anyway.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from erp_build.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 16 * 1024 * 1024
"""The largest file that is read: the configuration of 2,000 services has a quarter of a megabyte."""

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


def read_file(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a regular file.

    Raises `OSError` with the reason for a pipe, which would be waited for without end, for a device or a socket, and
    for a file of more than `limit` bytes.
    """
    # Without O_NONBLOCK the opening of a pipe waits for somebody who writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if kind != stat.S_IFREG:
            raise OSError(errno.EINVAL, f"it is {KINDS.get(kind, 'no file')}, not a file", os.fspath(path))
        # Read as well as asked: a file may grow.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit // 1024} KiB", os.fspath(path))
    return content


def path_below(root: Path, path: str) -> Path:
    """Return a path of a repository on the disk; raises `ConfigurationError` where a link leads it out of there."""
    found = root / path
    if not found.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError(
            f"{path} leads out of the repository",
            where=str(found),
            why=f"a link leads to {found.resolve()}",
            next_step="keep the files in the repository: what lies outside has no history, and no change of it is seen",
        )
    return found

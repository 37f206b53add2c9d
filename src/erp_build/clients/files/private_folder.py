"""Temporary folders that nobody else can read, and that are gone when their block ends, or the process by a signal."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTEMPTS, PAUSE_S = 20, 0.05
"""How often a folder is removed: a thread that a signal stops may make one more file just then."""

_in_use: set[Path] = set()
"""The folders that are there."""


@contextmanager
def private_folder(prefix: str = "erp-build-") -> Iterator[Path]:
    """A new folder for the block that nobody else can read; it is removed afterwards with all that is in it.

    Nothing is raised where something of it cannot be removed: how the block ended counts more.

    Args:
        prefix: how its name begins.
    """
    folder = make_private_folder(prefix)
    try:
        yield folder
    finally:
        remove_private_folder(folder)


def make_private_folder(prefix: str) -> Path:
    """A new folder that nobody else can read, for whoever calls `remove_private_folder` in the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    _in_use.add(folder)
    return folder


def remove_private_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that can be done."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(PAUSE_S)
    _in_use.discard(folder)


def remove_private_folders() -> None:
    """Remove all folders although their blocks go on. The process ends now, and they may hold secrets."""
    for folder in tuple(_in_use):
        shutil.rmtree(folder, ignore_errors=True)

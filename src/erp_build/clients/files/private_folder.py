"""The folder of a run, in which its threads make files, and which is gone when the run ends."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTEMPTS, PAUSE_S = 20, 0.05
"""How often the folder is removed: a thread that a signal stops may make one more file just then."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder for the block that nobody else can read; it is removed afterwards with all that is in it.

    Nothing is raised where something of it cannot be removed: how the block ended counts more.
    """
    folder = Path(tempfile.mkdtemp(prefix="erp-build-"))
    try:
        yield folder
    finally:
        for _ in range(ATTEMPTS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(PAUSE_S)

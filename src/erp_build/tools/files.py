"""Writing of files: whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from erp_build.errors import ConfigurationError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file, keeping its mode; killed at any moment, the old or the new content is there, never a part.

    A link stays one: what it leads to is replaced.
    """
    path = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def write_result(path: Path, text: str) -> None:
    """Write a file that the caller asked for; raises `ConfigurationError` where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigurationError(
            "a file cannot be written", where=str(path), why=str(error), next_step="check its folder's rights"
        ) from error

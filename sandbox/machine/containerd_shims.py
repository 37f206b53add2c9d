"""Where containerd's shims listen, those of the engine and those of the node alike: in /run, whatever they are told."""

from contextlib import suppress
from pathlib import Path

FOLDERS = (Path("/run/containerd/s"), Path("/run/containerd"))


def remove_folders() -> None:
    """Take the folders away when nobody uses them any more: the engine may end after the node, or before it."""
    for folder in FOLDERS:
        with suppress(OSError):
            folder.rmdir()

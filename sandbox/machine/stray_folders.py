"""Folders that programs make wherever their own are; those that were not there before are taken away."""

import json
import os
from contextlib import suppress
from pathlib import Path

from sandbox.paths import STATE

FOLDERS = (
    "/opt/containerd",  # the engine's containerd, at its start
    "/run/docker",  # the engine, for plugins
    "/run/mount",  # mount, for what the kernel does not keep
    "/run/runc",  # the engine's BuildKit, at its first build
)
BEFORE = STATE / "folders-before.json"
"""Those that were not there before the sandbox; without this note nothing is taken away."""


def note(folders: tuple[str, ...] = FOLDERS, before: Path = BEFORE) -> None:
    """Note which are not there; a note of an earlier start stays."""
    if before.exists():
        return
    before.parent.mkdir(parents=True, exist_ok=True)
    before.write_text(json.dumps([folder for folder in folders if not Path(folder).exists()]), encoding="utf-8")


def remove(before: Path = BEFORE) -> None:
    """Take away those that were not there, unless they hold a file: it may be somebody else's."""
    if before.exists():
        for folder in json.loads(before.read_text(encoding="utf-8")):
            for path, _, _ in os.walk(folder, topdown=False):
                with suppress(OSError):
                    Path(path).rmdir()

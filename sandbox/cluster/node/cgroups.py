"""The control groups of the pods, below one of our own.

A kubelet ends what it does not know below its root group; with the default root it would end the pods of another
kubelet on the same machine.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

ROOT = "erp-build-sandbox"
_MOUNT = Path("/sys/fs/cgroup")
_SHARES = {"cpu.shares": "8192", "cpu.weight": "800"}
"""What all pods together weigh in each version, eight times a process: without it they come as one, however many there
are, and beside the tests of a busy machine no Java of theirs would ever start in time."""


def create() -> None:
    """Make the root group, in each hierarchy of version 1 or in the one of version 2."""
    if _is_unified():
        wanted = _words(_MOUNT / "cgroup.controllers") & {"cpu", "cpuset", "memory", "pids", "io", "hugetlb"}
        missing = wanted - _words(_MOUNT / "cgroup.subtree_control")
        if missing:
            words = " ".join(f"+{name}" for name in sorted(missing))
            (_MOUNT / "cgroup.subtree_control").write_text(words, encoding="ascii")
    for top in _tops():
        top.mkdir(exist_ok=True)
        for name, share in _SHARES.items():
            if (top / name).exists():
                (top / name).write_text(share, encoding="ascii")


def remove() -> None:
    """Remove the root group with all below; one that still holds a process refuses and stays."""
    for top in _tops():
        for folder, _, _ in os.walk(top, topdown=False):
            _remove(Path(folder))


def _tops() -> list[Path]:
    if _is_unified():
        return [_MOUNT / ROOT]
    return [folder / ROOT for folder in _MOUNT.iterdir() if folder.is_dir() and not folder.is_symlink()]


def _is_unified() -> bool:
    return (_MOUNT / "cgroup.controllers").exists()


def _words(path: Path) -> set[str]:
    return set(path.read_text(encoding="ascii").split())


def _remove(folder: Path) -> None:
    for _ in range(20):  # the kernel lets go of a killed process a moment after its end
        with suppress(OSError):
            folder.rmdir()
        if not folder.exists():
            return
        time.sleep(0.05)

"""What this machine can bear: cores and memory, also inside of a container's limits."""

import os
from collections.abc import Iterable
from pathlib import Path

MAX_PUSHES_AT_ONCE = 2
"""Pushes at once: each compresses on a core of its own, and a third one gained nothing when measured."""

BYTES_PER_IMAGE = 1_000_000_000
"""Bytes for an image that is built and pushed beside a Maven: the engine's buffers and the context."""

MEMORY_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")


def images_at_once() -> int:
    """How many images may be worked on at the same time; one where memory is short.

    One more than may be pushed: it is built while the others are pushed, so that no core waits when one of them ends.
    """
    wanted = pushes_at_once() + 1
    memory = available_memory()
    return wanted if memory is None else min(wanted, max(1, memory // BYTES_PER_IMAGE - 1))


def pushes_at_once() -> int:
    """How many images may be pushed at the same time: never more than there are cores."""
    return min(MAX_PUSHES_AT_ONCE, os.cpu_count() or 1)


def available_memory(limits: Iterable[Path] = MEMORY_LIMIT_FILES, meminfo: Path = MEMINFO) -> int | None:
    """Bytes that programs may still take; None where the system does not say (not Linux)."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines())
        available = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    stated = (text for path in limits if (text := _text(path)).isdigit())
    return min([available, *(int(text) for text in stated)])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""

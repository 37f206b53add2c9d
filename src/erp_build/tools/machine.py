"""What this machine can bear: cores and memory, also inside of a container's limits."""

import os
from collections.abc import Iterable
from pathlib import Path

MOST = 2
"""Images at once: a push compresses on one core, and a third one gained nothing when measured."""

ROOM = 1_000_000_000
"""Bytes for an image that is built and pushed beside a Maven: the engine's buffers and the context."""

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")


def images_at_once() -> int:
    """How many images may be built and pushed at the same time; one where memory is short."""
    memory = available_memory()
    by_memory = MOST if memory is None else max(1, memory // ROOM - 1)
    return int(min(MOST, os.cpu_count() or 1, by_memory))


def available_memory(limits: Iterable[Path] = LIMITS, meminfo: Path = MEMINFO) -> int | None:
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

"""How much this machine can do at once, by cores and memory, also within the limits of a container."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MAX_PUSHES_AT_ONCE = 2
"""Each push compresses on one core; a third one gained nothing when measured (docs/decisions/0022)."""

BYTES_PER_IMAGE = 1_000_000_000
"""Memory for one image that is built and pushed while Maven works: the engine's buffers and the context."""

MEMORY_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")


def images_at_once() -> int:
    """Return how many images may be in work at the same time; one if memory is short.

    One more than may be pushed: it is built while the others are pushed, so that the next push can begin at once.
    """
    wanted = pushes_at_once() + 1
    memory = available_memory()
    return wanted if memory is None else min(wanted, max(1, memory // BYTES_PER_IMAGE - 1))


def pushes_at_once() -> int:
    """Return how many images may be pushed at the same time: never more than there are cores."""
    return min(MAX_PUSHES_AT_ONCE, os.cpu_count() or 1)


def available_memory(limits: Iterable[Path] = MEMORY_LIMIT_FILES, meminfo: Path = MEMINFO) -> int | None:
    """Return the available memory in bytes; None where the system does not say (not Linux)."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines())
        available = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    for path in limits:
        # Of two files one is there. cgroups v2 writes `max` for no limit, which is no number.
        with suppress(OSError, ValueError):
            available = min(available, int(path.read_text(encoding="ascii")))
    return available

"""The inventory of this machine: programs, JDKs, engine, disk and memory, and how much it can do at once with them."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from erp_build.clients.maven.jdk import installed_jdks
from erp_build.clients.process import TimedOut, child_environment, run

VERSION_WORDS: Mapping[str, tuple[str, ...]] = {
    "git": ("--version",),
    "helm": ("version", "--short"),
    "kubectl": ("version", "--client"),
    "mvn": ("--version",),
}
"""Program -> the arguments with which it prints its version."""

VERSION = re.compile(r"(?<!\d)(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
VERSION_TIMEOUT_S = 30.0

MAX_PUSHES_AT_ONCE = 2
"""Each push compresses on one core; a third one gained nothing when measured (docs/decisions/0022)."""

BYTES_PER_IMAGE = 1_000_000_000
"""Memory for one image that is built and pushed while Maven works: the engine's buffers and the context."""

BYTES_PER_CHECK = 1_000_000_000
"""Memory for one check: a JVM of Maven, or a scanner."""

MEMORY_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")


class LocalMachine:
    """This machine.

    Args:
        follows_user: whether the engine may be the one that the user chose with `docker context use`.
    """

    def __init__(self, *, follows_user: bool = False) -> None:
        self._follows_user = follows_user

    def python(self) -> tuple[int, int, int]:
        """The version of the Python that runs this."""
        return sys.version_info[:3]

    def version_of(self, program: str) -> tuple[int, int, int] | None:
        """The version of `git`, `helm`, `kubectl` or `mvn`; None where it is not in PATH or does not say."""
        try:
            done = run([program, *VERSION_WORDS[program]], env=child_environment("JAVA_"), timeout=VERSION_TIMEOUT_S)
        except (TimedOut, OSError):
            return None
        found = VERSION.search(done.stdout)
        return (int(found[1]), int(found[2]), int(found[3] or 0)) if found and not done.code else None

    def jdks(self) -> Mapping[int, str]:
        """Release -> home of each JDK."""
        return installed_jdks(os.environ)

    def engine(self) -> str:
        """The Docker engine's version; raises `BuildFailed` where none answers."""
        # Imported here: no other check needs the Docker SDK.
        from erp_build.clients.docker.engine import Engine
        from erp_build.clients.docker.private_config import isolated, users_folder
        from erp_build.clients.docker.server import find_server

        user = users_folder()
        server = find_server(os.environ, user, follows_user=self._follows_user)
        with isolated(user):
            return Engine(lambda: server).version()

    def free_disk(self, folder: Path) -> int:
        """Return the free bytes of a folder's disk."""
        return shutil.disk_usage(folder).free

    def memory(self) -> int | None:
        """Return the available memory in bytes; None where the system does not say."""
        return available_memory()


def images_at_once() -> int:
    """Return how many images may be in work at the same time; one if memory is short.

    One more than may be pushed: it is built while the others are pushed, so that the next push can begin at once.
    """
    wanted = pushes_at_once() + 1
    memory = available_memory()
    return wanted if memory is None else min(wanted, max(1, memory // BYTES_PER_IMAGE - 1))


def checks_at_once() -> int:
    """Return how many services may be checked at the same time: one for each core, fewer if memory is short."""
    memory = available_memory()
    cores = os.cpu_count() or 1
    return cores if memory is None else min(cores, max(1, memory // BYTES_PER_CHECK))


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

"""The inventory of this machine: programs, JDKs, engine, disk and memory. Reading only."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from erp_build.clients.machine.limits import available_memory
from erp_build.clients.maven.jdk import installed_jdks
from erp_build.clients.process import TimedOut, child_environment, run

VERSION_WORDS: Mapping[str, tuple[str, ...]] = {
    "git": ("--version",),
    "helm": ("version", "--short"),
    "kubectl": ("version", "--client"),
    "mvn": ("--version",),
}
"""Program -> the arguments with which it prints its version."""

VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
VERSION_TIMEOUT_S = 30.0


class LocalMachine:
    """This machine."""

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

        return Engine().version()

    def free_disk(self, folder: Path) -> int:
        """Return the free bytes of a folder's disk."""
        return shutil.disk_usage(folder).free

    def memory(self) -> int | None:
        """Return the available memory in bytes; None where the system does not say."""
        return available_memory()

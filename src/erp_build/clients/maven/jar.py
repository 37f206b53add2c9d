"""Finds the executable jar in Maven's `target`."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from erp_build.errors import BuildFailed

Mark = tuple[int, int, int]
"""Inode, size and ctime: these change when a file is written, whatever modification time Maven sets."""


def jars_in(folder: Path) -> dict[Path, Mark]:
    """Return the jars of a directory with their marks."""
    return {jar: _mark(jar) for jar in sorted(folder.glob("*.jar"))}


def executable_jar(folder: Path, before: Mapping[Path, Mark] | None = None) -> Path:
    """Return the one jar that `java -jar` can run; raises `BuildFailed` for none, several, or an old one.

    Args:
        folder: Maven's `target`.
        before: `jars_in` of it before the build. A modification time tells nothing: reproducible builds set an old one.
    """
    jars = jars_in(folder)
    runnable = [jar for jar in jars if _has_main_class(jar)]
    if len(runnable) != 1:
        found = ", ".join(jar.name for jar in jars) or "no jar"
        raise BuildFailed(
            f"{len(runnable)} executable jars instead of one",
            where=str(folder),
            why=f"found: {found}",
            next_step="let spring-boot-maven-plugin repackage exactly one jar",
        )
    jar = runnable[0]
    if before and before.get(jar) == jars[jar]:
        raise BuildFailed(
            "the jar is from before this build",
            where=str(jar),
            why="Maven ended without an error and did not write it",
            next_step="look at what the pom does in the phase `package`",
        )
    return jar


def _mark(jar: Path) -> Mark:
    status = jar.stat()
    return status.st_ino, status.st_size, status.st_ctime_ns


def _has_main_class(jar: Path) -> bool:
    try:
        with ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF")
    except (BadZipFile, KeyError, OSError):
        return False
    return b"Main-Class:" in manifest

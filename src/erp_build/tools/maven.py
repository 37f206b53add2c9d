"""Maven: one service's jar."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from erp_build.errors import BuildFailed
from erp_build.tools.process import Result, TimedOut, child_environment, run, tail

FLAGS = ("--batch-mode", "--no-transfer-progress", "-Dstyle.color=never", "-DskipTests")
"""Tests are not run, as in the pipeline that this one replaces; they belong to the pull request."""

FAST_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A build is too short for the optimising compiler: measured, it takes 0.61 of the time."""

TIMEOUT = 1200.0


class Maven:
    """Builds jars with the service's own wrapper, or with the `mvn` of the machine."""

    def check(self, source: Path) -> None:
        """Raise `BuildFailed` when the directory holds nothing that Maven can build, or there is no Maven."""
        if not (source / "pom.xml").is_file():
            raise BuildFailed(
                "the service has no pom.xml",
                where=str(source),
                why="the directory is not there" if not source.is_dir() else "pom.xml is not there",
                next_step="correct `path` in erp-build.toml, or add the pom",
            )
        if not self._wrapper(source) and not shutil.which("mvn"):
            raise BuildFailed("there is no Maven", where="PATH", next_step="install Maven, or add the wrapper (mvnw)")

    def package(self, source: Path, on_line: Callable[[str], None]) -> Path:
        """Make the jar of a service and return it; raises `BuildFailed` with the errors that Maven named."""
        wrapper = self._wrapper(source)
        command = ["sh", str(wrapper)] if wrapper else ["mvn"]
        options = f"{os.environ.get('MAVEN_OPTS', '')} {FAST_JVM}".strip()
        try:
            done = run(
                [*command, *FLAGS, "--file", "pom.xml", "clean", "package"],
                env=child_environment("JAVA_", "MAVEN_", "M2_", MAVEN_OPTS=options),
                cwd=source,
                timeout=TIMEOUT,
                on_line=on_line,
            )
        except TimedOut as error:
            raise BuildFailed(
                "Maven took too long", where=str(source), why=f"{error}\n{tail(error.tail)}", next_step="run it by hand"
            ) from error
        if done.code:
            raise BuildFailed(
                "Maven failed",
                where=str(source),
                why=_failure(done),
                next_step=f"mvn -f {source.name}/pom.xml clean package",
            )
        return executable_jar(source / "target")

    @staticmethod
    def _wrapper(source: Path) -> Path | None:
        # Started through sh, because an unpacked zip of the source has lost the executable bit.
        wrapper = source / "mvnw"
        return wrapper if wrapper.is_file() else None


def executable_jar(folder: Path) -> Path:
    """The one jar in a folder that `java -jar` can run; none or several raise `BuildFailed`, naming what is there."""
    jars = sorted(folder.glob("*.jar"))
    runnable = [jar for jar in jars if _has_main_class(jar)]
    if len(runnable) != 1:
        found = ", ".join(jar.name for jar in jars) or "no jar"
        raise BuildFailed(
            f"{len(runnable)} executable jars instead of one",
            where=str(folder),
            why=f"found: {found}",
            next_step="let spring-boot-maven-plugin repackage exactly one jar",
        )
    return runnable[0]


def _has_main_class(jar: Path) -> bool:
    try:
        with ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF")
    except (BadZipFile, KeyError, OSError):
        return False
    return b"Main-Class:" in manifest


def _failure(done: Result) -> str:
    """The lines in which Maven names the error, or the last ones: a killed JVM names none."""
    if done.code in (137, -9):
        return "Maven was killed; most likely the machine ran out of memory"
    errors = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]") and len(line) > len("[ERROR] ")]
    return "\n".join(errors[:12]) or tail(f"{done.stdout}\n{done.stderr}")

"""Follows Maven's output line by line: which module it builds, and which executable jar is complete."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from erp_build.clients.clock import Clock
from erp_build.clients.maven.reactor import MavenModule, artifact_of
from erp_build.errors import BuildFailed
from erp_build.formats.maven.log import plain
from erp_build.formats.maven.pom import read_pom
from erp_build.formats.spring_jar import MANIFEST, JarMarks, marks_of, runnable

PROJECT_LINE = re.compile(r"\[INFO\] -+< [^:]+:(\S+) >-+")
"""The line that Maven 3 and 4 print before they build a module of the reactor."""

END_LINES = ("[INFO] Reactor Summary", "[INFO] BUILD ")

OnJar = Callable[[str, Path, float], None]
"""Takes a module's name, its jar, and the seconds that the jar took."""

Mark = tuple[int, int, int]
"""Inode, size and ctime: these change when a file is written, whatever modification time Maven sets."""


class MavenOutput:
    """The output of one call of Maven.

    A module's jar is complete when Maven begins the next module, and the last one's when Maven prints its summary.
    A module may still turn out to have failed when Maven ends.

    Attributes:
        complete: the jars that were handed over.
        troubles: why no jar of a module was handed over.
    """

    def __init__(
        self, group: Sequence[MavenModule], clock: Clock, detail: Callable[[str, str], None], on_jar: OnJar
    ) -> None:
        self._by_artifact = {artifact_of(module.folder): module for module in group}
        self._before = {module: jars_in(module.folder / "target") for module in group}
        self._only = group[0] if len(group) == 1 else None
        self._clock = clock
        self._detail = detail
        self._on_jar = on_jar
        self._current: MavenModule | None = None
        self._since = clock.monotonic()
        self.complete: dict[MavenModule, Path] = {}
        self.troubles: dict[MavenModule, BuildFailed] = {}

    def read(self, line: str) -> None:
        """Take a line; called from the threads that read Maven's streams."""
        text = plain(line)
        if found := PROJECT_LINE.match(text):
            self._leave()
            self._current = self._by_artifact.get(found[1])
        elif text.startswith(END_LINES):
            self._leave()
        module = self._current or self._only
        self._detail(text, module.name if module else "maven")

    def close(self, *, succeeded: bool) -> None:
        """Maven ended; after a success, hand over the jars that were not handed over yet."""
        self._current = None
        for module in self._before if succeeded else ():
            if module not in self.complete:
                self._hand_over(module)

    def _leave(self) -> None:
        module, self._current = self._current, None
        # A single module is handed over at Maven's end, when it is known whether it succeeded.
        if module and not self._only:
            self._hand_over(module)

    def _hand_over(self, module: MavenModule) -> None:
        try:
            jar = executable_jar(module.folder / "target", self._before[module])
        except BuildFailed as trouble:
            self.troubles[module] = trouble
            return
        now = self._clock.monotonic()
        seconds, self._since = now - self._since, now
        self.complete[module] = jar
        self._on_jar(module.name, jar, seconds)


def jars_in(folder: Path) -> dict[Path, Mark]:
    """Return the jars of a directory with their marks."""
    return {jar: _mark(jar) for jar in sorted(folder.glob("*.jar"))}


def executable_jar(folder: Path, before: Mapping[Path, Mark] | None = None) -> Path:
    """Return the one jar that `java -jar` is for.

    Raises `BuildFailed` for none, several, an old one, or one that lacks its libraries although the pom packs them.

    Args:
        folder: Maven's `target`.
        before: `jars_in` of it before the build. A modification time tells nothing: reproducible builds set an old one.
    """
    jars = jars_in(folder)
    marks = {jar.name: read for jar in jars if (read := _marks(jar))}
    found = runnable(marks)
    if len(found) != 1:
        raise BuildFailed(
            f"{len(found)} executable jars instead of one",
            where=str(folder),
            why=f"found: {', '.join(jar.name for jar in jars) or 'no jar'}",
            next_step="let spring-boot-maven-plugin repackage exactly one jar",
        )
    jar = folder / found[0]
    _require_whole(jar, marks[jar.name])
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


def _require_whole(jar: Path, marks: JarMarks) -> None:
    """Raise for a jar without its libraries, where the pom means to put them in."""
    pom = jar.parent.parent / "pom.xml"
    said = read_pom(pom.read_bytes()) if pom.is_file() else None
    if not marks.is_whole and said and said.repackages:
        raise BuildFailed(
            "the jar is without its libraries",
            where=str(jar),
            why="pom.xml names spring-boot-maven-plugin, but its goal `repackage` did not run: nothing is in BOOT-INF/",
            next_step="add <executions><execution><goals><goal>repackage</goal></goals></execution></executions> to "
            "the plugin (spring-boot-starter-parent brings them along); a jar that is meant so: <skip>true</skip> in "
            "the plugin's <configuration>",
        )


def _marks(jar: Path) -> JarMarks | None:
    """The marks of a jar; None for what is none, or is cut off."""
    try:
        with ZipFile(jar) as archive:
            return marks_of(archive.namelist(), archive.read(MANIFEST))
    except (BadZipFile, KeyError, OSError, NotImplementedError, RuntimeError, zlib.error):
        return None

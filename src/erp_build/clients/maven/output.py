"""Follows Maven's output line by line: which module it builds, and which jar is complete."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.maven.jar import executable_jar, jars_in
from erp_build.clients.maven.reactor import MavenModule, artifact_of
from erp_build.errors import BuildFailed
from erp_build.formats.maven.log import plain

PROJECT_LINE = re.compile(r"\[INFO\] -+< [^:]+:(\S+) >-+")
"""The line that Maven 3 and 4 print before they build a module of the reactor."""

END_LINES = ("[INFO] Reactor Summary", "[INFO] BUILD ")

OnJar = Callable[[str, Path, float], None]
"""Takes a module's name, its jar, and the seconds that the jar took."""


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

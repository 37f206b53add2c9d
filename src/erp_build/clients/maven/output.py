"""Maven's output as it comes: which service it builds, and which jar is complete."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.maven.jar import executable_jar, jars_in
from erp_build.clients.maven.reactor import MavenModule, artifact_of
from erp_build.errors import BuildFailed
from erp_build.formats.maven.log import plain

PROJECT_LINE = re.compile(r"\[INFO\] -+< [^:]+:(\S+) >-+")
"""What Maven 3 and 4 print before they build a project of the reactor."""

END_LINES = ("[INFO] Reactor Summary", "[INFO] BUILD ")

OnJar = Callable[[str, Path, float], None]
"""Takes a service's name, its jar, and the seconds that it took."""


class MavenOutput:
    """Follows one call of Maven.

    A service's jar is complete when Maven goes on to the next project; that of the last one when it sums up.
    Whether the service failed nevertheless is known when Maven ends.

    Attributes:
        complete: the jars that were handed over.
        troubles: why others were not.
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
        """Take a line; called by the threads that read Maven's streams."""
        text = plain(line)
        if found := PROJECT_LINE.match(text):
            self._leave()
            self._current = self._by_artifact.get(found[1])
        elif text.startswith(END_LINES):
            self._leave()
        module = self._current or self._only
        self._detail(text, module.name if module else "maven")

    def close(self, *, succeeded: bool) -> None:
        """Maven ended: what was not handed over is looked at now, where it says that all went well."""
        self._current = None
        for module in self._before if succeeded else ():
            if module not in self.complete:
                self._hand_over(module)

    def _leave(self) -> None:
        module, self._current = self._current, None
        # One that is alone is handed over when Maven ended well: there is nothing else to do meanwhile.
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

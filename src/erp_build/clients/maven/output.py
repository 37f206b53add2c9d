"""Maven's output as it comes: which service it builds, and which jar is complete."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.maven.jar import executable_jar, jars_in
from erp_build.clients.maven.reactor import Source, artifact_of
from erp_build.errors import BuildFailed
from erp_build.formats.maven.log import plain

PROJECT_LINE = re.compile(r"\[INFO\] -+< [^:]+:(\S+) >-+")
"""What Maven 3 and 4 print before they build a project of the reactor."""

ENDS = ("[INFO] Reactor Summary", "[INFO] BUILD ")

Ready = Callable[[str, Path, float], None]
"""Takes a service's name, its jar, and the seconds that it took."""


class Watch:
    """Follows one call of Maven.

    A service's jar is complete when Maven goes on to the next project; that of the last one when it sums up.
    Whether the service failed nevertheless is known when Maven ends.

    Attributes:
        complete: the jars that were handed over.
        troubles: why others were not.
    """

    def __init__(self, group: Sequence[Source], clock: Clock, detail: Callable[[str, str], None], ready: Ready) -> None:
        self._by_artifact = {artifact_of(source.folder): source for source in group}
        self._before = {source: jars_in(source.folder / "target") for source in group}
        self._only = group[0] if len(group) == 1 else None
        self._clock = clock
        self._detail = detail
        self._ready = ready
        self._current: Source | None = None
        self._since = clock.monotonic()
        self.complete: dict[Source, Path] = {}
        self.troubles: dict[Source, BuildFailed] = {}

    def read(self, line: str) -> None:
        """Take a line; called by the threads that read Maven's streams."""
        text = plain(line)
        if found := PROJECT_LINE.match(text):
            self._leave()
            self._current = self._by_artifact.get(found[1])
        elif text.startswith(ENDS):
            self._leave()
        source = self._current or self._only
        self._detail(text, source.name if source else "maven")

    def close(self, *, succeeded: bool) -> None:
        """Maven ended: what was not handed over is looked at now, where it says that all went well."""
        self._current = None
        for source in self._before if succeeded else ():
            if source not in self.complete:
                self._hand_over(source)

    def _leave(self) -> None:
        source, self._current = self._current, None
        # One that is alone is handed over when Maven ended well: there is nothing else to do meanwhile.
        if source and not self._only:
            self._hand_over(source)

    def _hand_over(self, source: Source) -> None:
        try:
            jar = executable_jar(source.folder / "target", self._before[source])
        except BuildFailed as trouble:
            self.troubles[source] = trouble
            return
        now = self._clock.monotonic()
        seconds, self._since = now - self._since, now
        self.complete[source] = jar
        self._ready(source.name, jar, seconds)

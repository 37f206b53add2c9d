"""The log of a container: the API reckons in seconds, so a part of what is read was read before."""

from collections import Counter
from collections.abc import Iterable

from erp_build.clients.protocols import Cluster
from erp_build.deployment.logs.log import Printed
from erp_build.errors import ErpBuildError
from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.model.releases.logs import LogLine, LogSource
from erp_build.model.releases.release import Release

LEFT_OUT = "[lines are left out: the container prints more in a second than is read at once]"


class ContainerLog:
    """Reads the log of one container, and what the container before it printed at its end.

    Args:
        cluster: has the pod.
        place: the release, in the namespace of the pod.
        source: the container.
        since: nanoseconds since 1970.
    """

    every = 1.0

    def __init__(self, cluster: Cluster, place: Release, source: LogSource, since: int) -> None:
        self.where = f"{source.unit}/{source.container}"
        self.at = since
        self.is_cut = False
        self.restarts = 0
        self._cluster, self._place, self._source, self._since = cluster, place, source, since
        self._known_restarts = 0
        # Lines of the time that may be read again, and where it begins.
        self._read: Counter[LogLine] = Counter()
        self._mark = since

    def read(self) -> list[Printed]:
        """What was printed since the last reading."""
        known = self._read.copy()
        try:
            return self._parts()
        except ErpBuildError:
            # A part of it may have been read, which nobody gets.
            self._read = known
            raise

    def _parts(self) -> list[Printed]:
        """The end of the container before, if it was started again, and the next part of the one that runs."""
        # It may have been printed after what was read of that one.
        found = self._before(self._mark) if self.restarts > self._known_restarts else []
        part = self._cluster.log_since(self._place, self._source.unit, self._source.container, self.at)
        self._known_restarts = self.restarts
        fresh = self._fresh(part.lines)
        self.is_cut = part.is_cut
        if fresh:
            self.at = max(self.at, *(line.at for line in fresh))
        elif part.is_cut:
            self.at = (self.at // NANOSECONDS + 1) * NANOSECONDS
            fresh = [LogLine(self.at, LEFT_OUT)]
        if part.is_cut:
            # A log may be larger than memory.
            self._forget()
        return [Printed(self._source, line) for line in (*found, *fresh)]

    def saw(self, restarts: int) -> None:
        """The pod was looked at: its container was started again so often.

        Where that is less often than before, it is another pod of this name, as a StatefulSet makes them.
        """
        self._known_restarts = min(self._known_restarts, restarts)
        if restarts == self.restarts:
            self._forget()
        self.restarts = restarts

    def _forget(self) -> None:
        """Forget the lines that no reading gives again: those before the second in which the next one begins."""
        self._mark = self.at // NANOSECONDS * NANOSECONDS
        self._read = Counter({line: number for line, number in self._read.items() if line.at >= self._mark})

    def _before(self, since: int) -> list[LogLine]:
        """What the container before has printed since a moment."""
        found: list[LogLine] = []
        while True:
            part = self._cluster.log_since(self._place, self._source.unit, self._source.container, since, previous=True)
            fresh = self._fresh(part.lines)
            found += fresh
            if not (part.is_cut and fresh):
                return found
            since = max(since, *(line.at for line in fresh))

    def _fresh(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """The lines that were not read before; a line that was printed twice counts twice."""
        again, fresh = self._read.copy(), []
        for line in lines:
            if line.at < self._since:
                continue
            if again[line]:
                again[line] -= 1
            else:
                fresh.append(line)
        self._read.update(fresh)
        return fresh

"""Keeps together what was printed at once: a stack trace with its message, a block of PEM.

Such a block must be masked as a whole: no single line of a private key looks secret.
"""

import re
from collections.abc import Iterable, Iterator

from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.model.releases.logs import LogEvent, LogLine, LogSource

MAX_LINES_OF_EVENT = 200
"""Lines after which an event ends in any case: the cause of a deep trace is within them, and no key is longer."""

MAX_GAP = NANOSECONDS
"""Nanoseconds between two lines of one event: a program prints a trace in one go."""

CONTINUED = re.compile(
    r"\s|$|\}|\)|at [\w.$/<>]|Caused by: |Suppressed: |\.\.\. \d|Traceback \(|During handling of|The above exception"
)
"""How a line begins that belongs to the one before."""

EXCEPTION = re.compile(
    r"(?:[a-zA-Z_][\w$]{0,99}+\.){0,20}+[A-Z][\w$]{0,99}+(?:(?<=Exception)|(?<=Error)|(?<=Throwable))(?::|$)"
)
"""An exception that a program prints below the message about it: `java.lang.IllegalStateException: no database`."""

PEM_BEGIN, PEM_END = "-----BEGIN ", "-----END "


class Stitcher:
    """Makes events of the lines of one source.

    Args:
        source: whose lines.
    """

    def __init__(self, source: LogSource) -> None:
        self._source = source
        self._open: list[LogLine] = []
        self._in_pem = False

    @property
    def first(self) -> int:
        """The time of the event that has not ended yet; 0: there is none."""
        return self._open[0].at if self._open else 0

    def add(self, line: LogLine) -> Iterator[LogEvent]:
        """Take the next line; gives the event that it ends, if it begins another one."""
        if not self._belongs(line):
            yield from self.end()
        self._open.append(line)
        if PEM_BEGIN in line.text:
            self._in_pem = True
        if PEM_END in line.text.rpartition(PEM_BEGIN)[2]:
            self._in_pem = False

    def end(self) -> Iterator[LogEvent]:
        """Give the event that has not ended yet, if there is one: nothing of it is to come."""
        if self._open:
            yield LogEvent(self._source, self._open[0].at, tuple(line.text for line in self._open))
        self._open, self._in_pem = [], False

    def _belongs(self, line: LogLine) -> bool:
        if not self._open or len(self._open) >= MAX_LINES_OF_EVENT:
            return False
        if self._in_pem:
            return True
        is_at_once = line.at - self._open[-1].at <= MAX_GAP
        return is_at_once and bool(CONTINUED.match(line.text) or EXCEPTION.match(line.text))


def stitched(source: LogSource, lines: Iterable[LogLine]) -> Iterator[LogEvent]:
    """The events of all lines of a source."""
    stitcher = Stitcher(source)
    for line in lines:
        yield from stitcher.add(line)
    yield from stitcher.end()

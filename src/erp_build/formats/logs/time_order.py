"""Puts the events of several logs into one order of time, as they come: a bounded number of them waits for others."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count

from erp_build.model.releases.logs import LogEvent, LogSource

MAX_WAITING = 200_000
"""Events that wait; beyond that the oldest goes on, although an older one may still come."""


class TimeOrder:
    """Takes events in any order, and gives them in that of their times.

    Events of one source keep their order, whatever their times say. An event that is older than what was given already
    comes at once, and is marked as late.

    Args:
        most: events that wait at the same time.
    """

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._waiting: list[tuple[int, int, LogEvent]] = []
        self._numbers = count()
        self._last_of: dict[LogSource, int] = {}
        self._given = 0

    def add(self, event: LogEvent) -> Iterator[LogEvent]:
        """Take an event; gives the oldest one where too many wait."""
        # The clock of a node may be set back; a log is read in its order all the same.
        place = max(event.at, self._last_of.get(event.source, 0))
        self._last_of[event.source] = place
        heappush(self._waiting, (place, next(self._numbers), event))
        if len(self._waiting) > self._most:
            yield self._next()

    def take(self, until: int | None = None) -> Iterator[LogEvent]:
        """Give what is not younger than a time, in nanoseconds; None: everything."""
        while self._waiting and (until is None or self._waiting[0][0] <= until):
            yield self._next()

    def _next(self) -> LogEvent:
        place, _, event = heappop(self._waiting)
        if place < self._given:
            return event._replace(is_late=True)
        self._given = place
        return event

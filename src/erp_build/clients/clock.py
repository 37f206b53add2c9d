"""The clock as a protocol, so that tests and a rehearsal can simulate waiting."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Protocol

from erp_build.errors import RunTimedOut


class Clock(Protocol):
    """A clock that can be waited on."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def now(self) -> datetime:
        """The time of day and the date, in UTC."""

    def time_left(self) -> float:
        """Seconds that the run still has; infinite without a limit."""

    def require_time(self) -> None:
        """Raise `RunTimedOut` if the run has no time left."""

    def lift_limit(self) -> None:
        """Let what follows take its own time: going back after a failure, and what comes after the proof."""

    def limit_kept(self) -> AbstractContextManager[None]:
        """Give what follows the block the time that it would have had, whoever lifts the limit within it."""


class LimitedClock(ABC):
    """A clock that may have a limit for the run as a whole. `Deadline` and whoever starts a child keep to it."""

    _limit = inf
    _end = inf

    def limit(self, seconds: float) -> None:
        """Give the run so many seconds from now on."""
        self._limit = seconds
        self._end = self.monotonic() + seconds

    def time_left(self) -> float:
        """Seconds that the run still has; infinite without a limit."""
        return max(0.0, self._end - self.monotonic())

    def require_time(self) -> None:
        """Raise `RunTimedOut` if the run has no time left."""
        if not self.time_left():
            raise RunTimedOut(self._limit)

    def lift_limit(self) -> None:
        """Let what follows take its own time."""
        self._end = inf

    @contextmanager
    def limit_kept(self) -> Iterator[None]:
        """Give what follows the block the time that it would have had, whoever lifts the limit within it."""
        end = self._end
        try:
            yield
        finally:
            self._end = end

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""


class SystemClock(LimitedClock):
    """The real time."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a signal's handler may raise out of it."""
        time.sleep(seconds)

    def now(self) -> datetime:
        """The time of day and the date, in UTC."""
        return datetime.now(UTC)


class SimulatedClock(LimitedClock):
    """A time that passes only by sleeping; it begins at a given moment."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = 0.0
        self._start = start

    def monotonic(self) -> float:
        """Seconds slept so far."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self._now += seconds

    def now(self) -> datetime:
        """The start and the seconds slept since."""
        return self._start + timedelta(seconds=self._now)


class Deadline:
    """A moment that limits several waits together; the end of the run's time is one as well.

    Monotonic: a change of the wall clock does not move it.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the moment, never negative."""
        return min(max(0.0, self._end - self._clock.monotonic()), self._clock.time_left())

    @property
    def is_over(self) -> bool:
        """Whether the moment has come."""
        return self.left == 0

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the moment."""
        self._clock.sleep(min(seconds, self.left))

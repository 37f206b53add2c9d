"""The clock as a protocol, so that tests and a rehearsal can simulate waiting."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A clock that can be waited on."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def now(self) -> datetime:
        """The time of day and the date, in UTC."""


class SystemClock:
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


class SimulatedClock:
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
    """A moment that limits several waits together. Monotonic: a change of the wall clock does not move it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the moment, never negative."""
        return max(0.0, self._end - self._clock.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the moment has come."""
        return self.left == 0

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the moment."""
        self._clock.sleep(min(seconds, self.left))

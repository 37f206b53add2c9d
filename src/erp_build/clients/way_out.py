"""The way out of a run that a signal ended: how long it may wait, and who may still begin something.

There is one for the process, because a signal is one for the process.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAY_OUT_S = 3.0
"""Seconds after a signal in which the way out may wait for others: children that end, a lock that is freed."""

LAST_WORD_S = 3.5
"""Seconds after a signal until the program ends even if its way out hangs; the report is then written first."""


class NothingBegins(BaseException):
    """Raised in a thread that would begin something after a signal, or whose call nobody waits for any more.

    It is no `Exception`, so that nobody takes it for a failed call and tries again.
    """


class WayOut:
    """Whether the process is on its way out, and who is told when it is."""

    def __init__(self) -> None:
        self._end: float | None = None
        self._told: set[Callable[[], object]] = set()

    @property
    def end(self) -> float | None:
        """The moment at which all waits are over; None where no signal has come."""
        return self._end

    def begin(self) -> float:
        """From now on only the main thread begins something, and no wait lasts longer than the rest of `WAY_OUT_S`.

        Returns the moment at which all waits are over.
        """
        if self._end is None:
            self._end = time.monotonic() + WAY_OUT_S
        return self._end

    def call_off(self) -> None:
        """Call everybody who wants to know that the way out has begun."""
        for tell in tuple(self._told):
            tell()

    def forget(self) -> None:
        """Forget a way out that this process did not take to its end, as tests do."""
        self._end = None

    @contextmanager
    def telling(self, tell: Callable[[], object]) -> Iterator[None]:
        """Have a function called when the way out begins during the block, from another thread; it must be quick."""
        self._told.add(tell)
        try:
            yield
        finally:
            self._told.discard(tell)

    def left(self, seconds: float, spared: float = 0.0) -> float:
        """How much of a wait of so many seconds there is time for, if some seconds are left to others."""
        end = self._end
        return seconds if end is None else min(seconds, max(0.0, end - spared - time.monotonic()))

    def require_may_begin(self) -> None:
        """Raise `NothingBegins` on the way out, unless in the main thread: what that does is the way out."""
        if self._end is not None and threading.current_thread() is not threading.main_thread():
            raise NothingBegins


WAY_OUT = WayOut()

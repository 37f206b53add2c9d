"""Signals, for the verbs that change something."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import NoReturn

from erp_build.clients.process import end_running, kill_running
from erp_build.errors import Interrupted

HEARD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let TERM and INT raise in the main thread: children are ended and the report is written on the way out.

    The way out may hang. A second signal kills the children and ends the program at once, behind the block as well.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        for each in HEARD:
            signal.signal(each, _end_at_once)
        raise Interrupted(number, signal.Signals(number).name)

    watch = _Watch()
    before = {number: signal.signal(number, interrupt) for number in HEARD}
    try:
        yield
    except BaseException:
        # A worker's child would outlive us: only the main thread learns of a signal.
        end_running()
        raise
    finally:
        if signal.getsignal(signal.SIGTERM) is interrupt:  # no signal came
            for number, handler in before.items():
                signal.signal(number, handler)
            watch.end()


class _Watch:
    """A thread that ends the program at the second signal.

    The main thread runs no handler while a call of the C library keeps it, such as a look-up of a host's name.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._former = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        Thread(target=self._listen, daemon=True).start()

    def end(self) -> None:
        """End the thread; signals are told to whoever was told before."""
        signal.set_wakeup_fd(self._former)
        os.close(self._writing)

    def _listen(self) -> None:
        """Read the numbers of the signals that come; where the other end is closed, no more can."""
        heard = 0
        while read := os.read(self._reading, 1):
            heard += read[0] in HEARD
            if heard > 1:
                _end_at_once(read[0])
        os.close(self._reading)


def _end_at_once(number: int, frame: FrameType | None = None) -> NoReturn:  # noqa: ARG001 - the signature of a handler
    """End the program without a word: whatever it might say or write is what it may hang in."""
    kill_running()
    os._exit(128 + number)

"""Signals, for the verbs that change something, start programs or keep private files."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from threading import Thread, current_thread, main_thread
from types import FrameType
from typing import NoReturn

from erp_build.clients.files.private_folder import remove_private_folders
from erp_build.clients.process import end_running, kill_running
from erp_build.clients.terminal.streams import LAST_WORD, tell
from erp_build.clients.way_out import LAST_WORD_S, WAY_OUT
from erp_build.errors import Interrupted

HEARD = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
INSISTING = (signal.SIGINT, signal.SIGTERM)
"""What counts as a second signal. A terminal that is closed may send SIGHUP twice, by the kernel and by the shell."""

LAST_LIMIT_S = 0.7
"""Seconds for what a program does last that ends at once."""

LastWord = Callable[[Interrupted], object]
"""Says and writes what must not be lost where the way out hangs, such as the report."""


@contextmanager
def signals_raise(last_word: LastWord = lambda _: None) -> Iterator[None]:
    """Let TERM, INT and HUP raise in the main thread: children are ended and the report is written on the way out.

    The way out may hang. A second signal kills the children and ends the program at once, behind the block as well; so
    does the time, `LAST_WORD_S` after the first signal. Only the last word is said before, and what is private removed.
    `nohup` ignores HUP for its command, and so it stays ignored. In threads other than the main one nothing is changed.
    """
    if current_thread() is not main_thread():
        yield
        return
    heard = [number for number in HEARD if not _is_kept_from(number)]

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        WAY_OUT.begin()
        for each in heard:
            # The watch hears the second one.
            signal.signal(each, _leave_to_the_watch)
        raise _interrupted(number)

    watch = _Watch(last_word)
    before = {number: signal.signal(number, interrupt) for number in heard}
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
    """A thread that ends the program at the second signal, or when the way out takes too long.

    The main thread runs no handler while a call of the C library keeps it.
    """

    def __init__(self, last_word: LastWord) -> None:
        self._last_word = last_word
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
        if first := self._next():
            end = WAY_OUT.begin()
            # At once: what the main thread does first may take all the time.
            for work in (end_running, WAY_OUT.call_off):
                Thread(target=work, daemon=True).start()
            if (second := self._next(INSISTING, LAST_WORD_S)) or WAY_OUT.end == end:
                self._end_at_once(second or first)
        os.close(self._reading)

    def _next(self, numbers: Collection[int] = HEARD, seconds: float | None = None) -> int:
        """The next one of these signals; 0 where none comes in time, or none can come any more."""
        end = seconds and time.monotonic() + seconds
        while select.select([self._reading], [], [], end and max(0.0, end - time.monotonic()))[0]:
            if not (read := os.read(self._reading, 1)):
                return 0
            if read[0] in numbers:
                return read[0]
        return 0

    def _end_at_once(self, number: int) -> NoReturn:
        """End the program. What is left to do is done by another thread, because that may hang as well."""
        kill_running()
        last = Thread(target=self._do_last, args=(number,), daemon=True)
        last.start()
        last.join(LAST_LIMIT_S)
        os._exit(128 + number)

    def _do_last(self, number: int) -> None:
        error = _interrupted(number)
        error.why = "the run was asked to stop, and again or without an end; it killed its child processes"
        # The main thread goes on with its way out until the process ends.
        LAST_WORD.take()
        with suppress(Exception):
            tell(sys.stderr, f"erp_build: {error.what}, at once")
            self._last_word(error)
        remove_private_folders()


def _is_kept_from(number: signal.Signals) -> bool:
    """Whether this process was started without this signal, as `nohup` does.

    Only for HUP: a script starts every job in its background without INT.
    """
    return number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


def _interrupted(number: int) -> Interrupted:
    return Interrupted(number, signal.Signals(number).name)


def _leave_to_the_watch(number: int, frame: FrameType | None) -> None:
    """Do nothing: whatever a handler did would be done in the middle of the way out."""

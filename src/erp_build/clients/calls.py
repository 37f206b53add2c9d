"""Calls of the network with a limit for the whole answer, whichever SDK makes them.

The time-outs of the SDKs count from byte to byte: an answer of one byte a second never ends, nor does the look-up of a
name. So a call is made in a thread of its own, and its caller waits for that thread: no longer than the limit, and not
after a signal. A call that nobody waits for any more sends nothing more, whatever its SDK repeats.
"""

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from erp_build.clients.way_out import WAY_OUT, NothingBegins

T = TypeVar("T")


class CallTimedOut(TimeoutError):
    """The whole answer did not come in time; what was asked for may have been done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no complete answer within {seconds:.0f} s")
        self.seconds = seconds


def within(seconds: float, work: Callable[[], T], *, cleans_up: bool = False) -> T:
    """Do work that asks somebody on the network, and return its result or raise its error.

    Work within other work belongs to that: the outer limit counts for both.

    Args:
        seconds: for all of it.
        work: the calls.
        cleans_up: whether any thread may begin it after a signal.

    Raises `CallTimedOut` where it has not ended after so many seconds, or when a way out has no time left, and
    `NothingBegins` in other threads than the main one once a signal has come.
    """
    if _here.call is not None:
        return work()
    _watch_what_is_sent()
    call = _Call(work)
    if cleans_up or threading.current_thread() is threading.main_thread():
        # In the main thread the signal is raised.
        return call.answer(seconds)
    with WAY_OUT.telling(call.call_off):
        WAY_OUT.require_may_begin()
        return call.answer(seconds)


class _Call(Generic[T]):
    """One call, in its own thread."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._ended: SimpleQueue[Callable[[], T]] = SimpleQueue()
        self._is_wanted = True
        self._line: socket.socket | None = None

    def answer(self, seconds: float) -> T:
        """Begin the call and wait for its end."""
        if not (left := WAY_OUT.left(seconds)):
            raise CallTimedOut(seconds)
        try:
            threading.Thread(target=self._run, daemon=True).start()
            result = self._ended.get(timeout=left)
        except BaseException as error:
            self._give_up()
            if isinstance(error, Empty):
                raise CallTimedOut(left) from None
            raise
        return result()

    def call_off(self) -> None:
        """End the wait of the caller, from another thread."""
        self._ended.put(_raising(NothingBegins()))
        self._give_up()

    def sends(self, line: Any) -> None:
        """Called before bytes are sent over a connection; raises `NothingBegins` where nobody waits for an answer."""
        if isinstance(line, socket.socket):
            self._line = line
        if not self._is_wanted:
            raise NothingBegins

    def _run(self) -> None:
        _here.call = self
        try:
            self._ended.put(_returning(self._work()))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._ended.put(_raising(error))

    def _give_up(self) -> None:
        """Nobody waits any more: send nothing, and end the connection on which the thread reads."""
        self._is_wanted = False
        if line := self._line:
            with suppress(OSError):  # it is closed already
                # Not the method of a TLS socket, which forgets its key while the other thread still reads.
                socket.socket.shutdown(line, socket.SHUT_RDWR)


class _Here(threading.local):
    """The call that this thread makes."""

    call: _Call[Any] | None = None


_here = _Here()


@cache
def _watch_what_is_sent() -> None:
    """Let each call see what is sent for it. Every SDK sends by `http.client`, which audits that; once a process."""

    def see(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "http.client.send" and (call := _here.call):
            call.sends(arguments[0].sock)

    sys.addaudithook(see)


def _returning(value: T) -> Callable[[], T]:
    return lambda: value


def _raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail

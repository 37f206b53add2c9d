"""Ends calls of the engine: one that goes on without getting anywhere, and all of them after a signal."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from erp_build.clients.way_out import WAY_OUT

NO_PROGRESS_S = 600.0
"""Seconds without a byte more, until a pull or a push is given up."""

IMAGE_BUILD_S = 1800.0
"""Seconds for the build of one image."""

ABORT_WAIT_S = 3.5
"""Seconds that aborted calls get to remove what they left in the engine."""


class Stalled(Exception):
    """The call was ended because it got nowhere."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"there was no progress for {seconds:.0f} s, or no end")


class Stall:
    """Waits for the end of a call, in its own thread; `progressed` gives the call its time anew."""

    def __init__(self, seconds: float, hang_up: Callable[[], object]) -> None:
        self._seconds = seconds
        self._hang_up = hang_up
        self._ended = threading.Event()
        self._last = time.monotonic()
        self.has_come = False
        threading.Thread(target=self._watch, daemon=True).start()

    def progressed(self) -> None:
        """The call got further."""
        self._last = time.monotonic()

    def end(self) -> None:
        """The call has ended."""
        self._ended.set()

    def _watch(self) -> None:
        while (left := self._last + self._seconds - time.monotonic()) > 0:
            if self._ended.wait(left):
                return
        self.has_come = True
        self._hang_up()


@contextmanager
def no_longer_than(seconds: float, hang_up: Callable[[], object]) -> Iterator[Stall]:
    """Hang up when the block has not ended, or not `progressed`, for so many seconds; it then raises `Stalled`."""
    stall = Stall(seconds, hang_up)
    try:
        yield stall
    except Exception as error:
        if stall.has_come:
            raise Stalled(seconds) from error
        raise
    finally:
        stall.end()


def progress_of(events: Iterable[Mapping[str, Any]], stall: Stall) -> Iterator[Mapping[str, Any]]:
    """Pass events on. One that says of a layer what was said before is no progress, however often it comes."""
    said: dict[Hashable, object] = {}
    for event in events:
        layer, state = event.get("id"), (event.get("status"), str(event.get("progressDetail")), str(event.get("aux")))
        if said.get(layer) != state:
            said[layer] = state
            stall.progressed()
        yield event


class Abortable(Protocol):
    """A client of the engine in the middle of a call."""

    @property
    def is_answered(self) -> bool:
        """Whether the engine has begun to answer."""

    def hang_up(self) -> None:
        """Shut down the connection of the answer; its reader gets an error."""


class Calls:
    """The calls in progress, in all threads: a signal reaches the main thread alone."""

    def __init__(self) -> None:
        self._going_on: set[Abortable] = set()
        self._changed = threading.Condition()

    @contextmanager
    def active(self, client: Abortable) -> Iterator[None]:
        """Register a call for the time of the block; raises `NothingBegins` after a signal."""
        with self._changed:
            self._going_on.add(client)
        try:
            WAY_OUT.require_may_begin()
            yield
        finally:
            with self._changed:
                self._going_on.discard(client)
                self._changed.notify_all()

    def hang_up(self) -> None:
        """Abort all calls."""
        for client in tuple(self._going_on):
            client.hang_up()

    def abort(self) -> None:
        """Abort all calls and wait until they have ended."""
        with self._changed:
            self.hang_up()
            # What has no answer yet has begun nothing in the engine.
            self._changed.wait_for(
                lambda: not any(client.is_answered for client in self._going_on), WAY_OUT.left(ABORT_WAIT_S)
            )

"""Signals, for the verbs that change something."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from erp_build.errors import Interrupted
from erp_build.tools.process import end_running


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let TERM and INT raise in the main thread: children are ended and the report is written on the way out.

    Only the first one counts: the way out takes seconds, and a second signal would end it without a report.
    """
    ended = False

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        nonlocal ended
        ended = True
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number, signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except BaseException:
        # A worker's child would outlive us: only the main thread learns of a signal.
        end_running()
        raise
    finally:
        for number, handler in () if ended else before.items():
            signal.signal(number, handler)

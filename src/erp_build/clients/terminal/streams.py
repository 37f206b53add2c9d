"""The two streams of a process: what a terminal can show, and what happens when nobody takes what is written.

A result that cannot be written is an error. A line of progress is not: a run that deploys must not end because the
reader of its log is gone, or because the log's disk is full.

A program that ends at once has a last word, and nothing is written behind it: `LAST_WORD`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from erp_build.errors import OutputFailed

if TYPE_CHECKING:
    from typing import TextIO


class LastWord:
    """Which thread has the last word of the process; from then on no other thread writes."""

    def __init__(self) -> None:
        self._speaker: int | None = None

    def take(self) -> None:
        """Let only the calling thread write from now on. A line that another thread has begun may still end."""
        self._speaker = _thread_id()

    def is_with_another(self) -> bool:
        """Whether another thread than the calling one has the last word."""
        return self._speaker is not None and self._speaker != _thread_id()


LAST_WORD = LastWord()


def _thread_id() -> int:
    import threading  # imported here: a plan ends without a last word

    return threading.get_ident()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream leads to a person."""
    return stream is not None and stream.isatty()


def can_redraw(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal whose cursor can be moved; `TERM=dumb` names one that cannot."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def can_colour(stream: TextIO | None) -> bool:
    """Whether a stream gets colours: a terminal that has them, or anything where `FORCE_COLOR` asks for them.

    `NO_COLOR` outdoes both (https://no-color.org, https://force-color.org). `FORCE_COLOR=0` asks for none.
    """
    if os.environ.get("NO_COLOR") or stream is None:
        return False
    return os.environ.get("FORCE_COLOR", "") not in ("", "0") or can_redraw(stream)


def columns_of(stream: TextIO | None) -> int:
    """The width of a terminal in cells, as `COLUMNS` says or the terminal itself; 0 for any other stream."""
    if stream is None or not stream.isatty():
        return 0
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit():
        return int(given)
    with suppress(OSError, ValueError):  # ValueError: a terminal of a test, which has no descriptor
        return os.get_terminal_size(stream.fileno()).columns
    return 0


def fit(text: str, stream: TextIO | None) -> str:
    """The text as it is, or with its lines broken between words where the stream is a terminal."""
    if columns := columns_of(stream):
        from erp_build.formats.fitted import fitted  # imported here: most commands write to no terminal

        return fitted(text, columns)
    return text


def tell(stream: TextIO | None, text: str) -> None:
    """Write a line for a person. What goes wrong is left alone, because there is no place to tell it."""
    if stream is not None and not LAST_WORD.is_with_another():
        with suppress(OSError, ValueError):  # ValueError: the stream is closed
            # Written at once, so that no line of another thread gets between its text and its end.
            print(f"{text}\n", end="", file=stream, flush=True)


class Output:
    """Where a result is written.

    Args:
        stream: usually stdout; None: the process was started without one.

    Attributes:
        is_over: it takes no more: a write failed, or its reader has seen enough and is gone, as `head` is.
        failure: why a write failed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.is_over = False
        self.failure: OutputFailed | None = None

    def has_reader(self) -> bool:
        """Whether somebody may still read. A pipe says without a write that its reader is gone."""
        if self.is_over or self._stream is None:
            return False
        import select  # imported here: a plan never asks

        with suppress(OSError, ValueError):  # ValueError: a stream of a test, which has no descriptor
            asked = select.poll()
            asked.register(self._stream.fileno(), 0)
            return not any(event & (select.POLLERR | select.POLLHUP) for _, event in asked.poll(0))
        return True

    def write(self, text: str, end: str = "\n") -> None:
        """Write a text and see that it has left the process."""
        if self.is_over or LAST_WORD.is_with_another():
            return
        try:
            if self._stream is None:
                raise OSError("it is closed")  # noqa: TRY301 - told like the system's own errors
            print(text, end=end, file=self._stream, flush=True)
        except BrokenPipeError:
            self._end()
        except OSError as error:
            self._end()
            self.failure = OutputFailed(
                "the output could not be written",
                where="standard output",
                why=error.strerror or str(error),
                next_step="what was asked for is done; make room there, or write it somewhere else",
            )

    def _end(self) -> None:
        self.is_over = True
        if self._stream is not None:
            # What is left in the buffer is written once more when the interpreter ends.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

"""What a person sees while a run goes on: a line per event on stderr, with the time and the stage."""

import threading
from typing import Protocol, TextIO

from erp_build.clients.clock import Clock
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.board import Board, Heart
from erp_build.clients.terminal.display import Display
from erp_build.formats.printable import one_line, printable

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
CONTINUED = "\n" + " " * 27
"""Further lines of a text are indented, so that they do not look like lines of ours."""


class Progress(Protocol):
    """Where the stages say what they do."""

    def stage(self, name: str) -> None:
        """A new stage begins."""

    def say(self, text: str, target: str = "") -> None:
        """Something happened that a reader wants to know."""

    def detail(self, text: str, target: str = "") -> None:
        """A line of a child's output; shown only with `-v`."""

    def phase(self, target: str, name: str) -> None:
        """A target goes into another phase: `maven`, `image`, `push`, `done`."""

    def amount(self, target: str, number: int) -> None:
        """How many bytes were moved in the target's phase so far."""


class Lines:
    """Plain lines: `00:12 build images      notification-service: pushed`.

    Args:
        stream: usually stderr.
        clock: the times are seconds since this object was made.
        secrets: are masked in every line.
        verbosity: -1 quiet (nothing), 0 normal, 1 with details.
    """

    def __init__(self, stream: TextIO, clock: Clock, secrets: Secrets, verbosity: int = 0) -> None:
        self._stream = stream
        self._clock = clock
        self._secrets = secrets
        self._verbosity = verbosity
        self._start = clock.monotonic()
        self._stage = ""
        self._lock = threading.Lock()
        self._colour = stream.isatty()
        self._board = Board(clock)
        self._alive: Heart | Display = Display(stream, self._board) if self._colour else Heart(self._beat)

    def stage(self, name: str) -> None:
        """A new stage begins."""
        self._stage = name
        self.say("...")

    def say(self, text: str, target: str = "") -> None:
        """Something happened that a reader wants to know."""
        if self._verbosity >= 0:
            self._write(text, target, BOLD if text == "..." else "")

    def detail(self, text: str, target: str = "") -> None:
        """A line of a child's output; shown only with `-v`."""
        if self._verbosity > 0:
            self._write(text, target, DIM)

    def phase(self, target: str, name: str) -> None:
        """A target goes into another phase; while one lasts, a live line or one every 30 seconds says so."""
        self._board.phase(target, name)
        if self._board.busy and self._verbosity >= 0:
            self._alive.start()
        else:
            self._alive.stop()

    def amount(self, target: str, number: int) -> None:
        """How many bytes were moved in the target's phase so far."""
        self._board.amount(target, number)

    def close(self) -> None:
        """Say nothing any more."""
        self._alive.stop()

    def _beat(self) -> None:
        for line in self._board.lines():
            self.say(f"... {line.phase} {line.seconds:.0f} s{line.moved}", line.target)

    def _write(self, text: str, target: str, style: str) -> None:
        minutes, seconds = divmod(int(self._clock.monotonic() - self._start), 60)
        name = f"{one_line(target)}: " if target else ""
        shown = printable(self._secrets.mask(text)).replace("\n", CONTINUED)
        line = f"{minutes:02}:{seconds:02} {self._stage:<20} {name}{shown}"
        with self._lock:
            if not (isinstance(self._alive, Display) and self._alive.print(line)):
                print(f"{style}{line}{PLAIN}" if self._colour and style else line, file=self._stream, flush=True)

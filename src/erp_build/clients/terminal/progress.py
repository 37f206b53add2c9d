"""What a person sees during a run: lines on stderr, and the targets at work as a live display or a heartbeat.

`Lines` prints; `TargetPhases` knows which target is in which phase; `live_display` shows that on a terminal,
`Heartbeat` has it printed every 30 seconds everywhere else.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from erp_build.clients.clock import Clock
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.streams import LAST_WORD, can_colour, can_redraw, tell
from erp_build.formats.printable import one_line

if TYPE_CHECKING:
    from rich.live import Live

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
CONTINUED = "\n" + " " * 27
"""Further lines of a text are indented, so that they do not look like lines of ours."""

HEARTBEAT_S = 30.0
"""Seconds between two heartbeats; CodeBuild and its readers take a longer silence for a hang."""

REDRAWS_PER_S = 4
"""How often a terminal's live display is drawn again."""


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
        # Maven, the engine and the pushes report from threads of their own.
        self._lock = threading.Lock()
        self._redraws, self._colour = can_redraw(stream), can_colour(stream)
        self._phases = TargetPhases(clock)
        self._alive: Heartbeat | Live | None = None

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
        """A target goes into another phase; while one lasts, a live line or a line every 30 seconds says so."""
        if not self._phases.enter(target, name):
            self.close()
        elif self._verbosity >= 0:
            self._show_phases()

    def amount(self, target: str, number: int) -> None:
        """How many bytes were moved in the target's phase so far."""
        self._phases.amount(target, number)

    def close(self) -> None:
        """Stop the live display or the heartbeat."""
        alive, self._alive = self._alive, None
        if alive is not None:
            with suppress(OSError):  # the last drawing of a display whose terminal is gone
                alive.stop()

    def _show_phases(self) -> None:
        with self._lock:
            if self._alive is None:
                self._alive = (
                    live_display(self._stream, self._shown_phases) if self._redraws else Heartbeat(self._say_phases)
                )
                self._alive.start()

    def _say_phases(self) -> None:
        for target, phase, lasted in self._phases.lines():
            self.say(f"... {phase} {lasted}", target)

    def _write(self, text: str, target: str, style: str) -> None:
        minutes, seconds = divmod(int(self._clock.monotonic() - self._start), 60)
        name = f"{self._named(target)}: " if target else ""
        shown = self._secrets.shown(text).replace("\n", CONTINUED)
        line = f"{minutes:02}:{seconds:02} {self._stage:<20} {name}{shown}"
        with self._lock:
            alive = self._alive
            if alive is None or isinstance(alive, Heartbeat):
                tell(self._stream, f"{style}{line}{PLAIN}" if self._colour and style else line)
            elif not LAST_WORD.is_with_another():
                with suppress(OSError):
                    alive.console.print(line, soft_wrap=True)

    def _named(self, name: str) -> str:
        return one_line(self._secrets.mask(name))

    def _shown_phases(self) -> list[tuple[str, str, str]]:
        return [(self._named(target), phase, lasted) for target, phase, lasted in self._phases.lines()]


class TargetPhases:
    """Which target is in which phase, and since when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phases: dict[str, tuple[str, float]] = {}
        self._moved: dict[str, str] = {}
        self._lock = threading.Lock()

    def enter(self, target: str, name: str) -> bool:
        """Note that a target goes into another phase (`done` removes it); returns whether any target is at work."""
        with self._lock:
            self._moved.pop(target, None)
            if name == "done":
                self._phases.pop(target, None)
            else:
                self._phases[target] = (name, self._clock.monotonic())
            return bool(self._phases)

    def amount(self, target: str, number: int) -> None:
        """Note how many bytes were moved so far."""
        with self._lock:
            self._moved[target] = f", {number / 1e6:.1f} MB" if number else ""

    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The targets at work in the order in which they began: name, phase, and how far it is, as `9 s, 1.2 MB`."""
        now = self._clock.monotonic()
        with self._lock:
            return tuple(
                (target, phase, f"{now - since:.0f} s{self._moved.get(target, '')}")
                for target, (phase, since) in self._phases.items()
            )


class Heartbeat(threading.Timer):
    """Calls a function every 30 seconds, in a daemon thread."""

    def __init__(self, beat: Callable[[], None]) -> None:
        super().__init__(HEARTBEAT_S, beat)
        self.daemon = True

    def run(self) -> None:
        """Call the function until this is stopped."""
        while not self.finished.wait(self.interval):
            self.function()

    def stop(self) -> None:
        """End; a beat that has begun comes to its end."""
        self.cancel()


def live_display(stream: TextIO, rows: Callable[[], Iterable[tuple[str, ...]]]) -> "Live":
    """Make a display of the targets at work on a terminal, a line each, redrawn in place below the lines that stay."""
    # Imported here: only a person at a terminal needs rich, and no pipeline waits for its import.
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    def table() -> Table:
        grid = Table.grid(padding=(0, 2))
        for row in rows():
            grid.add_row(*row)
        return grid

    return Live(
        get_renderable=table,
        console=Console(file=stream, highlight=False, markup=False),
        refresh_per_second=REDRAWS_PER_S,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

"""What a person sees during a run: lines on stderr, and the targets at work as a live display or a heartbeat.

`Lines` prints; `TargetPhases` knows which target is in which phase; `LiveDisplay` shows that on a terminal, `Heartbeat`
has it printed every 30 seconds everywhere else.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TextIO

from erp_build.clients.clock import Clock
from erp_build.clients.secrets import Secrets
from erp_build.formats.printable import one_line, printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

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
        self._colour = stream.isatty()
        self._phases = TargetPhases(clock)
        self._alive: Heartbeat | LiveDisplay = (
            LiveDisplay(stream, self._phases) if self._colour else Heartbeat(self._say_phases)
        )

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
        self._phases.enter(target, name)
        if self._phases.busy and self._verbosity >= 0:
            self._alive.start()
        else:
            self._alive.stop()

    def amount(self, target: str, number: int) -> None:
        """How many bytes were moved in the target's phase so far."""
        self._phases.amount(target, number)

    def close(self) -> None:
        """Stop the live display or the heartbeat."""
        self._alive.stop()

    def _say_phases(self) -> None:
        for line in self._phases.lines():
            self.say(f"... {line.phase} {line.seconds:.0f} s{line.moved}", line.target)

    def _write(self, text: str, target: str, style: str) -> None:
        minutes, seconds = divmod(int(self._clock.monotonic() - self._start), 60)
        name = f"{one_line(target)}: " if target else ""
        shown = printable(self._secrets.mask(text)).replace("\n", CONTINUED)
        line = f"{minutes:02}:{seconds:02} {self._stage:<20} {name}{shown}"
        with self._lock:
            if not (isinstance(self._alive, LiveDisplay) and self._alive.print(line)):
                print(f"{style}{line}{PLAIN}" if self._colour and style else line, file=self._stream, flush=True)


class PhaseLine(NamedTuple):
    """A target at work: its phase, the seconds that it lasts, and what was moved, as `, 12.3 MB` or empty."""

    target: str
    phase: str
    seconds: float
    moved: str


class TargetPhases:
    """Which target is in which phase, and since when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phases: dict[str, tuple[str, float]] = {}
        self._amounts: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether any target is at work."""
        with self._lock:
            return bool(self._phases)

    def enter(self, target: str, name: str) -> None:
        """Note that a target goes into another phase; `done` removes it."""
        with self._lock:
            self._amounts.pop(target, None)
            if name == "done":
                self._phases.pop(target, None)
            else:
                self._phases[target] = (name, self._clock.monotonic())

    def amount(self, target: str, number: int) -> None:
        """Note how many bytes were moved so far."""
        with self._lock:
            self._amounts[target] = number

    def lines(self) -> tuple[PhaseLine, ...]:
        """The targets at work, in the order in which they began."""
        now = self._clock.monotonic()
        with self._lock:
            return tuple(
                PhaseLine(target, phase, now - since, self._moved(target))
                for target, (phase, since) in self._phases.items()
            )

    def _moved(self, target: str) -> str:
        amount = self._amounts.get(target, 0)
        return f", {amount / 1e6:.1f} MB" if amount else ""


class Heartbeat:
    """Calls a function every 30 seconds, in a daemon thread."""

    def __init__(self, beat: Callable[[], None], every: float = HEARTBEAT_S) -> None:
        self._beat = beat
        self._every = every
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; does nothing if it runs already."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End; a beat that has begun comes to its end."""
        self._stopped.set()
        self._thread = None

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            self._beat()


class LiveDisplay:
    """Shows the targets at work on a terminal, a line each, redrawn in place below the lines that stay.

    Args:
        stream: the terminal.
        phases: of the targets.
    """

    def __init__(self, stream: TextIO, phases: TargetPhases) -> None:
        self._stream = stream
        self._phases = phases
        self._live: Live | None = None

    def start(self) -> None:
        """Begin; does nothing if it is shown already."""
        if self._live is None:
            # Imported here: only a person at a terminal needs rich, and no pipeline waits for its import.
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                get_renderable=self._table,
                console=Console(file=self._stream, highlight=False, markup=False),
                refresh_per_second=REDRAWS_PER_S,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def stop(self) -> None:
        """End, and remove the lines."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def print(self, line: str) -> bool:
        """Print a line that stays, above the others; False where nothing is shown now."""
        if self._live is None:
            return False
        self._live.console.print(line, soft_wrap=True)
        return True

    def _table(self) -> "Table":
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for line in self._phases.lines():
            table.add_row(line.target, line.phase, f"{line.seconds:.0f} s{line.moved}")
        return table

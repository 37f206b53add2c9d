"""Who does what at this moment, and since when: what a heartbeat and a live display show."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from erp_build.clients.clock import Clock

BEAT = 30.0
"""Seconds between two signs of life; CodeBuild and its readers take longer silence for a hang."""


class Line(NamedTuple):
    """A target at work: its phase, the seconds that it lasts, and what was moved, as ` 12.3 MB` or empty."""

    target: str
    phase: str
    seconds: float
    moved: str


class Board:
    """The phases of all targets."""

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

    def phase(self, target: str, name: str) -> None:
        """A target goes into another phase; `done` takes it off."""
        with self._lock:
            self._amounts.pop(target, None)
            if name == "done":
                self._phases.pop(target, None)
            else:
                self._phases[target] = (name, self._clock.monotonic())

    def amount(self, target: str, number: int) -> None:
        """How many bytes were moved so far."""
        with self._lock:
            self._amounts[target] = number

    def lines(self) -> tuple[Line, ...]:
        """Everybody at work, in the order in which they came."""
        now = self._clock.monotonic()
        with self._lock:
            return tuple(
                Line(target, phase, now - since, self._moved(target)) for target, (phase, since) in self._phases.items()
            )

    def _moved(self, target: str) -> str:
        amount = self._amounts.get(target, 0)
        return f", {amount / 1e6:.1f} MB" if amount else ""


class Heart:
    """Calls something every 30 seconds while it runs, in a thread that ends with the program."""

    def __init__(self, beat: Callable[[], None], every: float = BEAT) -> None:
        self._beat = beat
        self._every = every
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; again is nothing."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End; the thread itself ends at once or with its beat."""
        self._stopped.set()
        self._thread = None

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            self._beat()

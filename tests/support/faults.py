"""Faults at any point of a run: each call of a client is a point, and a fault strikes before or after one of them.

A point has a name that is the same in every run of a scenario, whatever the order of its threads: the call, what it is
about, and how often it was about that before.
"""

import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from botocore.exceptions import ClientError
from docker.errors import APIError
from kubernetes.client.exceptions import ApiException

from erp_build.clients.effects import Journal
from erp_build.errors import (
    BuildFailed,
    ConfigurationError,
    ErpBuildError,
    FunctionUpdateFailed,
    Interrupted,
    OutOfReach,
    PushFailed,
    ReleaseFailed,
)
from erp_build.model.effect import EffectKind, EffectState

When = Literal["before", "after"]
CHANGING = re.compile(r"[0-9a-f]{7,}")
"""Commits, digests and keys: they differ from one making of a repository to the next."""

INJECTED = "injected"
"""Stands in the text of every error that a fault raises."""

WAKING, WAKES_EVERY_S = signal.SIGUSR1, 0.05
"""The signal that wakes a main thread which has not heard another one, and seconds between two of them."""


class Point(NamedTuple):
    """A call of a client: its name, what it is about, the how manieth of these, and whether a worker thread calls."""

    call: str
    subject: str
    number: int
    in_worker: bool = False

    def __str__(self) -> str:
        return f"{self.call}({self.subject}) #{self.number}"


class Gone(BaseException):
    """A worker thread of a process that a signal has ended."""


class Faults:
    """Numbers the points of a run, and lets one fault strike; `next_call` is the first call behind it.

    An effect looks at the lock in its midst, too: behind a fault that struck there, the effect is what comes next.

    Args:
        at: the point of the fault; None: there is none.
        when: before or after the real call.
        strike: the fault.
    """

    def __init__(
        self, at: Point | None = None, when: When = "before", strike: Callable[[], None] | None = None
    ) -> None:
        self.seen: list[Point] = []
        self.struck = False
        self._gone: set[threading.Thread] = set()
        self.next_call = ""
        self._open: dict[threading.Thread, list[str]] = {}
        self._at, self._when, self._strike = at, when, strike
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._mutex = threading.Lock()

    def __deepcopy__(self, memo: object) -> "Faults":
        """A copy of a world begins without a fault."""
        return Faults()

    @contextmanager
    def point(self, call: str, subject: str) -> Iterator[None]:
        """The block is the real call."""
        in_worker = threading.current_thread() is not threading.main_thread()
        if threading.current_thread() in self._gone:
            raise Gone
        with self._mutex:
            self._numbers[call, subject] += 1
            point = Point(call, subject, self._numbers[call, subject], in_worker)
            self.seen.append(point)
            # The first call that begins after the fault; before an effect that is the effect itself.
            self.next_call = self.next_call or (call if self.struck else "")
        is_here = self._at is not None and point[:3] == self._at[:3]
        calls = self._open.setdefault(threading.current_thread(), [])
        if is_here and self._when == "before":
            self.next_call = call
            self._hit()
        calls.append(call)
        try:
            yield
        finally:
            calls.pop()
        if is_here and self._when == "after":
            self.next_call = next((one for one in calls if one.startswith("effects.")), "")
            self._hit()

    def end_workers(self) -> None:
        """Let the worker threads of this moment come no further."""
        self._gone = set(threading.enumerate()) - {threading.main_thread()}

    def _hit(self) -> None:
        assert self._strike is not None
        self.struck = True
        self._strike()


class Watched:
    """A client, each of whose calls is a point; `only` names the calls that are, if not all of them."""

    def __init__(self, name: str, client: object, faults: Faults, only: tuple[str, ...] = ()) -> None:
        self._name, self._client, self._faults, self._only = name, client, faults, only

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._client, attribute)
        if not callable(value) or (self._only and attribute not in self._only):
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            with self._faults.point(f"{self._name}.{attribute}", _subject(arguments)):
                return value(*arguments, **named)

        return call


class FaultyJournal(Journal):
    """A journal, each of whose effects is a point: an error there is noted as one of the effect."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    @contextmanager
    def note(self, name: EffectKind, target: str, state: EffectState = "performed") -> Iterator[None]:
        """Note the effect, with a fault before or after it."""
        with super().note(name, target, state), self._faults.point(f"effects.{name}", CHANGING.sub("*", target)):
            yield


def _subject(arguments: tuple[Any, ...]) -> str:
    """What a call is about: the first argument's repository or name, or the argument itself if it is a text."""
    first = arguments[0] if arguments else ""
    about = getattr(first, "repository", "") or getattr(first, "name", "") or first
    return CHANGING.sub("*", about) if isinstance(about, str) else ""


NATURAL: dict[str, type[ErpBuildError]] = {
    "helm": ReleaseFailed,
    "cluster": OutOfReach,
    "leases": OutOfReach,
    "functions": FunctionUpdateFailed,
    "registry": PushFailed,
    "evidence": PushFailed,
    "assembly": BuildFailed,
    "effects.package": BuildFailed,
    "effects.build_image": BuildFailed,
    "effects.push": PushFailed,
    "effects.attest": PushFailed,
    "effects.tag": PushFailed,
    "effects.edit_branch": PushFailed,
    "effects.update_function": FunctionUpdateFailed,
    "effects.publish": FunctionUpdateFailed,
    "effects.upgrade_release": ReleaseFailed,
    "effects.rollback_release": ReleaseFailed,
    "effects.write_lease": OutOfReach,
}
"""Client or call -> the error of ours that it raises most; `ConfigurationError` for all others."""


def natural(point: Point) -> ErpBuildError:
    """The error of ours that is usual at a point."""
    kind = NATURAL.get(point.call) or NATURAL.get(point.call.partition(".")[0]) or ConfigurationError
    return kind(INJECTED, where=point.call, why="as the sweep wants it")


ERRORS: dict[str, Callable[[Point], BaseException]] = {
    "ours": natural,
    "OutOfReach": lambda point: OutOfReach(INJECTED, where=point.call, why="as the sweep wants it"),
    "ConfigurationError": lambda point: ConfigurationError(INJECTED, where=point.call),
    "KeyError": lambda _: KeyError(INJECTED),
    "OSError": lambda _: OSError(28, f"{INJECTED}: no space left on device"),
    "ClientError": lambda _: ClientError({"Error": {"Code": "InternalError", "Message": INJECTED}}, "Operation"),
    "ApiException": lambda _: ApiException(status=500, reason=INJECTED),
    "APIError": lambda _: APIError(INJECTED),
}
"""Kind -> the error that is raised at a point: ours, a bug, the system's, and those of the SDKs."""


def raising(kind: str, point: Point) -> Callable[[], None]:
    """A fault that raises an error of a kind."""

    def strike() -> None:
        raise ERRORS[kind](point)

    return strike


def signalling(faults: Callable[[], Faults]) -> Callable[[], None]:
    """A fault that is a SIGTERM: it raises in the main thread, and the worker threads come no further."""

    def strike() -> None:
        faults().end_workers()
        if threading.current_thread() is threading.main_thread():
            raise Interrupted(signal.SIGTERM, "SIGTERM")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        raise Gone

    return strike


@contextmanager
def sigterm_raises() -> Iterator[threading.Event]:
    """Let SIGTERM raise `Interrupted` in the main thread, as often as it comes; gives what is set before that."""
    is_raising = threading.Event()

    def interrupt(number: int, _: object) -> None:
        is_raising.set()
        raise Interrupted(number, signal.Signals(number).name)

    handlers = {signal.SIGTERM: interrupt, WAKING: lambda _number, _frame: None}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield is_raising
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt_main_thread(is_raising: threading.Event) -> None:
    """Send SIGTERM to the main thread until it is heard; the argument is what `sigterm_raises` gives.

    CPython does not hear a signal that comes just before it waits for a lock until that wait ends. The program's watch
    is told of it all the same (cli/signals.py); here a second signal, which does nothing, wakes the main thread.
    """
    main = threading.main_thread().ident or 0
    signal.pthread_kill(main, signal.SIGTERM)
    while not is_raising.wait(WAKES_EVERY_S):
        signal.pthread_kill(main, WAKING)

"""How long and with which waits a question is asked again whose answer passes.

Which answers pass stands in `formats/transient.py`; a client marks its error with `passing`. Nothing below asks again:
the SDKs are set to one attempt, because two layers multiply.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import current_thread, get_ident, main_thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from erp_build.clients.clock import Clock, Deadline
from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import ErpBuildError

if TYPE_CHECKING:
    from tenacity import RetryCallState

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

PATIENCE_S = 20.0
"""Seconds for which a question is asked again while nothing has moved yet: a person may be waiting."""

PATIENCE_AFTER_MOVE_S = 300.0
"""The same once something runs that was not proven yet. All questions together have this time, and each has at least
the shorter one: a cluster that stays away must not hold up the run once more with every question."""

MIN_ATTEMPTS = 3
"""Attempts that every question gets, also if one of them takes long."""

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 15.0
"""The first wait, which doubles each time, with up to a second at random on top."""

LOOK_EVERY_S = 0.5
"""Seconds of a wait after which another thread than the main one looks whether a signal has come."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """A moment until which a caller waits for something, the seconds between two looks, and the least attempts."""

    deadline: Deadline
    every: float
    least: int


class Patience:
    """Asks again; one for all clients of a run.

    Args:
        clock: for deadlines and waits.
        say: called with a line for every wait; of a caller that waits in its own rhythm only with a new line.
    """

    def __init__(self, clock: Clock, say: Callable[[str], object] = lambda _: None) -> None:
        self._clock = clock
        self._say = say
        self._left = PATIENCE_S
        self._has_moved = False
        self._by_thread: dict[int, _Limit] = {}
        """The limit within which a thread asks: a heartbeat does not ask by the rhythm of another thread."""
        self._guards: dict[int, Callable[[], object]] = {}

    def extend(self) -> None:
        """Something is about to move: from now on an answer that passes must not decide what is taken back."""
        if not self._has_moved:
            self._has_moved, self._left = True, PATIENCE_AFTER_MOVE_S

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Have the patience of a run of its own in the block: what another release has waited for is not counted."""
        before = self._left, self._has_moved
        self._left, self._has_moved = PATIENCE_S, False
        try:
            yield
        finally:
            self._left, self._has_moved = before

    @contextmanager
    def until(self, deadline: Deadline, every: float) -> Iterator[None]:
        """Ask until this moment, each time after so many seconds: the caller waits for something.

        A question that begins at the very end is asked a second time too: one bad answer decides nothing.
        """
        with self._limited(_Limit(deadline, every, least=2)):
            yield

    @contextmanager
    def guarded(self, check: Callable[[], object]) -> Iterator[None]:
        """Check before each further attempt of this thread: time has passed, and the effect may not be ours any more.

        The check asks each of its questions once. An error that passes counts as the attempt's answer.
        """
        with _kept(self._guards, check):
            yield

    def ask_once(self, work: Callable[[], R]) -> R:
        """Do work, each of whose questions is asked once."""
        with self._limited(_Limit(Deadline(self._clock, 0.0), FIRST_WAIT_S, least=1)):
            return work()

    @contextmanager
    def _limited(self, limit: _Limit) -> Iterator[None]:
        with _kept(self._by_thread, limit):
            yield

    def ask(self, question: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask until there is an answer that does not pass, and return or raise it; raises the last one in the end."""
        # Imported here: only a call of a client needs it, and `--help` makes none.
        from tenacity import Retrying, retry_if_exception

        limit = self._by_thread.get(get_ident())
        began = self._clock.monotonic()
        deadline = limit.deadline if limit else Deadline(self._clock, max(self._left, PATIENCE_S))
        least = limit.least if limit else MIN_ATTEMPTS
        attempts = count()

        def attempt() -> R:
            if next(attempts):
                self._check()
            return question(*args, **kwargs)

        asking = Retrying(
            retry=retry_if_exception(_passes),
            # After a signal what is asked is the way out, which has no time for a second attempt.
            stop=lambda state: WAY_OUT.end is not None or (deadline.is_over and state.attempt_number >= least),
            wait=partial(_seconds_to_wait, deadline, limit.every if limit else 0.0),
            sleep=self._sleep,
            before_sleep=_Telling(self._say, repeats=limit is None).tell,
            reraise=True,
        )
        try:
            return asking(attempt)
        finally:
            # An answer at once takes no time; only waiting uses the patience up.
            if limit is None and asking.statistics["attempt_number"] > 1:
                self._left -= self._clock.monotonic() - began

    def _sleep(self, seconds: float) -> None:
        """Wait; a signal, which is raised in the main thread alone, ends the wait of the others soon."""
        if current_thread() is main_thread():
            self._clock.sleep(seconds)
            return
        while seconds > 0:
            WAY_OUT.require_may_begin()
            self._clock.sleep(min(seconds, LOOK_EVERY_S))
            seconds -= LOOK_EVERY_S

    def _check(self) -> None:
        guard = self._guards.get(get_ident())
        if guard:
            with _kept(self._guards, _no_check):
                self.ask_once(guard)


@contextmanager
def _kept(by_thread: dict[int, T], value: T) -> Iterator[None]:
    """Keep a value for this thread during the block."""
    thread = get_ident()
    before = by_thread.get(thread)
    by_thread[thread] = value
    try:
        yield
    finally:
        if before is None:
            del by_thread[thread]
        else:
            by_thread[thread] = before


def _no_check() -> None:
    """What is asked inside of a check is not checked again."""


class _Telling:
    """Says what a question waits for; the line of the wait before only if it `repeats`."""

    def __init__(self, say: Callable[[str], object], *, repeats: bool) -> None:
        self._say, self._repeats = say, repeats
        self._last = ""

    def tell(self, state: "RetryCallState") -> None:
        error = _error_of(state)
        why = error.why.strip().splitlines()
        words = [", ".join(filter(None, (error.what, error.where))), *why[-1:]]
        line = f"{': '.join(words)}; asked again in {state.upcoming_sleep:.0f} s"
        if self._repeats or line != self._last:
            self._say(line)
        self._last = line


def patient(client: T, patience: Patience) -> T:
    """The same client, each of whose methods is asked again while its answer passes."""
    return cast("T", _Patient(client, patience))


class _Patient:
    def __init__(self, client: object, patience: Patience) -> None:
        self._client, self._patience = client, patience

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return partial(self._patience.ask, found) if callable(found) else found


def _passes(error: BaseException) -> bool:
    return isinstance(error, ErpBuildError) and error.passes


def _error_of(state: "RetryCallState") -> ErpBuildError:
    error = state.outcome and state.outcome.exception()
    assert isinstance(error, ErpBuildError)
    return error


def _seconds_to_wait(deadline: Deadline, every: float, state: "RetryCallState") -> float:
    from tenacity import wait_exponential_jitter

    usual = every or wait_exponential_jitter(initial=FIRST_WAIT_S, max=LONGEST_WAIT_S)(state)
    return min(max(_error_of(state).wait, usual), max(deadline.left, FIRST_WAIT_S))

"""Work for several items at once, in threads (docs/decisions/0002)."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import ErpBuildError, combine

Item = TypeVar("Item")
Done = TypeVar("Done")

WAIT_BESIDE_S = 15.0
"""Seconds for which work beside a block, that nobody needs any more, is waited for: a call that gets no connection."""


class WorkResults(NamedTuple, Generic[Done]):
    """Results by the place of their items, and all errors in the items' order."""

    done: dict[int, Done]
    failed: list[BaseException]


ASKED_AT_ONCE = 16
"""Questions to a service that are open at the same time: what takes 40 ms is answered for 200 targets in half a second,
and it is far below what ECR takes of an account."""

NOTES_S = 0.5
"""Seconds after a signal for which effects of other threads are waited for: their calls are called off at once."""

HandOver = Callable[[int, Item], None]
"""Takes the place of an item and the item."""


def map_in_threads(work: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> tuple[Done, ...]:
    """Do the work for every item and return the results in the items' order.

    An error does not stop the other items. Afterwards our errors are raised as one, any other error as it is.
    """
    listed = list(items)
    finished = _finished(work, listed, at_once)
    raise_together(finished.failed)
    return tuple(finished.done[number] for number in range(len(listed)))


def _finished(work: Callable[[Item], Done], listed: Sequence[Item], at_once: int) -> WorkResults[Done]:
    def produce(hand_over: HandOver[Item]) -> None:
        for number, item in enumerate(listed):
            hand_over(number, item)

    return work_as_produced(produce, work, min(at_once, len(listed)))


def ask_at_once(
    question: Callable[[Item], Done], items: Iterable[Item], at_once: int = ASKED_AT_ONCE
) -> tuple[Done, ...]:
    """Ask a question about every item at once, and return the answers in the items' order.

    Our errors are raised as one, which passes if each of them does. After one that passes nothing further is asked:
    somebody has waited for it as long as he may, and would for every other item. On the way out, where threads begin
    nothing, this thread asks.
    """
    listed = list(items)
    if len(listed) == 1 or WAY_OUT.end is not None:
        return tuple(map(question, listed))

    def is_away(error: BaseException) -> bool:
        return isinstance(error, ErpBuildError) and error.passes

    finished = _finished(_unless_over(threading.Event(), question, is_away), listed, at_once)
    try:
        raise_together(finished.failed)
    except ErpBuildError as error:
        raise error.passing(error.wait, if_so=all(map(is_away, finished.failed))) from error.__cause__
    # Without an error every item has its answer.
    return tuple(answer for number in range(len(listed)) for answer in finished.done[number])


def act_at_once(work: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> tuple[Done, ...]:
    """Change something for every item at once, and return the results in the items' order.

    After an error nothing further is begun, and what was begun ends; then our errors are raised as one. After a signal,
    which calls their calls off, it is waited until each has noted what became of it: whoever says what runs reads that.
    One at once, and all of them on the way out, are worked on in this thread.
    """
    listed = list(items)
    if min(at_once, len(listed)) <= 1 or WAY_OUT.end is not None:
        return tuple(map(work, listed))
    threads, is_over = _Threads(min(at_once, len(listed))), threading.Event()
    act = _unless_over(is_over, work, lambda _: True)
    begun: list[Future[tuple[Done, ...]]] = []
    try:
        # A signal may come while the first ones are under way, and others are not handed out yet.
        begun.extend(threads.begin(partial(act, item)) for item in listed)
        wait(begun)
    except BaseException:
        is_over.set()
        wait(begun, WAY_OUT.left(NOTES_S))
        raise
    finally:
        threads.end()
    raise_together(_different([error for one in begun if (error := one.exception())]))
    return tuple(answer for one in begun for answer in one.result())


def _unless_over(
    is_over: threading.Event, work: Callable[[Item], Done], ends: Callable[[BaseException], bool]
) -> Callable[[Item], tuple[Done, ...]]:
    """The work with its result in a tuple; nothing is begun any more once it is over; an error may end it."""

    def begin(item: Item) -> tuple[Done, ...]:
        if is_over.is_set():
            return ()
        try:
            return (work(item),)
        except BaseException as error:
            if ends(error):
                is_over.set()
            raise

    return begin


def _different(errors: Iterable[BaseException]) -> list[BaseException]:
    """The errors, of those that say the same the first: each thread learns of a lock that is lost."""
    found: dict[object, BaseException] = {}
    for error in errors:
        same = (type(error), error.what, error.where, error.why) if isinstance(error, ErpBuildError) else error
        found.setdefault(same, error)
    return list(found.values())


def asked_once(question: Callable[[], Done]) -> Callable[[], Done]:
    """The same question, which the first of several threads asks while the others wait; an error is not kept."""
    one_at_a_time = threading.Lock()
    kept: list[Done] = []

    def answer() -> Done:
        with one_at_a_time:
            if not kept:
                kept.append(question())
            return kept[0]

    return answer


def work_as_produced(
    produce: Callable[[HandOver[Item]], None],
    work: Callable[[Item], Done],
    at_once: int,
    time_left: Callable[[], float] = lambda: inf,
) -> WorkResults[Done]:
    """Work on items while a producer still makes others. Raises nothing, so that the caller can keep what succeeded.

    Args:
        produce: makes the items; calls its argument with an item's place and the item, from any thread.
        work: called for each item, for at most `at_once` items at a time.
        at_once: number of threads. They are daemons, so that a signal ends the program without waiting for them.
        time_left: seconds that the work may still take; afterwards `TimeoutError` is raised, and the threads go on.
    """
    threads = _Threads(at_once)
    begun: dict[int, Future[Done]] = {}

    def hand_over(number: int, item: Item) -> None:
        begun[number] = threads.begin(partial(work, item))

    # A future's `exception` waits for the end of its work. Nothing is caught here: a signal is raised in this thread.
    errors = [_error_of(_start(partial(produce, hand_over)), time_left)]
    threads.end()
    in_order = sorted(begun.items())
    errors += [_error_of(future, time_left) for _, future in in_order]
    done = {number: future.result() for number, future in in_order if not future.exception()}
    return WorkResults(done, [error for error in errors if error])


def map_until_error(work: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> tuple[Done, ...]:
    """Do the work for every item and return the results in the items' order; the first error in it is raised at once.

    What has not begun by then is not begun, and nobody waits for the rest. For questions whose answers are of no use
    one by one.
    """
    threads = _Threads(at_once)
    try:
        begun = [threads.begin(partial(work, item)) for item in items]
        return tuple(future.result() for future in begun)
    finally:
        threads.forget()
        threads.end()


class _Threads:
    """So many threads, which begin work in the order in which it is given."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        for _ in range(at_once):
            threading.Thread(target=self._work_on, daemon=True).start()

    def begin(self, work: Callable[[], Done]) -> Future[Done]:
        """Have work done when a thread is free."""
        future: Future[Done] = Future()
        self._waiting.put(partial(_settle, future, work))
        return future

    def forget(self) -> None:
        """Let what has not begun be."""
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()

    def end(self) -> None:
        """Let each thread end after what was given."""
        for _ in range(self._at_once):
            self._waiting.put(None)

    def _work_on(self) -> None:
        while work := self._waiting.get():
            work()


@contextmanager
def work_beside(work: Callable[[], Done], wait_s: float = WAIT_BESIDE_S) -> Iterator[Callable[[], Done]]:
    """Do work in a thread beside a block, which ends after it: what the work uses may be gone then.

    Args:
        work: is begun at once.
        wait_s: seconds that the end of the block waits at most; after a signal less.

    Gives a function that waits for the work, and returns its result or raises its error.
    """
    begun = _start(work)
    try:
        yield begun.result
    finally:
        wait([begun], WAY_OUT.left(wait_s))


def _start(work: Callable[[], Done]) -> Future[Done]:
    future: Future[Done] = Future()
    threading.Thread(target=_settle, args=(future, work), daemon=True).start()
    return future


def _error_of(future: Future[Any], time_left: Callable[[], float]) -> BaseException | None:
    """Wait for the end of the work."""
    left = time_left()
    return future.exception(None if left == inf else left)


def _settle(future: Future[Done], work: Callable[[], Done]) -> None:
    try:
        # After a signal, what still waits for its turn is not begun.
        WAY_OUT.require_may_begin()
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
        future.set_exception(error)


def raise_together(errors: list[BaseException]) -> None:
    """Raise one of several errors: a signal first, then a bug as it is, then our errors combined into one."""
    ours = [error for error in errors if isinstance(error, ErpBuildError)]
    if others := [error for error in errors if not isinstance(error, ErpBuildError)]:
        # A signal is no `Exception`. It must end the run, whatever else failed.
        raise min(others, key=lambda error: isinstance(error, Exception))
    if ours:
        raise combine(ours) from ours[0]

"""Work for several items at once, in threads (docs/decisions/0002)."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, NamedTuple, TypeVar

from erp_build.errors import ErpBuildError, combine

Item = TypeVar("Item")
Done = TypeVar("Done")


class WorkResults(NamedTuple, Generic[Done]):
    """Results by the place of their items, and all errors in the items' order."""

    done: dict[int, Done]
    failed: list[BaseException]


HandOver = Callable[[int, Item], None]
"""Takes the place of an item and the item."""


def map_in_threads(work: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> tuple[Done, ...]:
    """Do the work for every item and return the results in the items' order.

    An error does not stop the other items. Afterwards our errors are raised as one, any other error as it is.
    """
    listed = list(items)

    def produce(hand_over: HandOver[Item]) -> None:
        for number, item in enumerate(listed):
            hand_over(number, item)

    finished = work_as_produced(produce, work, min(at_once, len(listed)))
    raise_together(finished.failed)
    return tuple(finished.done[number] for number in range(len(listed)))


def work_as_produced(
    produce: Callable[[HandOver[Item]], None], work: Callable[[Item], Done], at_once: int
) -> WorkResults[Done]:
    """Work on items while a producer still makes others. Raises nothing, so that the caller can keep what succeeded.

    Args:
        produce: makes the items; calls its argument with an item's place and the item, from any thread.
        work: called for each item, for at most `at_once` items at a time.
        at_once: number of threads. They are daemons, so that a signal ends the program without waiting for them.
    """
    waiting: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
    done: dict[int, Done] = {}
    failed: dict[int, BaseException] = {}

    def work_on() -> None:
        while (pair := waiting.get()) is not None:
            number, item = pair
            try:
                done[number] = work(item)
            except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
                failed[number] = error

    def make() -> None:
        try:
            produce(lambda number, item: waiting.put((number, item)))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failed[-1] = error
        finally:
            for _ in range(at_once):
                waiting.put(None)

    threads = [threading.Thread(target=target, daemon=True) for target in (make, *[work_on] * at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return WorkResults(done, [failed[number] for number in sorted(failed)])


def start_in_background(work: Callable[[], Done]) -> Callable[[], Done]:
    """Start work in a thread; returns a function that waits for it, and returns its result or raises its error."""
    future: Future[Done] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            future.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return future.result


def raise_together(errors: list[BaseException]) -> None:
    """Raise one of several errors: a signal first, then a bug as it is, then our errors combined into one."""
    # Not an `Exception`: a signal must end the run, whatever else failed.
    if urgent := [error for error in errors if not isinstance(error, Exception)]:
        raise urgent[0]
    ours = [error for error in errors if isinstance(error, ErpBuildError)]
    others = [error for error in errors if not isinstance(error, ErpBuildError)]
    if others:
        raise others[0]
    if ours:
        raise combine(ours) from ours[0]

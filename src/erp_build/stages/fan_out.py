"""The same work for several items at once, in threads."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

from erp_build.errors import ErpBuildError, combine

Item = TypeVar("Item")
Done = TypeVar("Done")


def fan_out(work: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> tuple[Done, ...]:
    """Do the work for every item and return the results in the items' order.

    Every item finishes; errors of ours are raised together afterwards, anything else as it came. The threads are
    daemons, so that a signal ends the program without waiting for them.
    """
    numbered = list(enumerate(items))
    waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
    for pair in numbered:
        waiting.put(pair)
    done: dict[int, Done] = {}
    failed: dict[int, BaseException] = {}

    def work_on() -> None:
        while True:
            try:
                number, item = waiting.get_nowait()
            except Empty:
                return
            try:
                done[number] = work(item)
            except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
                failed[number] = error

    threads = [threading.Thread(target=work_on, daemon=True) for _ in range(min(at_once, len(numbered)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _raise_together([failed[number] for number in sorted(failed)])
    return tuple(done[number] for number, _ in numbered)


def _raise_together(errors: list[BaseException]) -> None:
    ours = [error for error in errors if isinstance(error, ErpBuildError)]
    others = [error for error in errors if not isinstance(error, ErpBuildError)]
    if others:
        raise others[0]
    if ours:
        raise combine(ours) from ours[0]

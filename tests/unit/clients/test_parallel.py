"""The same work for several items at once."""

import threading
import time

import pytest

from erp_build.clients.machine.parallel import (
    HandOver,
    map_in_threads,
    map_until_error,
    raise_together,
    work_as_produced,
    work_beside,
)
from erp_build.clients.way_out import WAY_OUT, WAY_OUT_S, NothingBegins
from erp_build.errors import BuildFailed, ErpBuildError, Interrupted

LONG = 60.0
"""Seconds after which a thread that waits for another one gives up; never reached."""


def test_results_stand_in_the_order_of_the_items_whoever_ends_first() -> None:
    second_done = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            assert second_done.wait(LONG)
        else:
            second_done.set()
        return number * 10

    assert map_in_threads(work, [1, 2, 3], at_once=2) == (10, 20, 30)


def test_nothing_to_do_makes_nothing() -> None:
    assert map_in_threads(str, [], at_once=2) == ()


def test_as_many_as_allowed_are_at_work_and_no_more() -> None:
    lock, meeting = threading.Lock(), threading.Barrier(3, timeout=LONG)
    at_work, most = 0, 0

    def work(_: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        meeting.wait()
        with lock:
            at_work -= 1

    map_in_threads(work, range(12), at_once=3)
    assert most == 3


def test_one_at_once_is_one_after_the_other() -> None:
    done: list[int] = []
    map_in_threads(done.append, [3, 1, 2], at_once=1)
    assert done == [3, 1, 2]


def test_every_item_finishes_although_another_fails() -> None:
    done: list[str] = []

    def work(name: str) -> None:
        if name == "b":
            raise BuildFailed("Maven failed", where=name)
        done.append(name)

    with pytest.raises(BuildFailed, match="Maven failed"):
        map_in_threads(work, "abc", at_once=1)
    assert done == ["a", "c"]


def test_failures_are_raised_together_in_the_order_of_the_items() -> None:
    def work(name: str) -> None:
        raise BuildFailed("Maven failed", where=name, why=f"error in {name}", next_step="fix it")

    with pytest.raises(BuildFailed, match="3 targets failed") as caught:
        map_in_threads(work, "abc", at_once=3)
    assert caught.value.where == "a, b, c"
    assert caught.value.why.splitlines()[1::2] == ["error in a", "error in b", "error in c"]
    assert caught.value.next_step == "fix it"


def test_a_bug_is_raised_as_it_came_and_before_the_failures() -> None:
    def work(name: str) -> None:
        if name == "b":
            raise KeyError(name)
        raise ErpBuildError("failed", where=name)

    with pytest.raises(KeyError, match="b"):
        map_in_threads(work, "abc", at_once=2)


def test_questions_that_are_of_no_use_one_by_one_end_with_the_first_error() -> None:
    begun: list[int] = []
    others_wait = threading.Event()

    def ask(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise BuildFailed("no answer", where=str(number))
        assert number == 0 or others_wait.wait(LONG)
        return number

    with pytest.raises(BuildFailed, match="no answer"):
        map_until_error(ask, range(20), at_once=3)
    assert {0, 1} <= set(begun) <= set(range(5))
    others_wait.set()


def test_questions_that_are_all_answered_have_their_answers_in_order() -> None:
    assert map_until_error(lambda number: number * 10, range(20), at_once=3) == tuple(range(0, 200, 10))
    assert map_until_error(str, [], at_once=3) == ()


def test_a_signal_is_raised_before_everything_else() -> None:
    errors = [ErpBuildError("failed"), KeyError("a"), Interrupted(15, "SIGTERM")]
    with pytest.raises(Interrupted):
        raise_together(errors)


def test_work_that_was_begun_goes_on_beside_and_gives_its_result_to_everybody_who_asks() -> None:
    meanwhile = threading.Event()

    def work() -> int:
        assert meanwhile.wait(LONG)
        return 7

    with work_beside(work) as result:
        meanwhile.set()
        assert (result(), result()) == (7, 7)


def test_work_that_was_begun_and_failed_raises_where_its_result_is_asked_for() -> None:
    def work() -> int:
        raise BuildFailed("the cluster did not answer", where="erp-dev")

    with work_beside(work) as result:
        for _ in range(2):
            with pytest.raises(BuildFailed, match="did not answer"):
                result()


def test_a_block_ends_after_the_work_beside_it_whether_it_fails_or_not() -> None:
    ended = threading.Event()

    def work() -> None:
        time.sleep(0.05)
        ended.set()

    with pytest.raises(KeyError, match="of the block"), work_beside(work):
        raise KeyError("of the block")
    assert ended.is_set()


def test_work_beside_a_block_that_does_not_end_is_left_behind_and_soon_after_a_signal() -> None:
    goes_on = threading.Event()
    began = time.monotonic()
    with work_beside(lambda: goes_on.wait(LONG), wait_s=0.05):
        pass
    with work_beside(lambda: goes_on.wait(LONG), wait_s=LONG):
        WAY_OUT.begin()
    WAY_OUT.forget()
    goes_on.set()
    assert time.monotonic() - began < WAY_OUT_S + 2


def test_what_waits_for_its_turn_is_not_begun_after_a_signal() -> None:
    begun: list[int] = []

    def three(hand_over: HandOver[int]) -> None:
        for number in range(3):
            hand_over(number, number)

    def work(number: int) -> None:
        begun.append(number)
        WAY_OUT.begin()

    try:
        finished = work_as_produced(three, work, 1)
    finally:
        WAY_OUT.forget()
    assert begun == [0]
    assert [type(error) for error in finished.failed] == [NothingBegins, NothingBegins]


def test_work_is_not_waited_for_longer_than_there_is_time() -> None:
    ends = threading.Event()
    with pytest.raises(TimeoutError, match=r"^$"):
        work_as_produced(lambda hand_over: hand_over(0, LONG), ends.wait, 1, lambda: 0.1)
    ends.set()

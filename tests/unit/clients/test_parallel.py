"""The same work for several items at once."""

import threading
import time

import pytest

from erp_build.clients.machine.parallel import (
    HandOver,
    ask_at_once,
    asked_once,
    map_in_threads,
    map_until_error,
    raise_together,
    work_as_produced,
    work_beside,
)
from erp_build.clients.way_out import WAY_OUT, WAY_OUT_S, NothingBegins
from erp_build.errors import BuildFailed, ErpBuildError, Interrupted, PushFailed

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


def test_questions_are_open_at_the_same_time_and_answered_in_their_order() -> None:
    meeting = threading.Barrier(3, timeout=LONG)

    def ask(number: int) -> int:
        meeting.wait()
        return number * 10

    assert ask_at_once(ask, [3, 1, 2], at_once=3) == (30, 10, 20)
    assert ask_at_once(ask, []) == ()


def test_one_question_is_asked_by_this_thread() -> None:
    assert ask_at_once(lambda _: threading.current_thread(), ["one"]) == (threading.current_thread(),)


def test_on_the_way_out_this_thread_asks_because_no_other_begins_anything() -> None:
    WAY_OUT.begin()
    try:
        assert set(ask_at_once(lambda _: threading.current_thread(), range(5))) == {threading.current_thread()}
    finally:
        WAY_OUT.forget()


def test_what_is_refused_is_said_of_every_item_at_once() -> None:
    def ask(number: int) -> int:
        if number % 2:
            raise PushFailed("refused", where=f"erp/{number}", why="not allowed", next_step="allow it")
        return number

    with pytest.raises(PushFailed, match="3 targets failed") as caught:
        ask_at_once(ask, range(6), at_once=2)
    assert caught.value.where == "erp/1, erp/3, erp/5"
    assert not caught.value.passes


def test_after_an_answer_that_was_waited_for_in_vain_nothing_further_is_asked() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        raise PushFailed("no answer", where=f"erp/{number}").passing(3.0)

    with pytest.raises(PushFailed, match="no answer") as caught:
        ask_at_once(ask, range(100), at_once=1)
    assert asked == [0]
    assert caught.value.passes
    assert caught.value.wait == 3.0


def test_a_refusal_among_answers_that_pass_does_not_pass() -> None:
    together = threading.Barrier(2, timeout=LONG)

    def ask(number: int) -> int:
        together.wait()
        raise PushFailed("no answer", where=f"erp/{number}").passing(if_so=number == 0)

    with pytest.raises(PushFailed, match="2 targets failed") as caught:
        ask_at_once(ask, range(2), at_once=2)
    assert not caught.value.passes


def test_a_question_of_several_threads_is_asked_once_unless_it_failed() -> None:
    answers: list[int | ErpBuildError] = [7, PushFailed("no answer")]

    def question() -> int:
        answer = answers.pop()
        if isinstance(answer, ErpBuildError):
            raise answer
        return answer

    ask = asked_once(question)
    with pytest.raises(PushFailed, match="no answer"):
        ask()
    assert ask_at_once(lambda _: ask(), range(20)) == (7,) * 20
    assert answers == []

"""What changes something for several targets at once: after an error nothing further is begun."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from erp_build.clients.machine.parallel import _Threads, act_at_once
from erp_build.errors import ErpBuildError, Interrupted, PushFailed, RunTimedOut
from tests.support.faults import interrupt_main_thread, sigterm_raises
from tests.unit.clients.test_parallel import LONG


def test_what_changes_something_is_done_at_once_and_not_begun_after_an_error() -> None:
    meeting, begun = threading.Barrier(2, timeout=LONG), list[int]()

    def act(number: int) -> int:
        begun.append(number)
        if number < 2:
            meeting.wait()
        if number == 1:
            raise PushFailed("refused", where="erp/1")
        return number * 10

    assert act_at_once(lambda number: number * 10, [3, 1], at_once=2) == (30, 10)
    with pytest.raises(PushFailed, match="refused"):
        act_at_once(act, [0, 1, 2], at_once=2)
    assert sorted(begun) in ([0, 1], [0, 1, 2])
    assert act_at_once(lambda _: threading.current_thread(), ["one"], at_once=2) == (threading.current_thread(),)


def test_errors_that_say_the_same_are_one() -> None:
    meeting = threading.Barrier(3, timeout=LONG)

    def act(_: int) -> None:
        meeting.wait()
        raise PushFailed("another run deploys", where="erp-dev")

    with pytest.raises(PushFailed, match="another run deploys"):
        act_at_once(act, range(3), at_once=3)


def test_the_end_of_the_runs_time_is_combined_with_other_errors() -> None:
    meeting = threading.Barrier(2, timeout=LONG)

    def act(error: ErpBuildError) -> None:
        meeting.wait()
        raise error

    with pytest.raises(RunTimedOut, match="2 targets failed") as caught:
        act_at_once(act, [RunTimedOut(60.0), PushFailed("refused", where="erp/1")], at_once=2)
    assert "the time of the run is over" in caught.value.why


def test_a_signal_waits_until_each_has_noted_what_became_of_it() -> None:
    meeting, noted = threading.Barrier(2, timeout=LONG), list[int]()

    def act(number: int, is_raising: threading.Event) -> None:
        meeting.wait()
        if number == 0:
            interrupt_main_thread(is_raising)
        assert is_raising.wait(LONG)
        time.sleep(0.1)
        noted.append(number)

    with sigterm_raises() as is_raising, pytest.raises(Interrupted, match="SIGTERM"):
        act_at_once(lambda number: act(number, is_raising), range(4), at_once=2)
    assert sorted(noted) == [0, 1]


def test_a_signal_that_comes_while_work_is_handed_out_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, noted, handed_out = threading.Barrier(3, timeout=LONG), list[int](), list[object]()
    begin = _Threads.begin

    def begin_until_the_signal(self: _Threads, work: Callable[[], object]) -> Future[object]:
        handed_out.append(work)
        if len(handed_out) == 3:
            meeting.wait()
            signal.raise_signal(signal.SIGTERM)
        return begin(self, work)

    def act(number: int) -> None:
        meeting.wait()
        time.sleep(0.1)
        noted.append(number)

    monkeypatch.setattr(_Threads, "begin", begin_until_the_signal)
    with sigterm_raises(), pytest.raises(Interrupted, match="SIGTERM"):
        act_at_once(act, range(4), at_once=2)
    assert sorted(noted) == [0, 1]

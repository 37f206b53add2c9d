"""How long and with which waits a question is asked again."""

from collections.abc import Callable

import pytest

from erp_build.clients.clock import Deadline, SimulatedClock
from erp_build.clients.patience import (
    LONGEST_WAIT_S,
    MIN_ATTEMPTS,
    PATIENCE_AFTER_MOVE_S,
    PATIENCE_S,
    Patience,
    patient,
)
from erp_build.errors import ErpBuildError, Interrupted, OutOfReach, ReleaseFailed


class Server:
    """Answers after some troubles; `asked` are the moments at which it was asked."""

    def __init__(
        self, clock: SimulatedClock, troubles: int, error: Callable[[], BaseException], takes: float = 0
    ) -> None:
        self._clock, self._troubles, self._error, self._takes = clock, troubles, error, takes
        self.name = "server"
        self.asked: list[float] = []

    def answer(self, text: str = "yes") -> str:
        self.asked.append(self._clock.monotonic())
        self._clock.sleep(self._takes)
        if len(self.asked) <= self._troubles:
            raise self._error()
        return text

    @property
    def waits(self) -> list[float]:
        """The seconds between two questions."""
        return [later - former - self._takes for former, later in zip(self.asked, self.asked[1:], strict=False)]


NEVER = 10_000


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def away(wait: float = 0) -> ErpBuildError:
    return OutOfReach("the cluster cannot be reached", where="erp-dev", why="connection refused").passing(wait)


def test_an_answer_at_once_waits_for_nothing(clock: SimulatedClock) -> None:
    assert Patience(clock).ask(Server(clock, 0, away).answer, "so") == "so"
    assert clock.monotonic() == 0


def test_waits_double_up_to_a_longest_one_and_differ_from_run_to_run(clock: SimulatedClock) -> None:
    server = Server(clock, 7, away)
    patience = Patience(clock)
    patience.extend()
    assert patience.ask(server.answer) == "yes"
    for expected, wait in zip((1, 2, 4, 8, 15, 15, 15), server.waits, strict=True):
        assert expected - 0.001 <= wait <= min(expected + 1, LONGEST_WAIT_S) + 0.001


def test_a_final_answer_is_final_at_once(clock: SimulatedClock) -> None:
    server = Server(clock, NEVER, lambda: ReleaseFailed("the cluster answered 403", where="erp-dev"))
    with pytest.raises(ReleaseFailed, match="403"):
        Patience(clock).ask(server.answer)
    assert server.asked == [0]


def test_a_bug_is_no_answer(clock: SimulatedClock) -> None:
    server = Server(clock, NEVER, lambda: KeyError("items"))
    with pytest.raises(KeyError, match="items"):
        Patience(clock).ask(server.answer)
    assert server.asked == [0]


def test_a_signal_ends_a_wait_and_nothing_is_asked_any_more() -> None:
    class Signalled(SimulatedClock):
        def sleep(self, seconds: float) -> None:
            raise Interrupted(15, f"SIGTERM after {seconds}")

    server = Server(SimulatedClock(), NEVER, away)
    with pytest.raises(Interrupted, match="SIGTERM"):
        Patience(Signalled()).ask(server.answer)
    assert len(server.asked) == 1


def test_while_nothing_has_moved_a_question_ends_soon_with_the_last_answer(clock: SimulatedClock) -> None:
    server = Server(clock, NEVER, away)
    with pytest.raises(OutOfReach, match="cannot be reached"):
        Patience(clock).ask(server.answer)
    assert PATIENCE_S <= clock.monotonic() <= PATIENCE_S + 1


def test_a_question_that_takes_long_is_still_asked_some_times(clock: SimulatedClock) -> None:
    server = Server(clock, MIN_ATTEMPTS - 1, away, takes=PATIENCE_S * 2)
    assert Patience(clock).ask(server.answer) == "yes"
    assert len(server.asked) == MIN_ATTEMPTS


def test_once_something_has_moved_a_question_is_asked_for_minutes(clock: SimulatedClock) -> None:
    patience = Patience(clock)
    patience.extend()
    with pytest.raises(OutOfReach, match="cannot be reached"):
        patience.ask(Server(clock, NEVER, away).answer)
    assert PATIENCE_AFTER_MOVE_S <= clock.monotonic() <= PATIENCE_AFTER_MOVE_S + 1


def test_all_questions_of_a_cluster_that_stays_away_share_their_time(clock: SimulatedClock) -> None:
    patience = Patience(clock)
    patience.extend()
    for _ in range(5):
        # What moves next does not begin the time anew.
        patience.extend()
        with pytest.raises(OutOfReach, match="cannot be reached"):
            patience.ask(Server(clock, NEVER, away).answer)
    assert clock.monotonic() <= PATIENCE_AFTER_MOVE_S + 4 * PATIENCE_S + 5


def test_a_caller_that_waits_until_a_moment_is_answered_in_its_own_rhythm(clock: SimulatedClock) -> None:
    patience = Patience(clock)
    patience.extend()
    server = Server(clock, NEVER, away)
    with patience.until(Deadline(clock, 30), 2.0), pytest.raises(OutOfReach, match="cannot be reached"):
        patience.ask(server.answer)
    assert clock.monotonic() == 30
    assert set(server.waits) == {2.0}
    with pytest.raises(OutOfReach, match="cannot be reached"):
        patience.ask(server.answer)
    assert clock.monotonic() >= 30 + PATIENCE_AFTER_MOVE_S, "that wait has used up nothing"


def test_one_bad_answer_at_the_end_of_a_wait_decides_nothing(clock: SimulatedClock) -> None:
    server = Server(clock, 1, away)
    patience = Patience(clock)
    with patience.until(Deadline(clock, 0), 1.0):
        assert patience.ask(server.answer) == "yes"


def test_work_that_has_no_time_asks_each_question_once(clock: SimulatedClock) -> None:
    server = Server(clock, 1, away)
    patience = Patience(clock)
    with pytest.raises(OutOfReach, match="cannot be reached"):
        patience.ask_once(lambda: patience.ask(server.answer))
    assert (len(server.asked), clock.monotonic()) == (1, 0)


def test_a_check_is_made_before_each_further_attempt_and_asks_once(clock: SimulatedClock) -> None:
    server, guard = Server(clock, 3, away), Server(clock, 1, away)
    patience = Patience(clock)
    with patience.guarded(lambda: patience.ask(guard.answer)):
        assert patience.ask(server.answer) == "yes"
    # The check that got no answer was an attempt of its own.
    assert (len(guard.asked), len(server.asked)) == (4, 4)
    assert len(set(guard.asked)) == 4


def test_a_check_that_fails_for_good_ends_the_question(clock: SimulatedClock) -> None:
    server = Server(clock, 3, away)

    def refuse() -> None:
        raise ReleaseFailed("not ours", where="erp-dev")

    patience = Patience(clock)
    with patience.guarded(refuse), pytest.raises(ReleaseFailed, match="not ours"):
        patience.ask(server.answer)
    assert len(server.asked) == 1


@pytest.mark.parametrize(("wanted", "first"), [(12, 12), (0, 1), (3600, PATIENCE_S)])
def test_a_server_that_says_when_is_left_alone_until_then_but_not_for_ever(
    clock: SimulatedClock, wanted: float, first: float
) -> None:
    server = Server(clock, 1, lambda: away(wanted))
    assert Patience(clock).ask(server.answer) == "yes"
    assert first <= server.waits[0] <= first + 1


def test_a_wait_in_the_callers_rhythm_is_said_once_for_each_reason(clock: SimulatedClock) -> None:
    said: list[str] = []
    patience = Patience(clock, said.append)
    with patience.until(Deadline(clock, 100), 3.0):
        patience.ask(Server(clock, 5, away).answer)
    assert said == ["the cluster cannot be reached, erp-dev: connection refused; asked again in 3 s"]


def test_every_wait_that_gets_longer_is_said(clock: SimulatedClock) -> None:
    said: list[str] = []
    Patience(clock, said.append).ask(Server(clock, 3, away).answer)
    assert len(said) == 3
    assert all("connection refused; asked again in" in line for line in said)


def test_a_patient_client_is_the_client_with_every_method_asked_again(clock: SimulatedClock) -> None:
    client = patient(Server(clock, 2, away), Patience(clock))
    assert client.name == "server"
    assert client.answer(text="so") == "so"


def test_what_one_release_has_waited_for_leaves_another_its_own_patience(clock: SimulatedClock) -> None:
    patience = Patience(clock)

    def waited(*, moved: bool) -> float:
        began = clock.monotonic()
        with patience.anew():
            if moved:
                patience.extend()
            with pytest.raises(OutOfReach, match="cannot be reached"):
                patience.ask(Server(clock, NEVER, away).answer)
        return clock.monotonic() - began

    for _ in range(2):
        assert PATIENCE_AFTER_MOVE_S <= waited(moved=True) <= PATIENCE_AFTER_MOVE_S + 1
        assert PATIENCE_S <= waited(moved=False) <= PATIENCE_S + 1

"""Time as a tool."""

from erp_build.clients.clock import Deadline, SimulatedClock, SystemClock


def test_a_simulated_time_passes_only_by_sleeping() -> None:
    clock = SimulatedClock()
    assert clock.monotonic() == clock.monotonic() == 0
    clock.sleep(600)
    assert clock.monotonic() == 600


def test_the_real_time_does_not_go_back() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before


def test_a_deadline_is_shared_and_never_negative() -> None:
    clock = SimulatedClock()
    deadline = Deadline(clock, 10)
    clock.sleep(4)
    assert (deadline.left, deadline.is_over) == (6, False)
    clock.sleep(60)
    assert (deadline.left, deadline.is_over) == (0, True)


def test_a_pause_does_not_go_beyond_the_deadline() -> None:
    clock = SimulatedClock()
    deadline = Deadline(clock, 10)
    deadline.pause(8)
    deadline.pause(8)
    assert clock.monotonic() == 10
    assert deadline.is_over

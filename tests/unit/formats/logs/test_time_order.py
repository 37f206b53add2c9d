"""Events of several logs come in one order, however they arrive."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.logs.time_order import TimeOrder
from erp_build.model.releases.logs import LogEvent, LogSource

SOURCES = [LogSource("approval", f"approval-{number}", "app") for number in range(3)]
MOST = 7

Step = tuple[int, int]
"""The number of a source and the time of its next event; a source of -1: what is not younger is taken."""

STEPS = st.lists(st.tuples(st.integers(-1, len(SOURCES) - 1), st.integers(0, 50)), max_size=60)


def event(source: int, at: int, text: str = "") -> LogEvent:
    return LogEvent(SOURCES[source], at, (text,))


def play(steps: list[Step]) -> list[LogEvent]:
    order, found = TimeOrder(MOST), list[LogEvent]()
    for number, (source, at) in enumerate(steps):
        found += order.take(at) if source < 0 else order.add(event(source, at, str(number)))
    return [*found, *order.take()]


@given(STEPS)
def test_nothing_is_lost_and_nothing_comes_twice(steps: list[Step]) -> None:
    added = sorted(str(number) for number, (source, _) in enumerate(steps) if source >= 0)
    assert sorted(one.lines[0] for one in play(steps)) == added


@given(STEPS)
def test_each_source_keeps_its_order(steps: list[Step]) -> None:
    numbers = defaultdict(list)
    for one in play(steps):
        numbers[one.source].append(int(one.lines[0]))
    assert all(found == sorted(found) for found in numbers.values())


@given(STEPS)
def test_what_is_not_late_is_in_order_of_time(steps: list[Step]) -> None:
    newest: dict[LogSource, int] = {}
    places = []
    for one in play(steps):
        # A clock that was set back does not move what a source printed later.
        newest[one.source] = max(newest.get(one.source, 0), one.at)
        if not one.is_late:
            places.append(newest[one.source])
    assert places == sorted(places)


@given(st.permutations([(number % 3, number) for number in range(MOST)]))
def test_what_arrives_in_any_order_comes_in_that_of_time(steps: list[Step]) -> None:
    by_source = [sorted(step for step in steps if step[0] == source) for source in range(3)]
    found = play([step for steps_of_one in by_source for step in steps_of_one])
    assert [one.at for one in found] == list(range(MOST))
    assert not any(one.is_late for one in found)


def test_an_event_that_is_older_than_what_was_given_is_late() -> None:
    order = TimeOrder()
    assert not [*order.add(event(0, 5)), *order.add(event(1, 9))]
    assert [one.at for one in order.take(6)] == [5]
    assert not [*order.add(event(2, 3))]
    assert [(one.at, one.is_late) for one in order.take()] == [(3, True), (9, False)]


def test_no_more_wait_than_there_is_room_for() -> None:
    order = TimeOrder(2)
    assert not [*order.add(event(0, 5)), *order.add(event(1, 9))]
    assert [one.at for one in order.add(event(2, 7))] == [5]

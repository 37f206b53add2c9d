"""The log of a container: each line once, and what the container before it printed at its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.deployment.logs.container_log import LEFT_OUT, ContainerLog
from erp_build.errors import ReleaseFailed
from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.model.releases.logs import LogSource
from erp_build.model.releases.release import Release
from tests.fakes.logs import PAGE, PrintedLogs

AT = 1795974241 * NANOSECONDS
SOURCE = LogSource("approval", "approval-1", "app")


class Cluster:
    """A cluster that has logs alone."""

    def __init__(self) -> None:
        self.printed = PrintedLogs()

    def log_since(self, release: Release, pod: str, container: str, since: int, *, previous: bool = False) -> object:
        assert release.namespace == "erp-dev"
        return self.printed.log_since(pod, container, since, previous=previous)


class Container:
    """A container that prints, and the log that is read of it."""

    def __init__(self, since: int = AT) -> None:
        cluster = Cluster()
        self.printed = cluster.printed
        self.log = ContainerLog(cluster, Release("erp-dev", "erp-dev", "erp"), SOURCE, since)  # type: ignore[arg-type]

    def prints(self, at: int, *texts: str) -> None:
        self.printed.add("approval-1", "app", at, *texts)

    def restarts(self) -> None:
        self.printed.restart("approval-1", "app")

    def read(self) -> list[str]:
        """Everything that is there to read."""
        found = [printed.line.text for printed in self.log.read()]
        while self.log.is_cut:
            found += [printed.line.text for printed in self.log.read()]
        return found


def test_each_reading_has_what_came_since_the_last() -> None:
    container = Container()
    container.prints(AT + 1, "first")
    assert container.read() == ["first"]
    assert container.read() == []
    container.prints(AT + 2, "second")
    container.prints(AT + 9 * NANOSECONDS, "third")
    assert container.read() == ["second", "third"]


def test_the_same_line_twice_in_a_moment_counts_twice() -> None:
    container = Container()
    container.prints(AT, "again", "again")
    assert container.read() == ["again", "again"]
    container.prints(AT, "again")
    assert container.read() == ["again"]


def test_what_was_printed_before_the_moment_is_left_out_within_its_second_too() -> None:
    container = Container(AT + 500)
    container.prints(AT + 499, "before")
    container.prints(AT + 500, "then")
    assert container.read() == ["then"]


@given(st.lists(st.tuples(st.integers(0, 3 * NANOSECONDS), st.booleans()), max_size=30))
def test_no_line_is_lost_and_none_comes_twice(steps: list[tuple[int, bool]]) -> None:
    container, at, printed, found = Container(), AT, list[str](), list[str]()
    # More lines of one second than a part has cannot be told.
    for number, (step, is_read) in enumerate(steps):
        at += NANOSECONDS + step
        container.prints(at, str(number))
        printed.append(str(number))
        found += container.read() if is_read else []
    assert [*found, *container.read()] == printed


def test_a_container_that_was_started_again_has_its_end_before_its_new_begin() -> None:
    container = Container()
    container.prints(AT, "starting", "no database")
    container.restarts()
    container.prints(AT + NANOSECONDS, "starting again")
    container.log.saw(1)
    assert container.read() == ["starting", "no database", "starting again"]
    assert container.read() == []


def test_the_last_words_are_found_although_the_next_container_was_read_first() -> None:
    container = Container()
    container.prints(AT, "starting")
    container.log.saw(0)
    assert container.read() == ["starting"]
    container.prints(AT + NANOSECONDS, "no database")
    container.restarts()
    container.prints(AT + 2 * NANOSECONDS, "starting again")
    # The pod was not looked at in between.
    assert container.read() == ["starting again"]
    container.log.saw(1)
    assert container.read() == ["no database"]


def test_another_pod_of_the_same_name_that_crashes_has_its_last_words_too() -> None:
    container = Container()
    container.log.saw(3)
    container.prints(AT, "of the first pod")
    assert container.read() == ["of the first pod"]
    container.log.saw(0)
    container.prints(AT + NANOSECONDS, "of the second pod", "no database")
    container.restarts()
    container.log.saw(1)
    assert container.read() == ["of the second pod", "no database"]


def test_the_end_of_the_container_before_is_not_lost_where_the_next_cannot_be_read_at_once() -> None:
    container = Container()
    container.prints(AT, "starting", "no database")
    container.restarts()
    container.prints(AT + NANOSECONDS, "starting again")
    container.log.saw(1)
    container.printed.meanwhile = lambda: setattr(container.printed, "denied", True)
    with pytest.raises(ReleaseFailed, match="403"):
        container.read()
    container.printed.denied = False
    assert container.read() == ["starting", "no database", "starting again"]


def test_a_long_log_is_not_kept_while_it_is_read() -> None:
    container = Container()
    for second in range(100):
        container.prints(AT + second * NANOSECONDS, str(second))
    assert container.read() == [str(second) for second in range(100)]
    assert len(container.log._read) <= 2 * PAGE


def test_lines_that_are_too_many_for_a_second_are_left_out_and_said() -> None:
    container = Container()
    container.prints(AT, *(str(number) for number in range(PAGE * 2)))
    container.prints(AT + 5 * NANOSECONDS, "later")
    assert container.read() == [*(str(number) for number in range(PAGE)), LEFT_OUT, "later"]


def test_a_log_that_may_not_be_read_is_an_error() -> None:
    container = Container()
    container.printed.denied = True
    with pytest.raises(ReleaseFailed, match="403"):
        container.read()

"""The records of a log group: each once, also those that come in late; whose they are."""

from hypothesis import given
from hypothesis import strategies as st

from erp_build.deployment.logs.group_log import OVERLAP, GroupLog, SourceOf, of_function, of_pods, own_group
from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.model.releases.logs import LogSource
from tests.fakes.logs import FakeLogGroups

AT = 1795974241 * NANOSECONDS
FUNCTION = "erp-dev-employee-service"
GROUP = own_group(FUNCTION)
STREAM = "2026/11/29/[$LATEST]0123456789abcdef"


class Group:
    """A group that gets records, and the log that is read of it."""

    def __init__(self, group: str = GROUP, source_of: SourceOf | None = None) -> None:
        self._name = group
        self.groups = FakeLogGroups()
        self.groups.groups[group] = []
        self.log = GroupLog(self.groups, group, AT, source_of or of_function("employee-service", FUNCTION, group))

    def gets(self, at: int, *texts: str, stream: str = STREAM) -> None:
        self.groups.add(self._name, stream, at, *texts)

    def read(self) -> list[tuple[LogSource, str]]:
        """Everything that is there to read."""
        found = [(source, line.text) for source, line in self.log.read()]
        while self.log.is_cut:
            found += [(source, line.text) for source, line in self.log.read()]
        return found

    def texts(self) -> list[str]:
        return [text for _, text in self.read()]


def test_a_record_comes_once_and_a_late_one_too() -> None:
    group = Group()
    group.gets(AT + 9 * NANOSECONDS, "first")
    assert group.texts() == ["first"]
    group.gets(AT + 2 * NANOSECONDS, "late")
    assert group.texts() == ["late"]
    assert group.texts() == []


@given(st.lists(st.tuples(st.integers(-14, 5), st.booleans()), max_size=30))
def test_no_record_is_lost_and_none_comes_twice(steps: list[tuple[int, bool]]) -> None:
    group, newest, sent, found = Group(), 0, list[str](), list[str]()
    for number, (step, is_read) in enumerate(steps):
        # It may be older than the newest, but by no more than is read again.
        at, newest = max(newest + step, 0), max(newest, newest + step)
        group.gets(AT + at * NANOSECONDS, str(number))
        sent.append(str(number))
        found += group.texts() if is_read else []
    assert OVERLAP >= 14 * NANOSECONDS
    assert sorted([*found, *group.texts()]) == sorted(sent)


def test_pages_with_nothing_in_them_are_not_the_end() -> None:
    group = Group()
    group.gets(AT, "first")
    group.groups.empty_pages = 5
    assert group.texts() == ["first"]


def test_a_long_log_is_not_kept_while_it_is_read() -> None:
    group = Group()
    for second in range(200):
        group.gets(AT + second * NANOSECONDS, str(second))
    assert group.texts() == [str(second) for second in range(200)]
    assert len(group.log._known) <= OVERLAP // NANOSECONDS + 1
    assert group.log._read == {}
    assert group.texts() == []


def test_a_record_of_several_lines_is_read_line_by_line() -> None:
    group = Group()
    group.gets(AT, "ERROR no\n\tat App.java:3\r\n")
    assert group.texts() == ["ERROR no", "\tat App.java:3"]


def test_an_environment_that_starts_is_new() -> None:
    group = Group()
    group.gets(AT, "old", stream="old")
    group.gets(AT, "INIT_START Runtime Version: java:21", "START RequestId: 1")
    assert [(source.unit, source.is_new) for source, _ in group.read()] == [
        ("old", False),
        (STREAM, True),
        (STREAM, True),
    ]


def test_of_a_group_that_is_shared_only_the_functions_own_streams_count() -> None:
    group = Group("/erp/functions")
    group.gets(AT, "mine", stream=f"2026/11/29/{FUNCTION}[$LATEST]0a")
    group.gets(AT, "another's", stream="2026/11/29/erp-dev-other[$LATEST]0b")
    assert group.texts() == ["mine"]


def test_records_of_pods_belong_to_their_targets_and_those_of_other_namespaces_to_nobody() -> None:
    targets = {"approval-1": "approval", "foreign-1": ""}
    group = Group("/aws/eks/erp-dev/application", of_pods("erp-dev", lambda pod: targets.get(pod, ""), {"approval-1"}))
    for pod, namespace in (("approval-1", "erp-dev"), ("approval-1", "erp-prod"), ("foreign-1", "erp-dev")):
        group.gets(AT, f"of {pod}", stream=f"pod-kube.var.log.containers.{pod}_{namespace}_app-{'0' * 64}.log")
    assert group.read() == [(LogSource("approval", "approval-1", "app", is_new=True), "of approval-1")]

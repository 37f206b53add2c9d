"""What was printed at once stays together."""

from hypothesis import given
from hypothesis import strategies as st

from erp_build.clients.secrets import Secrets
from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.formats.logs.stitched import MAX_LINES_OF_EVENT, stitched
from erp_build.model.releases.logs import LogLine, LogSource

SOURCE = LogSource("approval", "approval-1", "app")
KEY = ["-----BEGIN RSA PRIVATE KEY-----", *(f"MIIEpAIBAAKCAQEA{number:04d}" for number in range(40)),
       "-----END RSA PRIVATE KEY-----"]  # fmt: skip


def events(*texts: str, gap: int = 1000) -> list[tuple[str, ...]]:
    lines = [LogLine(1 + number * gap, text) for number, text in enumerate(texts)]
    return [event.lines for event in stitched(SOURCE, lines)]


def test_a_stack_trace_with_its_causes_belongs_to_its_message() -> None:
    trace = (
        "17:44:01 ERROR c.e.App : 저장 실패",
        "",
        "org.springframework.dao.DataAccessException: no",
        "\tat com.example.App.save(App.java:3)",
        "\t... 12 common frames omitted",
        "Caused by: java.sql.SQLException: no",
        "\tat com.example.Db.open(Db.java:7)",
    )
    assert events("17:44:00 INFO before", *trace, "17:44:02 INFO behind") == [
        ("17:44:00 INFO before",),
        trace,
        ("17:44:02 INFO behind",),
    ]


def test_a_trace_of_python_ends_with_its_exception() -> None:
    trace = ("Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: no")
    assert events("started", *trace) == [("started", *trace)]


def test_lines_that_came_seconds_apart_are_no_event() -> None:
    assert events("first", "\tindented", gap=2 * NANOSECONDS) == [("first",), ("\tindented",)]


def test_a_private_key_stays_together_and_is_masked_as_a_whole() -> None:
    found = events("17:44:00 INFO before", "17:44:01 INFO the key is", *KEY, "17:44:02 INFO behind")
    assert found[2] == tuple(KEY)
    assert "MIIE" not in Secrets().mask("\n".join(found[2]))
    assert found[3] == ("17:44:02 INFO behind",)


def test_a_block_without_an_end_does_not_take_the_whole_log() -> None:
    found = events(KEY[0], *(f"line {number}" for number in range(MAX_LINES_OF_EVENT * 2)))
    assert max(map(len, found)) == MAX_LINES_OF_EVENT


@given(st.lists(st.tuples(st.integers(0, 3 * NANOSECONDS), st.text(max_size=40))))
def test_no_line_is_lost_or_moved(steps: list[tuple[int, str]]) -> None:
    at, lines = 0, []
    for step, text in steps:
        at += step
        lines.append(LogLine(at, text))
    found = list(stitched(SOURCE, lines))
    assert [text for event in found for text in event.lines] == [line.text for line in lines]
    assert all(event.source is SOURCE for event in found)
    assert [event.at for event in found] == sorted(event.at for event in found)

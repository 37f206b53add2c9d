"""What log groups promise: the real client over moto, and the fake of the stage tests; refusals are scripted."""

from collections.abc import Callable, Iterator

import pytest

from erp_build.clients.aws.log_groups import LogGroups
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience, patient
from erp_build.clients.watching.protocols import LogGroups as Reader
from erp_build.errors import ConfigurationError, NoLogGroup
from erp_build.formats.logs.moments import NANOSECONDS_OF_MILLISECOND
from erp_build.model.releases.logs import LogRecord
from tests.contract.aws.conftest import client, stubbed
from tests.fakes.logs import FakeLogGroups

GROUP = "/aws/lambda/erp-dev-employee-service"
STREAMS = ("2026/11/29/[$LATEST]0a", "2026/11/29/[7]0b")
NOW = 1795974241000

Filled = Callable[[dict[str, list[tuple[int, str]]]], Reader]


def over_moto(streams: dict[str, list[tuple[int, str]]]) -> Reader:
    made = client("logs")
    made.create_log_group(logGroupName=GROUP)
    for stream, events in streams.items():
        made.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        made.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[{"timestamp": at, "message": text} for at, text in events],
        )
    return LogGroups(made)


def in_memory(streams: dict[str, list[tuple[int, str]]]) -> Reader:
    groups = FakeLogGroups()
    groups.groups[GROUP] = []
    for stream, events in streams.items():
        for at, text in events:
            groups.add(GROUP, stream, at * NANOSECONDS_OF_MILLISECOND, text)
    return groups


@pytest.fixture(params=[over_moto, in_memory])
def filled(request: pytest.FixtureRequest, account: None) -> Filled:  # noqa: ARG001 - one of the two needs it
    """Each of the two."""
    found: Filled = request.param
    return found


def everything(reader: Reader, since: int) -> Iterator[LogRecord]:
    token = ""
    while True:
        page = reader.records(GROUP, since * NANOSECONDS_OF_MILLISECOND, token)
        yield from page.records
        if not (token := page.token):
            return


def test_the_records_of_every_stream_come_from_a_moment_on(filled: Filled) -> None:
    reader = filled(
        {STREAMS[0]: [(NOW - 1, "before"), (NOW, "first")], STREAMS[1]: [(NOW + number, "둘") for number in range(9)]}
    )
    found = list(everything(reader, NOW))
    assert sorted((one.stream, one.at // NANOSECONDS_OF_MILLISECOND, one.text) for one in found) == [
        (STREAMS[0], NOW, "first"),
        *((STREAMS[1], NOW + number, "둘") for number in range(9)),
    ]
    assert len({one.identifier for one in found}) == len(found)


def test_a_group_without_records_since_then_has_none(filled: Filled) -> None:
    assert list(everything(filled({STREAMS[0]: [(NOW - 1, "before")]}), NOW)) == []


@pytest.mark.parametrize("reader", [lambda: LogGroups(client("logs")), FakeLogGroups], ids=["moto", "memory"])
@pytest.mark.usefixtures("account")
def test_a_group_that_is_not_there_is_told(reader: Callable[[], Reader]) -> None:
    with pytest.raises(NoLogGroup, match="there is no such log group") as caught:
        reader().records(GROUP, 0)
    assert caught.value.where == GROUP
    assert not caught.value.passes


def test_a_role_that_may_not_read_them_is_told_the_action() -> None:
    made, stub = stubbed("logs")
    stub.add_client_error("filter_log_events", "AccessDeniedException")
    with pytest.raises(ConfigurationError, match="logs:FilterLogEvents is not allowed"):
        LogGroups(made).records(GROUP, 0)


def test_a_page_is_asked_for_again_where_there_were_too_many_calls() -> None:
    made, stub = stubbed("logs")
    stub.add_client_error("filter_log_events", "ThrottlingException", http_status_code=400)
    event = {"eventId": "1", "logStreamName": STREAMS[0], "timestamp": NOW, "message": "hello"}
    asked = {"logGroupName": GROUP, "startTime": NOW, "nextToken": "page 2"}
    stub.add_response("filter_log_events", {"events": [event], "nextToken": "page 3"}, asked)
    clock = SimulatedClock()
    page = patient(LogGroups(made), Patience(clock)).records(GROUP, NOW * NANOSECONDS_OF_MILLISECOND, "page 2")
    assert (page.records[0].text, page.token) == ("hello", "page 3")
    assert clock.monotonic() > 0

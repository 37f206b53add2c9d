"""What the log of a container promises: the real client over an API on loopback, and the fake of the stage tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest

from erp_build.clients.kubernetes import pod_log
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import Refused
from erp_build.errors import ReleaseFailed
from erp_build.formats.logs.moments import NANOSECONDS, read_moment, shown_moment
from erp_build.model.releases.logs import LogLine, LogPart
from tests.contract.cluster.conftest import RELEASE, Way, cluster_by
from tests.fakes.logs import PrintedLogs
from tests.support.loopback import Asked, Loopback, serving

AT = 1795974241 * NANOSECONDS
LOG = "/api/v1/namespaces/erp-dev/pods/a-1/log"


class Printing(Protocol):
    """Containers that print, and what is read of them."""

    denied: bool

    def add(self, pod: str, container: str, at: int, *texts: str) -> None:
        """Lines are printed."""

    def restart(self, pod: str, container: str) -> None:
        """A container is started again."""

    def log_since(self, pod: str, container: str, since: int, *, previous: bool) -> LogPart:
        """What is read."""


class Kubelet(Loopback):
    """Serves the logs of containers as the API server does."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.logs: dict[tuple[str, str, bool], list[str]] = {}
        self.denied = False

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """The lines from a second on, with their times."""
        self.asked.append(asked)
        address = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if self.denied:
            return 403, {"kind": "Status", "message": "cannot get resource pods/log"}
        assert query["timestamps"] == "true"
        key = (address.path.split("/")[-2], query["container"], query["previous"] == "true")
        if key not in self.logs:
            return 400, {"kind": "Status", "message": "previous terminated container not found"}
        begin = read_moment(query["sinceTime"])
        assert begin
        lines = [line for line in self.logs[key] if (read_moment(line) or (0, 0))[0] >= begin[0]]
        return 200, "".join(f"{line}\n" for line in lines).encode()[: int(query["limitBytes"])]


class Real:
    """The real client, with what its API prints."""

    def __init__(self, server: Kubelet, cluster: EksCluster) -> None:
        self._server, self._cluster = server, cluster

    @property
    def denied(self) -> bool:
        return self._server.denied

    @denied.setter
    def denied(self, value: bool) -> None:
        self._server.denied = value

    def add(self, pod: str, container: str, at: int, *texts: str) -> None:
        moment = f"{shown_moment(at)[:19]}.{at % NANOSECONDS:09d}Z"
        self._server.logs.setdefault((pod, container, False), []).extend(f"{moment} {text}" for text in texts)

    def restart(self, pod: str, container: str) -> None:
        self._server.logs[pod, container, True] = self._server.logs.pop((pod, container, False), [])

    def log_since(self, pod: str, container: str, since: int, *, previous: bool) -> LogPart:
        return self._cluster.log_since(RELEASE, pod, container, since, previous=previous)


@contextmanager
def real() -> Iterator[Printing]:
    with serving(Kubelet) as server, cluster_by(Way(server.address)) as cluster:
        yield Real(server, cluster)


@contextmanager
def fake() -> Iterator[Printing]:
    yield PrintedLogs()


@pytest.fixture(params=[real, fake])
def printing(request: pytest.FixtureRequest) -> Iterator[Printing]:
    """Each of the two."""
    made: Callable[[], Any] = request.param
    with made() as found:
        yield found


def test_lines_come_with_their_times_from_the_second_on(printing: Printing) -> None:
    printing.add("a-1", "app", AT - NANOSECONDS, "before")
    printing.add("a-1", "app", AT + 7, "first")
    printing.add("a-1", "app", AT + 900_000_009, "둘째")
    found = printing.log_since("a-1", "app", AT + 500, previous=False)
    assert found == LogPart((LogLine(AT + 7, "first"), LogLine(AT + 900_000_009, "둘째")))


def test_the_container_that_ended_has_a_log_of_its_own(printing: Printing) -> None:
    printing.add("a-1", "app", AT, "dying")
    printing.restart("a-1", "app")
    printing.add("a-1", "app", AT + NANOSECONDS, "living")
    assert printing.log_since("a-1", "app", AT, previous=True).lines == (LogLine(AT, "dying"),)
    assert printing.log_since("a-1", "app", AT, previous=False).lines == (LogLine(AT + NANOSECONDS, "living"),)


def test_a_container_without_a_log_has_none(printing: Printing) -> None:
    assert printing.log_since("a-1", "app", AT, previous=False) == LogPart(())
    assert printing.log_since("a-1", "app", AT, previous=True) == LogPart(())


def test_a_log_that_may_not_be_read_is_told(printing: Printing) -> None:
    printing.denied = True
    with pytest.raises(ReleaseFailed, match="403 Forbidden") as caught:
        printing.log_since("a-1", "app", AT, previous=False)
    assert "pods/log" in caught.value.why


def test_a_long_log_comes_in_parts_whose_last_line_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_log, "MAX_PART_BYTES", 100)
    with real() as printing:
        printing.add("a-1", "app", AT, *("x" * 30 for _ in range(4)))
        found = printing.log_since("a-1", "app", AT, previous=False)
        assert found.is_cut
        assert [line.text for line in found.lines] == ["x" * 30]


def test_a_line_that_is_longer_than_a_part_is_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_log, "MAX_PART_BYTES", 100)
    with real() as printing:
        printing.add("a-1", "app", AT, "x" * 300)
        (line,) = printing.log_since("a-1", "app", AT, previous=False).lines
        assert line == LogLine(AT, "x" * 69)


def test_what_is_no_utf_8_colours_and_a_line_without_a_time_are_read(cluster: EksCluster, server: Loopback) -> None:
    moment = b"2026-11-29T17:44:01.5Z "
    server.serve(LOG, moment + b"\x1b[31mred\x1b[0m \xff\r\nunable to retrieve container logs\n")
    at = AT + NANOSECONDS // 2
    assert cluster.log_since(RELEASE, "a-1", "app", AT).lines == (
        LogLine(at, "red \N{REPLACEMENT CHARACTER}"),
        LogLine(at, "unable to retrieve container logs"),
    )


def test_a_refusal_says_that_it_is_one(cluster: EksCluster, server: Loopback) -> None:
    server.serve(LOG, {"kind": "Status", "message": "pods/log is forbidden"}, 403)
    with pytest.raises(Refused, match="403"):
        cluster.log_since(RELEASE, "a-1", "app", AT)

"""Logs in memory: what containers have printed, and the log groups of CloudWatch."""

from itertools import count
from typing import TYPE_CHECKING

from erp_build.errors import ConfigurationError, NoLogGroup, ReleaseFailed
from erp_build.formats.logs.moments import NANOSECONDS, NANOSECONDS_OF_MILLISECOND
from erp_build.model.releases.logs import LogLine, LogPart, LogRecord, RecordPage
from erp_build.model.releases.release import Release

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 3
"""Records of a page, and lines of a part: few, so that tests have several."""


class PrintedLogs:
    """What the containers of a cluster print.

    Attributes:
        denied: whether logs may not be read.
        asked: pods whose logs were asked for.
        meanwhile: what happens once a log was read, which a look at several logs does not see.
    """

    def __init__(self) -> None:
        self._now: dict[tuple[str, str], list[LogLine]] = {}
        self._before: dict[tuple[str, str], list[LogLine]] = {}
        self.denied = False
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def add(self, pod: str, container: str, at: int, *texts: str) -> None:
        """A container prints lines at once."""
        self._now.setdefault((pod, container), []).extend(LogLine(at, text) for text in texts)

    def restart(self, pod: str, container: str) -> None:
        """A container ends and is started again: the log before that one is gone."""
        self._before[pod, container] = self._now.pop((pod, container), [])

    def log_since(self, pod: str, container: str, since: int, *, previous: bool) -> LogPart:
        """As the API answers: from the second of a moment on, and no more than fits into a part."""
        self.asked.append(pod)
        if self.denied:
            raise ReleaseFailed("the cluster answered 403 Forbidden", where="erp-dev", why="cannot get pods/log")
        lines = (self._before if previous else self._now).get((pod, container), [])
        found = [line for line in lines if line.at >= since // NANOSECONDS * NANOSECONDS]
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return LogPart(tuple(found[:PAGE]), is_cut=len(found) > PAGE)


class ClusterLogs:
    """The part of a cluster that has logs.

    Attributes:
        logs: pod -> the last lines of its log.
        printed: what containers have printed, with the times.
        created: pod -> when it was made.
        failures: call (`events`, `log`) -> the error that it ends with.
    """

    def __init__(self) -> None:
        self.logs: dict[str, tuple[str, ...]] = {}
        self.printed = PrintedLogs()
        self.created: dict[str, str] = {}
        self.failures: dict[str, BaseException] = {}

    def log(self, release: Release, pod: str, container: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        if error := self.failures.get("log"):
            raise error
        return self.logs.get(pod, ())

    def log_since(self, release: Release, pod: str, container: str, since: int, *, previous: bool = False) -> LogPart:
        assert release.cluster == "erp-dev"
        self.must_answer()
        return self.printed.log_since(pod, container, since, previous=previous)

    def must_answer(self) -> None:
        """Raise where the cluster is away."""


class FakeLogGroups:
    """Groups of CloudWatch Logs.

    Attributes:
        groups: name -> its records.
        denied: whether they may not be read.
        throttled: how many questions are refused for now.
        empty_pages: how many pages with nothing in them come first, as while CloudWatch searches.
        asked: the groups that were asked for, with the token.
    """

    def __init__(self) -> None:
        self.groups: dict[str, list[LogRecord]] = {}
        self.denied = False
        self.throttled = 0
        self.empty_pages = 0
        self.asked: list[tuple[str, str]] = []
        self._numbers = count(1)

    def add(self, group: str, stream: str, at: int, *texts: str) -> None:
        """Records come in, which need not be newer than those that are there."""
        made = [LogRecord(f"{next(self._numbers):056d}", stream, at, text) for text in texts]
        self.groups.setdefault(group, []).extend(made)

    def records(self, group: str, since: int, token: str = "") -> RecordPage:
        self.asked.append((group, token))
        if self.denied:
            raise ConfigurationError("logs:FilterLogEvents is not allowed", where=group)
        if group not in self.groups:
            raise NoLogGroup("there is no such log group", where=group)
        if self.throttled:
            self.throttled -= 1
            raise ConfigurationError("logs:FilterLogEvents: too many requests", where=group).passing()
        if self.empty_pages:
            self.empty_pages -= 1
            return RecordPage((), token or "0")
        begin = since // NANOSECONDS_OF_MILLISECOND * NANOSECONDS_OF_MILLISECOND
        found = sorted((one for one in self.groups[group] if one.at >= begin), key=lambda one: one.at)
        first = int(token or 0)
        rest = len(found) > first + PAGE
        return RecordPage(tuple(found[first : first + PAGE]), str(first + PAGE) if rest else "")

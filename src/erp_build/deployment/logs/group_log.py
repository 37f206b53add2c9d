"""The log of a function, or of pods whose lines Fluent Bit sends to CloudWatch: the records of a log group."""

from collections.abc import Callable, Collection

from erp_build.clients.watching.protocols import LogGroups
from erp_build.deployment.logs.log import Printed
from erp_build.formats.logs.fluent_bit import Record, read_record
from erp_build.formats.logs.moments import NANOSECONDS
from erp_build.formats.logs.printed import plain
from erp_build.model.releases.logs import LogLine, LogRecord, LogSource

OVERLAP = 15 * NANOSECONDS
"""Nanoseconds before the newest record that are read again: records of other streams come in later."""

EVERY_S = 5.0
"""Seconds between two readings of a group."""

COLD_START = "INIT_START "
"""The first line of a new execution environment of a function."""

SourceOf = Callable[[LogRecord], tuple[LogSource, str] | None]
"""Who printed a record, and what; None: nobody who is looked at."""


class GroupLog:
    """Reads a log group, each record once.

    Args:
        groups: of CloudWatch.
        group: its name.
        since: nanoseconds since 1970.
        source_of: whose record it is.
    """

    def __init__(self, groups: LogGroups, group: str, since: int, source_of: SourceOf) -> None:
        self.where = group
        self.every = EVERY_S
        self.at = since
        self.is_cut = False
        self._groups, self._since, self._source_of = groups, since, source_of
        self._begin, self._token = since, ""
        # The times of records that come again: of readings before this one, and of the pages of this one.
        self._known: dict[str, int] = {}
        self._read: dict[str, int] = {}

    def read(self) -> list[Printed]:
        """The records of the next page, which were not read before."""
        page = self._groups.records(self.where, self._begin, self._token)
        fresh = sorted((one for one in page.records if one.identifier not in self._known), key=lambda one: one.at)
        self._read |= {one.identifier: one.at for one in fresh}
        self.at = max(self.at, *(one.at for one in fresh), self._since)
        self._token, self.is_cut = page.token, bool(page.token)
        # No record comes on two pages, so only what the next reading gives again is kept: a log is larger than memory.
        begin = max(self._since, self.at - OVERLAP)
        self._read = {name: at for name, at in self._read.items() if at >= begin}
        if not page.token:
            self._begin = begin
            self._known = {name: at for name, at in self._known.items() if at >= begin} | self._read
            self._read = {}
        return [printed for one in fresh if one.at >= self._since for printed in self._lines(one)]

    def _lines(self, record: LogRecord) -> list[Printed]:
        if (found := self._source_of(record)) is None:
            return []
        source, text = found
        lines = text.rstrip("\r\n").split("\n")
        return [Printed(source, LogLine(record.at, plain(line))) for line in lines]


def of_function(target: str, function: str, group: str) -> SourceOf:
    """Whose records those of a function's group are: each stream is an execution environment.

    Args:
        target: the function's name in erp-build.toml.
        function: its name in Lambda.
        group: other functions may log to the same, if it is not the function's own.
    """
    is_shared = group != own_group(function)
    new: set[str] = set()

    def source_of(record: LogRecord) -> tuple[LogSource, str] | None:
        if is_shared and f"/{function}[" not in record.stream:
            return None
        if record.text.startswith(COLD_START):
            new.add(record.stream)
        return LogSource(target, record.stream, is_new=record.stream in new), record.text

    return source_of


def of_pods(namespace: str, target_of: Callable[[str], str], new: Collection[str]) -> SourceOf:
    """Whose records those of a group of Fluent Bit are.

    Args:
        namespace: of the release; what names another one is left out.
        target_of: the target that a pod belongs to; empty: none that is looked at.
        new: the names of pods that began within the time that is looked at.
    """

    def source_of(record: LogRecord) -> tuple[LogSource, str] | None:
        found: Record = read_record(record.stream, record.text)
        target = target_of(found.pod)
        if not target or found.namespace not in ("", namespace):
            return None
        return LogSource(target, found.pod, found.container, found.pod in new), found.text

    return source_of


def own_group(function: str) -> str:
    """The log group that a function has if it names no other."""
    return f"/aws/lambda/{function}"

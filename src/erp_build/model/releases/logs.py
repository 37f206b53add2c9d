"""What runs prints: lines with their time, and the events that several lines make together."""

from typing import NamedTuple


class LogSource(NamedTuple):
    """Who printed a line.

    Attributes:
        target: the name of the service or function, or of another object of the release.
        unit: the pod, or of a function its log stream.
        container: of the pod; empty for a function.
        is_new: whether the unit began within the time that is looked at.
    """

    target: str
    unit: str
    container: str = ""
    is_new: bool = False


class LogLine(NamedTuple):
    """A line without its end; `at` is its time in nanoseconds since 1970, UTC."""

    at: int
    text: str


class LogEvent(NamedTuple):
    """What was printed at once: a line, and those that belong to it, such as the frames of a stack trace.

    Attributes:
        source: who printed it.
        at: the time of its first line, nanoseconds.
        lines: in their order, at least one.
        is_late: whether something newer was shown before it came.
    """

    source: LogSource
    at: int
    lines: tuple[str, ...]
    is_late: bool = False


class LogPart(NamedTuple):
    """What was read of one log.

    Attributes:
        lines: oldest first.
        is_cut: whether there are further lines in the time that was asked for.
    """

    lines: tuple[LogLine, ...]
    is_cut: bool = False


class LogRecord(NamedTuple):
    """A record of a log stream: what was sent to CloudWatch at once, which may be several lines.

    Attributes:
        identifier: its own within the group.
        stream: the name of the stream.
        at: its time, nanoseconds since 1970.
        text: as it was sent.
    """

    identifier: str
    stream: str
    at: int
    text: str


class RecordPage(NamedTuple):
    """Records of a log group, and the token of the next page; empty: there is none."""

    records: tuple[LogRecord, ...]
    token: str = ""

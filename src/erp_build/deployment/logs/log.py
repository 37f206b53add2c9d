"""A log that is read on and on: each reading gives what has come since the one before."""

from typing import NamedTuple, Protocol

from erp_build.model.releases.logs import LogLine, LogSource


class Printed(NamedTuple):
    """A line, and who printed it."""

    source: LogSource
    line: LogLine


class Log(Protocol):
    """One log.

    Attributes:
        where: the pod and container, or the log group, for the reader.
        every: seconds between two readings.
        at: up to which time it was read, nanoseconds.
        is_cut: whether the last reading did not come to the end.
    """

    where: str
    every: float
    at: int
    is_cut: bool

    def read(self) -> list[Printed]:
        """What has come since the last reading, oldest first; raises one of our errors where it cannot be read."""

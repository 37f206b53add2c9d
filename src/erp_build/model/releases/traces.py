"""Traces of X-Ray: what single requests took and how they ended, and what of a target changed by a deployment."""

from dataclasses import dataclass
from typing import NamedTuple


class Trace(NamedTuple):
    """A request that went through a target.

    Attributes:
        identifier: its own.
        seconds: until its answer.
        is_fault: whether it failed on the side of the services (5xx, an exception, throttling).
        is_error: whether the client was told of a mistake of its own (4xx).
    """

    identifier: str
    seconds: float
    is_fault: bool = False
    is_error: bool = False


class TracePage(NamedTuple):
    """Traces, and the token of the next page; empty: there is none."""

    traces: tuple[Trace, ...]
    token: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceFigures:
    """What the traces of a target say of a time.

    Attributes:
        traces: how many there are. X-Ray samples requests, so there were more of these.
        faults, errors: how many of them failed on our side, and by a mistake of the client.
        median, slow: seconds until the answer, of half of the traces and of 95 in a hundred; None: there are no traces.
        is_cut: whether there are more traces than were read.
    """

    traces: int
    faults: int = 0
    errors: int = 0
    median: float | None = None
    slow: float | None = None
    is_cut: bool = False

    @property
    def fault_share(self) -> float:
        """The share of the traces that failed on our side, 0 to 1."""
        return self.faults / self.traces if self.traces else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceComparison:
    """A target before and after a deployment, each for so many seconds."""

    target: str
    seconds: float
    before: TraceFigures
    after: TraceFigures

"""The parts of the report document that were collected of pods and functions."""

from typing import TypedDict


class EvidenceDocument(TypedDict):
    """Why a pod of a service did not get ready.

    Attributes:
        target: name of the service.
        pod: name of the pod; empty: there was none.
        states: of its containers, a line each.
        events: of the pod, a line each.
        log: last lines.
    """

    target: str
    pod: str
    states: list[str]
    events: list[str]
    log: list[str]


class FirstErrorDocument(TypedDict):
    """One of the first errors of what was deployed.

    Attributes:
        target: name of the service or function.
        unit: name of the pod, or of the function's log stream.
        container: of the pod; null: it is a function.
        at: when it was printed, ISO 8601, UTC.
        times: how often the same was printed in what was read.
        lines: what was printed, with the begin of its stack trace.
    """

    target: str
    unit: str
    container: str | None
    at: str
    times: int
    lines: list[str]

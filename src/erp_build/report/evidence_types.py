"""The parts of the report document that were collected of pods, functions and targets, and of their requests."""

from typing import Literal, TypedDict


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


class TraceFiguresDocument(TypedDict):
    """What the traces of a target say of a time. X-Ray samples requests, so there were more of these.

    Attributes:
        traces: how many there are.
        faults: how many of them failed on the side of the services (5xx).
        errors: how many of them failed by a mistake of the client (4xx).
        median: seconds until the answer, of half of the traces; null: there are no traces.
        slow: seconds until the answer, of 95 in a hundred of the traces; null: there are no traces.
        is_cut: whether there are more traces than were read.
    """

    traces: int
    faults: int
    errors: int
    median: float | None
    slow: float | None
    is_cut: bool


class TraceDocument(TypedDict):
    """The requests of a target before and after the deployment.

    Attributes:
        target: name of the service or function.
        seconds: how long each of the two times is.
        before: the time that ends with the begin of the deployment.
        after: the time that begins with its proof.
        is_worse: whether more requests fail, or the slow ones have become much slower.
    """

    target: str
    seconds: float
    before: TraceFiguresDocument
    after: TraceFiguresDocument
    is_worse: bool


class TargetHealthDocument(TypedDict):
    """A target of a load balancer.

    Attributes:
        name: address, or instance, and port.
        state: as Elastic Load Balancing calls it, such as healthy, unhealthy, initial or draining.
        why: code and words of the load balancer; empty while it is healthy.
    """

    name: str
    state: str
    why: str


class TargetGroupDocument(TypedDict):
    """The targets behind a Service of the release, read after the deployment.

    Attributes:
        name: of the target group.
        group: its ARN.
        service: name of the Service whose pods it has.
        targets: those that it has.
    """

    name: str
    group: str
    service: str
    targets: list[TargetHealthDocument]


class BakeDocument(TypedDict):
    """How what was deployed did behind its proof.

    Attributes:
        unit: name of the release, or of the function that is deployed by itself.
        wanted: for how long it was to be watched.
        seconds: for how long it was.
        state: how it ended; broken: both halves were taken back, unless they are to be kept; going on: something else
            ended the run meanwhile.
        red_before: what was red before the deployment, and did not count.
        broken: what ended it, a line each.
        unseen: what could not be looked at, a line each.
    """

    unit: str
    wanted: float
    seconds: float
    state: Literal["going on", "well", "broken"]
    red_before: list[str]
    broken: list[str]
    unseen: list[str]

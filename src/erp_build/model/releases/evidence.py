"""Evidence about pods that do not get ready, collected while they still exist, and first errors of those that do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """A Kubernetes event: the object that it is about, its reason and message, how often."""

    about: str
    reason: str
    message: str
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.reason}: {self.message}{times}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Why a pod of a service is not ready: states of its containers, events, and the last lines of its log."""

    target: str
    pod: str
    states: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstError:
    """One of the first errors that a new pod or an updated function has printed.

    Attributes:
        target: the service or function.
        unit, container: the pod and its container, or of a function its log stream and nothing.
        at: its time, ISO 8601, UTC.
        lines: what was printed, with the begin of its stack trace; secrets are masked.
        times: how often the same was printed in what was read.
    """

    target: str
    unit: str
    container: str
    at: str
    lines: tuple[str, ...]
    times: int = 1

"""Evidence about pods that do not get ready, collected while they still exist."""

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

"""Workers: builds of CodeBuild that make a part of a run's images, and hand them over by way of the registry."""

from dataclasses import dataclass, replace
from typing import Literal

WorkerState = Literal["running", "succeeded", "failed", "broken", "timed out", "stopped"]
"""How a build stands: `failed` is the command's own failure, `broken` that of the machine or of the source."""

WorkerEnd = Literal["done", "failed", "broken", "timed out", "stopped", "lost", "hung", "astray", "left"]
"""How a worker's part ended: `lost` where CodeBuild knows it no more, `hung` where it was stopped because its time was
over, `astray` where its source was another commit, `left` where the run ended before it."""

WorkerRest = Literal["", "another worker", "the run", "nobody"]
"""Who builds what a worker did not make; empty: it made all. Nobody does where the worker does not end, or the run
ended."""

AGAIN: tuple[WorkerEnd, ...] = ("broken", "timed out", "stopped", "lost", "hung")
"""Ends of which another worker may know nothing. A command that failed would fail there too, and a source that is
another commit would be so again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLook:
    """A build as CodeBuild sees it now.

    Attributes:
        state: how it stands.
        why: what CodeBuild says of a phase that failed; empty: nothing.
        log: address of its log; empty: it has none yet.
        commit: that its source is, as CodeBuild resolved it; empty: not known yet.
        ready: seconds from its start until its command began; 0: it has not.
    """

    state: WorkerState
    why: str = ""
    log: str = ""
    commit: str = ""
    ready: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """What a worker did for a run.

    Attributes:
        build: id of its build in CodeBuild.
        targets: names of the services and functions that it was given.
        made: those whose images were found under their keys when it ended.
        end: how it ended.
        began, seconds: since the workers were begun (in a report: since the run began), and how long it took.
        why: what is known where it did not make all; empty: nothing.
        log: address of its log; empty: it has none.
        rest: who builds the others then.
        ready: seconds until its command began, as CodeBuild counts them: queue, machine, clone; 0: it never did.
    """

    build: str
    targets: tuple[str, ...]
    made: tuple[str, ...] = ()
    end: WorkerEnd = "left"
    began: float = 0.0
    seconds: float = 0.0
    why: str = ""
    log: str = ""
    rest: WorkerRest = ""
    ready: float = 0.0

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of those that it did not make."""
        return tuple(name for name in self.targets if name not in self.made)

    def later(self, seconds: float) -> "Worker":
        """The same, told from a moment that is so many seconds earlier."""
        return replace(self, began=self.began + seconds)

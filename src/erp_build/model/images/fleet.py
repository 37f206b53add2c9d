"""Workers: builds of CodeBuild that make a part of a run's images, and hand them over by way of the registry."""

from dataclasses import dataclass
from typing import Literal

WorkerState = Literal["running", "succeeded", "failed", "broken", "timed out", "stopped"]
"""How a build stands: `failed` is the command's own failure, `broken` that of the machine or of the source."""

WorkerEnd = Literal["done", "failed", "broken", "timed out", "stopped", "lost", "hung", "left"]
"""How a worker's part ended: `lost` where CodeBuild knows it no more, `hung` where it was stopped because its time was
over, `left` where the run ended before it."""

AGAIN: tuple[WorkerEnd, ...] = ("broken", "timed out", "stopped", "lost", "hung")
"""Ends of which another worker may know nothing. A command that failed would fail there too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLook:
    """A build as CodeBuild sees it now.

    Attributes:
        state: how it stands.
        why: what CodeBuild says of a phase that failed; empty: nothing.
        log: address of its log; empty: it has none yet.
    """

    state: WorkerState
    why: str = ""
    log: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """What a worker did for a run.

    Attributes:
        build: id of its build in CodeBuild.
        targets: names of the services and functions that it was given.
        made: those whose images were found under their keys when it ended.
        end: how it ended.
        began, seconds: since the workers were begun, and how long it took.
        why: what is known where it did not make all; empty: nothing.
        log: address of its log; empty: it has none.
    """

    build: str
    targets: tuple[str, ...]
    made: tuple[str, ...] = ()
    end: WorkerEnd = "left"
    began: float = 0.0
    seconds: float = 0.0
    why: str = ""
    log: str = ""

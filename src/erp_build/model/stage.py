"""Stages: the decorator that declares one, and the part of a run that they may use."""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StageFacts(NamedTuple):
    """The declaration of a stage.

    Attributes:
        touches: the external systems that it may touch.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    touches: str
    keeps: str


STAGES: dict[Callable[..., object], StageFacts] = {}
"""Every function that is a stage. `erp_build.pipeline` says in which order they run."""


def stage(touches: str, *, keeps: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function a stage of the run; it is called as before.

    Args:
        touches: the external systems that it may touch, for the table of stages.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    def declare(work: Callable[P, T]) -> Callable[P, T]:
        STAGES[work] = StageFacts(touches, keeps)
        return work

    return declare


class StageRunner(Protocol):
    """The part of a run that stages and groups of stages use."""

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""

    def stage(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one stage, with the hooks of the caller."""

    def keep(self, **results: object) -> None:
        """Keep something for the report, by the names of `RunReport`'s fields."""

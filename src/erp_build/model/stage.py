"""A stage of a run: what it says of itself, and what it may ask of the run that it is part of."""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StageFacts(NamedTuple):
    """What a stage says of itself.

    Attributes:
        touches: what of the world it may touch.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    touches: str
    keeps: str


STAGES: dict[Callable[..., object], StageFacts] = {}
"""Every function that is a stage. `erp_build.pipeline` says in which order they run."""


def stage(touches: str, *, keeps: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function a stage of the run; it is called as before.

    Args:
        touches: what of the world it may touch, for the table of stages.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    def declare(work: Callable[P, T]) -> Callable[P, T]:
        STAGES[work] = StageFacts(touches, keeps)
        return work

    return declare


class StageRunner(Protocol):
    """The run, as far as a part of it needs to know it."""

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""

    def stage(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one stage, with what a caller has put at its place."""

    def keep(self, **results: object) -> None:
        """Keep something for the report, by the names of `RunReport`'s fields."""

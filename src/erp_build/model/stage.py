"""A stage of a run: what it declares, and the part of the run that it may use."""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StageFacts(NamedTuple):
    """What a stage declares.

    Attributes:
        touches: what it may read or change outside of the program.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    touches: str
    keeps: str


STAGES: dict[Callable[..., object], StageFacts] = {}
"""Every function that is a stage. `erp_build.pipeline` says in which order they run."""


def stage(touches: str, *, keeps: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Declare a function to be a stage. The function itself does not change.

    Args:
        touches: what it may read or change outside of the program, for the table of stages.
        keeps: the field of `RunReport` that holds its result; empty: none.
    """

    def declare(work: Callable[P, T]) -> Callable[P, T]:
        STAGES[work] = StageFacts(touches, keeps)
        return work

    return declare


class StageRunner(Protocol):
    """The part of a `Run` that a context manager inside the pipeline needs."""

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""

    def stage(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a stage with the caller's hooks."""

    def keep(self, **results: object) -> None:
        """Keep results for the report, by the names of `RunReport`'s fields."""

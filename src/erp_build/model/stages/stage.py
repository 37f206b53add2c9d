"""A stage of a run: what it declares."""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

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

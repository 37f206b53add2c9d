"""Hooks: what a caller does before, after or in place of the stages. `erp_build.pipeline` has their order."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, cast

from erp_build.errors import ConfigurationError, did_you_mean

P = ParamSpec("P")
T = TypeVar("T")

Stage = Callable[..., Any]
How = Literal["before", "replace", "after"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The hooks of a caller. An empty pipeline changes nothing.

    It is immutable: each change returns a new pipeline. A stage is named by its function, and mypy checks that a hook
    has the types of that function::

        pipeline = Pipeline().at(deploy).before(ask_for_approval).at(judge_images).replace(judge_by_our_scanner)
    """

    changes: tuple[tuple[Stage, How, Stage], ...] = ()

    def at(self, stage: Callable[P, T]) -> "StagePlace[P, T]":
        """The place of a stage, to which hooks are added."""
        return StagePlace(self, stage)

    def those(self, how: How, stage: Stage) -> tuple[Stage, ...]:
        """The hooks of one kind at a stage, in the order in which they were added."""
        return tuple(mine for place, kind, mine in self.changes if place is stage and kind == how)

    def in_place_of(self, stage: Callable[P, T]) -> Callable[P, T]:
        """The stage itself, or the last hook that replaces it."""
        return cast("Callable[P, T]", (stage, *self.those("replace", stage))[-1])

    def require(self, stages: Collection[Stage]) -> None:
        """Raise `ConfigurationError` if a hook is for a function that is not among the stages."""
        names = [stage.__name__ for stage in stages]
        for stage, _, mine in self.changes:
            if stage not in stages:
                name = getattr(stage, "__name__", repr(stage))
                raise ConfigurationError(
                    f"`{name}` is no stage of a run",
                    where=f"Pipeline().at({name}), for {getattr(mine, '__name__', mine)}",
                    next_step=did_you_mean(name, names, f"one of: {', '.join(names)}"),
                )


@dataclass(frozen=True, slots=True)
class StagePlace(Generic[P, T]):
    """The place of a stage. The report records a hook as a stage too, under its own name."""

    pipeline: Pipeline
    stage: Callable[P, T]

    def before(self, mine: Callable[P, object]) -> Pipeline:
        """Call a function before the stage, with its arguments. An `ErpBuildError` ends the run with its exit code."""
        return self._with("before", mine)

    def after(self, mine: Callable[Concatenate[T, P], object]) -> Pipeline:
        """Call a function after the stage, with the stage's result and its arguments."""
        return self._with("after", mine)

    def replace(self, mine: Callable[P, T]) -> Pipeline:
        """Call a function instead of the stage; the report keeps the stage's name."""
        return self._with("replace", mine)

    def _with(self, how: How, mine: Stage) -> Pipeline:
        return replace(self.pipeline, changes=(*self.pipeline.changes, (self.stage, how, mine)))

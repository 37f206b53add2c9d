"""The stages of a run as a caller has changed them. Their order stands in `erp_build.pipeline`."""

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
    """What a caller does at the stages of a run; empty, it is our run.

    A value: each change makes a new pipeline. A stage is named by its function, and mypy holds what is put there to the
    types of that function::

        pipeline = Pipeline().at(deploy).before(ask_for_approval).at(judge_images).replace(judge_by_our_scanner)
    """

    changes: tuple[tuple[Stage, How, Stage], ...] = ()

    def at(self, stage: Callable[P, T]) -> "StagePlace[P, T]":
        """The place of a stage, to do something there."""
        return StagePlace(self, stage)

    def those(self, how: How, stage: Stage) -> tuple[Stage, ...]:
        """What is done so at a stage, in the order in which it was put there."""
        return tuple(mine for place, kind, mine in self.changes if place is stage and kind == how)

    def in_place_of(self, stage: Callable[P, T]) -> Callable[P, T]:
        """The stage itself, or what was put there last."""
        return cast("Callable[P, T]", (stage, *self.those("replace", stage))[-1])

    def require(self, stages: Collection[Stage]) -> None:
        """Raise `ConfigurationError` where something was put at a place that a run never comes to."""
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
    """A stage of a pipeline; what is put there is recorded in the report as a stage too, under its own name."""

    pipeline: Pipeline
    stage: Callable[P, T]

    def before(self, mine: Callable[P, object]) -> Pipeline:
        """Call something with what the stage gets; raising one of our errors ends the run with its exit code."""
        return self._with("before", mine)

    def after(self, mine: Callable[Concatenate[T, P], object]) -> Pipeline:
        """Call something with what the stage has made, and what it got."""
        return self._with("after", mine)

    def replace(self, mine: Callable[P, T]) -> Pipeline:
        """Let something else do the work; in the report it keeps the stage's name."""
        return self._with("replace", mine)

    def _with(self, how: How, mine: Stage) -> Pipeline:
        return replace(self.pipeline, changes=(*self.pipeline.changes, (self.stage, how, mine)))

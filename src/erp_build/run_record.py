"""What a run leaves behind: stages with times, effects, proofs, and the error that ended it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, ParamSpec, Protocol, TypeVar

from erp_build.errors import Failure
from erp_build.gate.result import Judgement
from erp_build.model.check_run import Checked
from erp_build.model.effect import Effect
from erp_build.model.environment import Place
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan
from erp_build.model.project import Tests
from erp_build.model.releases.deployment import Alarm, Deployment, Proof
from erp_build.model.releases.evidence import Evidence
from erp_build.model.releases.preview import Preview
from erp_build.model.stage_hooks import Pipeline

P = ParamSpec("P")
T = TypeVar("T")

MOVING = {"update_function", "publish", "upgrade_release"}
"""Effects after which something else runs than before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecord:
    """A stage that ran: its name, seconds, how it ended, and at which second of the run it began."""

    name: str
    seconds: float
    status: Literal["done", "failed"]
    began: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """When a run began (ISO 8601, UTC), which build it belongs to, and the address of that build; empty: not known."""

    started: str = ""
    build: str = ""
    link: str = ""


class Stopwatch(Protocol):
    """The part of a clock that a report needs."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""


@dataclass(kw_only=True)
class RunReport:
    """Everything that is known about a run, filled in while it goes on, so that it can be written at any moment.

    `pipeline` is what a caller does at the stages; `start` is the clock's reading when the report began; `recovers`
    says that the run before failed after it had taken the lock.
    """

    clock: Stopwatch
    on_stage: Callable[[str], object]
    pipeline: Pipeline = field(default_factory=Pipeline)
    rehearsal: bool = False
    occasion: Occasion = Occasion()
    place: Place | None = None
    recovers: bool = False
    plan: Plan | None = None
    preview: Preview | None = None
    checked: tuple[Checked, ...] = ()
    images: tuple[BuiltImage, ...] = ()
    judgement: Judgement | None = None
    cleared: tuple[ClearedImage, ...] = ()
    deployment: Deployment | None = None
    proofs: tuple[Proof, ...] = ()
    effects: Sequence[Effect] = ()
    stages: list[StageRecord] = field(default_factory=list)
    error: Failure | None = None
    evidence: tuple[Evidence, ...] = ()
    taken_back: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    tests: Tests = "compile"
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.clock.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self.clock.monotonic() - self.start

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""
        return any(effect.name in MOVING and effect.state != "assumed" for effect in self.effects)

    def stage(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one stage, with what a caller has put at its place."""
        for mine in self.pipeline.those("before", work):
            self._record(_name(mine), mine, *args, **kwargs)
        result = self._record(_name(work), self.pipeline.in_place_of(work), *args, **kwargs)
        for mine in self.pipeline.those("after", work):
            self._record(_name(mine), mine, result, *args, **kwargs)
        return result

    def _record(self, name: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work, and note how long it took and how it ended."""
        self.on_stage(name)
        start = self.clock.monotonic()
        status: Literal["done", "failed"] = "failed"
        try:
            result = work(*args, **kwargs)
            status = "done"
        finally:
            seconds = self.clock.monotonic() - start
            self.stages.append(StageRecord(name=name, seconds=seconds, status=status, began=start - self.start))
        return result

    @property
    def outcome(self) -> Literal["deployed", "nothing", "rehearsed", "failed"]:
        """How the run ended, in a word."""
        if self.error:
            return "failed"
        if self.plan is None or self.plan.is_empty:
            return "nothing"
        return "rehearsed" if self.rehearsal else "deployed"


def _name(work: Callable[..., object]) -> str:
    """A stage is called like its function; what a caller puts there may be an object that can be called."""
    return str(getattr(work, "__name__", type(work).__name__)).replace("_", " ")

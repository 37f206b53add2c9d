"""A run: it executes the stages and keeps their results. `RunReport` is its frozen result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, ParamSpec, TypeVar

from erp_build.clients.clock import Clock
from erp_build.errors import Failure, PartlyDeployed, RunTimedOut, explain
from erp_build.formats.frozen_plan import SealedPlan
from erp_build.gate.result import Judgement
from erp_build.model.build_options import Tests
from erp_build.model.codepipeline import Approval
from erp_build.model.effect import Effect
from erp_build.model.environment import Place
from erp_build.model.images.evidence import CheckedEvidence
from erp_build.model.images.fleet import Worker
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan
from erp_build.model.quality_checks.check_run import Checked
from erp_build.model.releases.bake import Bake, TargetGroup
from erp_build.model.releases.deployment import Alarm, Deployment, Proof
from erp_build.model.releases.evidence import Evidence, FirstError
from erp_build.model.releases.frozen_plan import FrozenPlan
from erp_build.model.releases.preview import Preview
from erp_build.model.releases.traces import TraceComparison
from erp_build.model.stages.hooks import Pipeline
from erp_build.model.stages.stage import STAGES

P = ParamSpec("P")
T = TypeVar("T")
UnitKind = Literal["release", "function"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecord:
    """A stage that ran: its name, its seconds, its status, and the second of the run at which it began."""

    name: str
    seconds: float
    status: Literal["done", "failed"]
    began: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """When a run began (ISO 8601, UTC), its build in CodeBuild, and the address of that build; empty: not known."""

    started: str = ""
    build: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitReport:
    """How one of several releases and functions ended, which were each deployed by itself.

    Attributes:
        name: of the release's chart, or of the function.
        kind: which of the two it is.
        outcome: as of a run; `left out`: none of its targets was chosen.
        error: the error that ended it.
    """

    name: str
    kind: UnitKind
    outcome: Literal["deployed", "built", "cleared", "nothing", "rehearsed", "failed", "left out"]
    error: Failure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """Everything that is known about a run at one moment: at its end, in the middle of it, or after a failure.

    Attributes:
        rehearsal: whether effects were only assumed.
        images_only: whether it ends with the images and deploys nothing.
        occasion, place: when and for which build it ran, and where it deploys to; None: not known yet.
        recovers: whether the previous run failed after it had taken the lock.
        plan, preview, checked, images, judgement, cleared, deployment, proofs, alarms: what the stages made.
        workers: the builds of CodeBuild that made a part of the images, as far as they have ended.
        attested: the evidence of these images, as it was read back.
        effects: all changes of the outside world, in order.
        stages: the stages that ran, in order.
        error: the error that ended it.
        first_errors: what new pods and updated functions printed first that is an error.
        traces: what the requests of each target took before and after, if that was asked for.
        target_groups: the targets of load balancers behind the deployment.
        bakes: of each unit that was watched behind its proof.
        evidence, taken_back: after a failure, what the cluster said, and a line for each part that went back.
        migrated: after a failure, the migrations that a way back passes over, a line each.
        tests: what Maven did with the tests.
        seconds: since the run began.
        units: where several releases and functions are deployed each by itself, how each of them ended.
        frozen: the plan that it ends with, of a run until everything is cleared.
        saved: the saved plan that it does, or the one that it wrote.
        approvals: who approved that plan, as far as a pipeline says.
    """

    rehearsal: bool = False
    images_only: bool = False
    occasion: Occasion = Occasion()
    place: Place | None = None
    recovers: bool = False
    plan: Plan | None = None
    preview: Preview | None = None
    checked: tuple[Checked, ...] = ()
    workers: tuple[Worker, ...] = ()
    images: tuple[BuiltImage, ...] = ()
    judgement: Judgement | None = None
    cleared: tuple[ClearedImage, ...] = ()
    attested: tuple[CheckedEvidence, ...] = ()
    deployment: Deployment | None = None
    proofs: tuple[Proof, ...] = ()
    effects: tuple[Effect, ...] = ()
    stages: tuple[StageRecord, ...] = ()
    error: Failure | None = None
    evidence: tuple[Evidence, ...] = ()
    taken_back: tuple[str, ...] = ()
    migrated: tuple[str, ...] = ()
    first_errors: tuple[FirstError, ...] = ()
    traces: tuple[TraceComparison, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    bakes: tuple[Bake, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    tests: Tests = "compile"
    seconds: float = 0.0
    units: tuple[UnitReport, ...] = ()
    frozen: FrozenPlan | None = None
    saved: SealedPlan | None = None
    approvals: tuple[Approval, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""
        return any(effect.moves_what_runs for effect in self.effects)

    @property
    def outcome(self) -> Literal["deployed", "built", "cleared", "nothing", "rehearsed", "failed", "partly"]:
        """The outcome of the run, in one word; `partly`: some of several units were deployed, and some were not."""
        if self.error:
            return "partly" if isinstance(self.error, PartlyDeployed) else "failed"
        if self.plan is None or self.plan.is_empty or (self.images_only and not self.plan.builds):
            return "nothing"
        if self.rehearsal:
            return "rehearsed"
        if self.frozen:
            return "cleared"
        return "built" if self.images_only else "deployed"


class Run:
    """A run in progress.

    Args:
        clock: takes the time of the stages.
        on_stage: called with the name of each stage when it begins.
        pipeline: the caller's hooks.
        rehearsal: whether effects are only assumed.
        images_only: whether it ends with the images.
        occasion: when and for which build it runs.
        effects: the effects so far, performed or assumed; the journal appends to it.
        since: the number of those that are another run's.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        on_stage: Callable[[str], object],
        pipeline: Pipeline = Pipeline(),  # noqa: B008 - a frozen value
        rehearsal: bool = False,
        images_only: bool = False,
        occasion: Occasion = Occasion(),
        effects: Sequence[Effect] = (),
        since: int = 0,
    ) -> None:
        self._clock = clock
        self._on_stage = on_stage
        self._pipeline = pipeline
        self._effects = effects
        self._since = since
        self._stages: list[StageRecord] = []
        self._kept = RunReport(rehearsal=rehearsal, images_only=images_only, occasion=occasion)
        self._start = clock.monotonic()

    def require_known_stages(self) -> None:
        """Raise `ConfigurationError` if a hook of the caller is for a function that is no stage."""
        self._pipeline.require(STAGES)

    @property
    def moved(self) -> bool:
        """Whether something that runs was changed, or may have been."""
        return self.report().moved

    def report(self) -> RunReport:
        """The report of everything that is known now."""
        seconds = self._clock.monotonic() - self._start
        return replace(
            self._kept, stages=tuple(self._stages), effects=tuple(self._effects[self._since :]), seconds=seconds
        )

    def keep(self, **results: Any) -> None:
        """Keep results for the report, by the names of its fields."""
        self._kept = replace(self._kept, **results)

    def of_unit(self) -> "Run":
        """A run of one of several units, with the same clock, hooks and journal, and a report of its own."""
        kept = self._kept
        return Run(
            clock=self._clock,
            on_stage=self._on_stage,
            pipeline=self._pipeline,
            rehearsal=kept.rehearsal,
            images_only=kept.images_only,
            occasion=kept.occasion,
            effects=self._effects,
            since=len(self._effects),
        )

    def add_unit(self, name: str, kind: UnitKind, unit: "Run") -> None:
        """Take over what the run of a release or function has made; its own error ends it alone."""
        report = unit.report()
        offset = self.report().seconds - report.seconds
        report = replace(report, workers=tuple(one.later(offset) for one in report.workers))
        self._stages += [replace(one, began=one.began + offset) for one in report.stages]
        outcome = report.outcome
        assert outcome != "partly"
        end = UnitReport(name=name, kind=kind, outcome=outcome, error=report.error)
        self._kept = replace(_joined(self._kept, report), units=(*self._kept.units, end))

    def leave_out(self, name: str, kind: UnitKind) -> None:
        """Note that no target of a release was chosen, or not this function."""
        self.keep(units=(*self._kept.units, UnitReport(name=name, kind=kind, outcome="left out")))

    def stage(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a stage with the caller's hooks, and keep its result for the report."""
        result = self.beside(work, *args, **kwargs)
        if work in STAGES and (field := STAGES[work].keeps):
            self.keep(**{field: result})
        return result

    def beside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a stage whose result is not kept, such as one for what another run deployed."""
        for mine in self._pipeline.those("before", work):
            self._timed(_name(mine), mine, *args, **kwargs)
        result = self._timed(_name(work), self._pipeline.in_place_of(work), *args, **kwargs)
        for mine in self._pipeline.those("after", work):
            self._timed(_name(mine), mine, result, *args, **kwargs)
        return result

    def _timed(self, name: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work, and record its time and status. Once the run's time is over, no stage begins."""
        self._clock.require_time()
        self._on_stage(name)
        start = self._clock.monotonic()
        status: Literal["done", "failed"] = "failed"
        try:
            result = work(*args, **kwargs)
            status = "done"
        except Exception as error:
            if not (isinstance(error, RunTimedOut) or self._clock.time_left()):
                explain(error, "the time of the run is over (timeout of erp-build.toml, or --timeout)")
            raise
        finally:
            seconds = self._clock.monotonic() - start
            self._stages.append(StageRecord(name=name, seconds=seconds, status=status, began=start - self._start))
        return result


def _name(work: Callable[..., object]) -> str:
    """The name of a stage or hook: that of its function, or of its class for a callable object."""
    return str(getattr(work, "__name__", type(work).__name__)).replace("_", " ")


def _joined(whole: RunReport, unit: RunReport) -> RunReport:
    """The report of several units with that of one more."""
    parts = ("checked", "workers", "images", "cleared", "attested", "proofs", "evidence", "taken_back", "migrated",
             "first_errors", "traces", "target_groups", "bakes", "alarms")  # fmt: skip
    joined: dict[str, Any] = {name: (*getattr(whole, name), *getattr(unit, name)) for name in parts}
    return replace(
        whole,
        **joined,
        place=whole.place or unit.place,
        recovers=whole.recovers or unit.recovers,
        plan=_join(whole.plan, unit.plan, Plan.beside),
        preview=_join(whole.preview, unit.preview, Preview.beside),
        frozen=_join(whole.frozen, unit.frozen, FrozenPlan.beside),
        saved=whole.saved or unit.saved,
        approvals=whole.approvals or unit.approvals,
        judgement=_join(whole.judgement, unit.judgement, Judgement.beside),
        deployment=_join(whole.deployment, unit.deployment, Deployment.beside),
    )


def _join(one: T | None, other: T | None, join: Callable[[T, T], T]) -> T | None:
    return join(one, other) if one is not None and other is not None else other if one is None else one

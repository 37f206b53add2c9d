"""The keys of a run's report: what `run --json` prints, what report.json holds, and what every page is made of.

`scripts/report_schema.py` writes the published schema from these classes: their types, and what stands in their
docstrings.
"""

from typing import Annotated, Literal, TypedDict

from erp_build.model.build_options import Tests
from erp_build.model.effect import EffectState
from erp_build.model.images.fleet import WorkerEnd
from erp_build.report.evidence_types import (
    BakeDocument,
    EvidenceDocument,
    FirstErrorDocument,
    TargetGroupDocument,
    TraceDocument,
)
from erp_build.report.gate_types import GateDocument
from erp_build.report.plan_types import ChangesDocument, SavedPlanDocument, Seconds, TargetDocument

ExitCode = Annotated[int, {"enum": [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 70, 129, 130, 143]}]
Account = Annotated[str, {"pattern": "^[0-9]{12}$"}]
Commit = Annotated[str | None, {"pattern": "^[0-9a-f]{40}([0-9a-f]{24})?$"}]
Moment = Annotated[str | None, {"format": "date-time"}]
AlarmState = Annotated[str, {"enum": ["OK", "ALARM", "INSUFFICIENT_DATA"]}]


class BuildDocument(TypedDict):
    """The build of CodeBuild that the run belongs to.

    Attributes:
        id: its id; null: there is none.
        link: address of the build; null: there is none.
    """

    id: str | None
    link: str | None


class PlaceDocument(TypedDict):
    """Where the run deploys to.

    Attributes:
        project: name of the project.
        environment: name of the environment, such as dev.
        account: AWS account, twelve digits.
        region: AWS region.
        cluster: name of the EKS cluster.
    """

    project: str
    environment: str
    account: Account
    region: str
    cluster: str


class StageDocument(TypedDict):
    """A stage that ran.

    Attributes:
        name: name of the stage.
        began: when it began, in seconds since the run began.
        seconds: how long it took.
        status: how it ended.
    """

    name: str
    began: Seconds
    seconds: Seconds
    status: Literal["done", "failed"]


class SegmentDocument(TypedDict):
    """A piece of the critical path.

    Attributes:
        name: name of the stage.
        began: when the piece began, in seconds since the run began.
        seconds: how long it took.
        part: what was done in the stage; empty: the stage itself.
    """

    name: str
    began: Seconds
    seconds: Seconds
    part: str


class EffectDocument(TypedDict):
    """A change of the world.

    Attributes:
        name: the verb.
        target: what it was done to.
        state: whether it was performed, only assumed (a rehearsal), or failed.
    """

    name: str
    target: str
    state: EffectState


class WatchedDocument(TypedDict):
    """A workload that the deployment changed, and that was watched until it ran.

    Attributes:
        name: name of the service, or kind and name of another object.
        service: name of the service that it belongs to; null: another object of the release.
        readiness_probe: whether a readiness probe tells when it is ready; what runs no pods, or ends, needs none.
        seconds: for how long it was watched after it was complete.
        state: how far it was in the end.
    """

    name: str
    service: str | None
    readiness_probe: bool
    seconds: Seconds
    state: str


class AlarmDocument(TypedDict):
    """An alarm of CloudWatch, read after the deployment.

    Attributes:
        name: its name.
        state: its state.
    """

    name: str
    state: AlarmState


class CheckDocument(TypedDict):
    """A check of one target's sources.

    Attributes:
        name: name of the check in the configuration.
        target: name of the target.
        outcome: how it ended; warning: it does not pass, and does not block.
        seconds: how long it took.
        why: the end of what it printed, or why it did not run; null: nothing to say.
        reports: paths of the files that are kept, below the target's directory.
    """

    name: str
    target: str
    outcome: Literal["passed", "failed", "inconclusive", "warning"]
    seconds: Seconds
    why: str | None
    reports: list[str]


class WorkerDocument(TypedDict):
    """A build of CodeBuild that made a part of the images.

    Attributes:
        build: id of the build.
        targets: names of the services and functions that it was given.
        made: those whose images the registry had when it ended.
        end: how it ended; lost: CodeBuild knew it no more; hung: it was stopped, because its time was over; astray: its
            source was another commit; left: the run ended before it, and stopped it.
        began: in seconds since the run began.
        seconds: how long it took.
        why: why it did not make all; null: it did.
        log: address of its log; null: not known.
        rest: who builds what it did not make; nobody: it does not end, or the run ended; null: it made all.
        ready: until its command began, in seconds since its start: queue, machine, clone; 0: it never did.
    """

    build: str
    targets: list[str]
    made: list[str]
    end: WorkerEnd
    began: Seconds
    seconds: Seconds
    why: str | None
    log: str | None
    rest: Literal["another worker", "the run", "nobody"] | None
    ready: Seconds


class ErrorDocument(TypedDict):
    """What ended the run.

    Attributes:
        what: what failed, one line.
        where: the file, service, call or address; empty: not known.
        why: the cause; may have several lines, or be empty.
        next: what the reader does now; empty: not known.
    """

    what: str
    where: str
    why: str
    next: str


class UnitDocument(TypedDict):
    """One of several releases and functions, which are each deployed by itself.

    Attributes:
        name: of the release's chart, or of the function.
        kind: which of the two it is.
        outcome: how it ended; nothing: there was nothing to do; left out: none of its targets was chosen.
        exit_code: that a run of it alone would have ended with.
        error: what ended it; null: it did not fail.
    """

    name: str
    kind: Literal["release", "function"]
    outcome: Literal["deployed", "built", "cleared", "nothing", "rehearsed", "failed", "left out"]
    exit_code: ExitCode
    error: ErrorDocument | None


class ReportDocument(TypedDict):
    """What `erp-build run --json` prints and what report.json holds, whatever the outcome.

    Keys may be added within schema 1; none is renamed, removed or given another meaning.

    Attributes:
        schema: version of this form.
        erp_build: the version that wrote the report.
        verb: what was asked for; `build` ends with the images and deploys nothing.
        outcome: how the run ended; built: the images of `build`; cleared: it ended with a saved plan; nothing: there
            was nothing to do; partly: some of several releases and functions were deployed, and some were not.
        exit_code: 0 done or nothing to do; 2 configuration; 3 detection refused; 4 build; 5 push; 6 findings over the
            policy; 7 no verdict; 8 Lambda; 9 cluster, Helm, rollout; 10 not what was cleared runs; 11 locked or newer
            deployed; 12 partly; 13 a saved plan has moved; 70 a bug; 129 SIGHUP; 130 SIGINT; 143 SIGTERM.
        rehearsal: whether every change was only assumed.
        recovers: whether the run before failed after it had taken the lock.
        started: when the run began, ISO 8601, UTC.
        seconds: how long the run took.
        build: the build that the run belongs to.
        place: where the run deploys to; null: it ended before it knew.
        head: the full commit that is deployed.
        tag: the image tag of everything that this run builds.
        targets: in the order of the configuration.
        unowned: changed files that belong to no target.
        warnings: what the plan warns of.
        changes: what the deployment changes, or would; null: the run did not come to it.
        stages: in their order; each begins when the one before has ended.
        critical_path: the chain of work that nothing else could have shortened.
        effects: every change of the world in its order.
        watched: what of the release was changed and watched until it ran; empty: the run did not come to it.
        evidence: collected of pods that did not get ready.
        first_errors: of new pods and updated functions, read behind the proof; they fail nothing.
        traces: requests before and after the deployment, by X-Ray; empty: nobody asked for it, or there are none.
        target_groups: the targets of load balancers behind the deployment; empty: it has none, or none can be read.
        bakes: of each release and function that was watched behind its proof; empty: nobody asked for it.
        taken_back: what was taken back after a failed deployment, a line each.
        migrated: the migrations that had run when a deployment failed, a line each; the way back does not undo them.
        alarms: the alarms behind the deployment.
        tests: what became of the services' own tests.
        checks: the checks before the images.
        workers: the builds of CodeBuild that made a part of the images; empty: all was built here.
        gate: what the gate found; null: the run did not come to it.
        error: what ended the run; null: it did not fail.
        units: where releases and functions are deployed each by itself, how each of them ended; empty: there is one.
        saved_plan: the saved plan that is done, or was written; null: the run made its own.
    """

    schema: Literal[1]
    erp_build: str
    verb: Literal["run", "build"]
    outcome: Literal["deployed", "built", "cleared", "nothing", "rehearsed", "failed", "partly"]
    exit_code: ExitCode
    rehearsal: bool
    recovers: bool
    started: Moment
    seconds: Seconds
    build: BuildDocument
    place: PlaceDocument | None
    head: Commit
    tag: str | None
    targets: list[TargetDocument]
    unowned: list[str]
    warnings: list[str]
    changes: ChangesDocument | None
    stages: list[StageDocument]
    critical_path: list[SegmentDocument]
    effects: list[EffectDocument]
    watched: list[WatchedDocument]
    evidence: list[EvidenceDocument]
    first_errors: list[FirstErrorDocument]
    traces: list[TraceDocument]
    target_groups: list[TargetGroupDocument]
    bakes: list[BakeDocument]
    taken_back: list[str]
    migrated: list[str]
    alarms: list[AlarmDocument]
    tests: Tests
    checks: list[CheckDocument]
    workers: list[WorkerDocument]
    gate: GateDocument | None
    error: ErrorDocument | None
    units: list[UnitDocument]
    saved_plan: SavedPlanDocument | None

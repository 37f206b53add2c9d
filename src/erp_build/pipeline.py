"""The run, in order.

    stage             takes                  makes            may touch
    read environment  project                Environment      reads only: STS, Parameter Store
    read rules        project                GateRules        reads only: the waiver file
    read live state   Environment            LiveState        reads only: cluster, Lambda, Helm, ECR
    find baselines    LiveState              Baselines        reads only: Git
    detect changes    Baselines              ChangeSet        reads only: Git
    make plan         ChangeSet, LiveState   Plan             nothing
    find reusable     Plan, LiveState        Plan             reads only: Git, ECR
    take lock         Plan                   Lock             the cluster's Lease; then live state and plan once more
    check plan        Plan                   Preview          reads only: sources, engine, ECR, chart
    run checks        Plan                   Checked          what a `[[check]]` touches
    require checks    Checked                                 nothing
    build images      Plan                   BuiltImages      Maven, engine, ECR: new tags only
    judge images      BuiltImages            Judgement        ECR scans
    clear images      Judgement              ClearedImages    nothing
    deploy            ClearedImages          Deployment       Lambda, values file, Helm
    prove             Deployment             Proofs           reads only: cluster, Lambda
    move latest       ClearedImages                           ECR: the tag `latest`
    write back        Deployment                              the branch, if configured
    read alarms       project                Alarms           reads only: CloudWatch

When `deploy` or `prove` fails, evidence is collected, and both halves are taken back to what ran before.
Every image is built and cleared before the first step of a deployment. Only the gate makes a `ClearedImage`, and
`deploy` takes nothing else. `RunReport.stage` runs a stage, with what the report's `Pipeline` has put at its place.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from erp_build.build.quality_checks import require_checks, run_checks
from erp_build.build.stage import build_images
from erp_build.changes.baselines import find_baselines, find_head, refuse_doubt, refuse_older
from erp_build.changes.detect import detect_changes
from erp_build.changes.live_state import read_live_state, release_of
from erp_build.changes.make_plan import make_plan
from erp_build.changes.reuse import find_reusable
from erp_build.clients.protocols import Tools
from erp_build.clients.site import read_environment
from erp_build.deployment.alarms import read_alarms
from erp_build.deployment.going_back.automatic import take_back, taken_back_on_failure
from erp_build.deployment.going_back.by_hand import prove_again
from erp_build.deployment.going_back.evidence import collect_evidence
from erp_build.deployment.going_back.stuck_release import let_it_settle, recover_release
from erp_build.deployment.latest import latest_behind, move_latest
from erp_build.deployment.lock import Lock, claim_of, take_lock
from erp_build.deployment.preflight import check_plan
from erp_build.deployment.stage import deploy
from erp_build.deployment.verify import prove
from erp_build.deployment.write_back import write_back
from erp_build.gate.result import GateRules
from erp_build.gate.stage import clear_images, judge_images, read_rules
from erp_build.model.environment import Environment
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Project
from erp_build.run_record import RunReport

STAGES = (
    read_environment, read_rules, read_live_state, find_baselines, detect_changes, make_plan, find_reusable,
    prove_again, take_lock, let_it_settle, recover_release, check_plan, run_checks, require_checks, build_images,
    judge_images, clear_images, deploy, prove, collect_evidence, take_back, move_latest, write_back, read_alarms,
)  # fmt: skip
"""The places at which a `Pipeline` may do something; most runs come to some of them only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a caller may ask of a run.

    Attributes:
        variables: environment variables, for what CodeBuild says of the source.
        base, head: revisions instead of those that detection finds.
        strict: stop instead of building more when a baseline is in doubt.
        allow_older: deploy even where something newer is live.
        wait_for_lock: seconds that another run is waited for.
        replace_cut_off_install: remove a release whose first installation was cut off.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    head: str | None = None
    strict: bool = False
    allow_older: bool = False
    wait_for_lock: float = 0.0
    replace_cut_off_install: bool = False


def run(project: Project, tools: Tools, options: Options, report: RunReport) -> RunReport:
    """Bring everything that changed to life, and prove it; the report is filled in on the way, also by a failure."""
    report.pipeline.require(STAGES)
    head = find_head(tools.repository, options.variables, options.head)
    environment = report.stage(read_environment, tools, project)
    report.place = environment.place
    rules = report.stage(read_rules, tools, project)
    live = report.stage(read_live_state, tools, project, environment)
    plan = report.plan = _plan(project, tools, options, report, environment, head, live)
    if plan.is_empty:
        report.proofs = report.stage(prove_again, tools, project, environment, live)
        if not latest_behind(tools, live):
            return report
    claim = claim_of(options.variables, head, project.deploy.lock_expires, options.wait_for_lock)
    with report.stage(take_lock, tools, release_of(project, environment), claim) as lock:
        report.recovers = lock.former.ended_badly
        if lock.former.holder:
            # The run before was killed: what it began goes on without it.
            report.stage(let_it_settle, tools, project, environment)
        locked = report.stage(read_live_state, tools, project, environment)
        if locked.revision and locked.revision.is_pending:
            report.stage(
                recover_release, tools, project, environment, lock.former, uninstall=options.replace_cut_off_install
            )
            locked = report.stage(read_live_state, tools, project, environment)
        if locked != live:
            tools.progress.say("what runs has moved meanwhile: planned anew")
            plan = report.plan = _plan(project, tools, options, report, environment, head, locked)
        if plan.is_empty:
            report.proofs = report.stage(prove_again, tools, project, environment, locked)
            _catch_up(tools, report, rules, locked, ())
        else:
            _perform(project, tools, report, environment, plan, locked, rules, lock)
    return report


def _plan(  # noqa: PLR0917 - what the stages of a run share
    project: Project,
    tools: Tools,
    options: Options,
    report: RunReport,
    environment: Environment,
    head: str,
    live: LiveState,
) -> Plan:
    """From what runs to what is to be done."""
    git = tools.repository
    if not options.allow_older:
        refuse_older(git, head, live)
    baselines = report.stage(
        find_baselines, git, project, head, live=live, variables=options.variables, base=options.base
    )
    if options.strict:
        refuse_doubt(baselines)
    changes = report.stage(detect_changes, git, project, baselines, head)
    plan = report.stage(make_plan, project, changes, live)
    return report.stage(find_reusable, tools, project, environment, plan, live)


def _perform(  # noqa: PLR0917 - what the stages of a deployment share
    project: Project,
    tools: Tools,
    report: RunReport,
    environment: Environment,
    plan: Plan,
    live: LiveState,
    rules: GateRules,
    lock: Lock,
) -> None:
    """From a plan to a proven deployment, under the lock."""
    report.preview = report.stage(check_plan, tools, project, environment, plan)
    if project.checks:
        report.checked = report.stage(run_checks, tools, project, plan)
        report.stage(require_checks, report.checked)
    report.images = report.stage(build_images, tools, environment, plan)
    report.judgement = report.stage(judge_images, tools, rules, report.images, live.running)
    report.cleared = report.stage(clear_images, report.judgement)
    with taken_back_on_failure(tools, project, environment, plan, report, lock):
        report.deployment = report.stage(deploy, tools, project, environment, plan, report.cleared, lock)
        report.proofs = report.stage(prove, tools, project, environment, plan, report.cleared, report.deployment)
    report.stage(move_latest, tools, report.cleared)
    _catch_up(tools, report, rules, live, [one.image.target for one in report.cleared])
    report.stage(write_back, tools, project, plan, report.deployment)
    report.alarms = report.stage(read_alarms, tools, project, environment)


def _catch_up(tools: Tools, report: RunReport, rules: GateRules, live: LiveState, planned: Collection[str]) -> None:
    """Move the `latest` of what a run before deployed and did not come to tag."""
    if behind := latest_behind(tools, live, planned):
        judgement = report.stage(judge_images, tools, rules, behind, live.running)
        report.stage(move_latest, tools, report.stage(clear_images, judgement))

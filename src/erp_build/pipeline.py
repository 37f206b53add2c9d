"""The run, in order.

    stage             takes                  makes            may touch
    read environment  project                Environment      reads only: STS, Parameter Store
    read rules        project                GateRules        reads only: the waiver file
    read live state   Environment            LiveState        reads only: cluster, Lambda, Helm, ECR
    find baselines    LiveState              Baselines        reads only: Git
    detect changes    Baselines              ChangeSet        reads only: Git
    make plan         ChangeSet, LiveState   Plan             nothing
    find reusable     Plan, LiveState        Plan             reads only: Git, ECR
    check plan        Plan                                    reads only: sources, engine, ECR, chart
    run checks        Plan                   Checked          what a `[[check]]` touches
    require checks    Checked                                 nothing
    build images      Plan                   BuiltImages      Maven, engine, ECR: new tags only
    judge images      BuiltImages            Judgement        ECR scans
    clear images      Judgement              ClearedImages    nothing
    deploy            ClearedImages          Deployment       Lambda, values file, Helm
    prove             Deployment             Proofs           reads only: cluster, Lambda
    move latest       ClearedImages                           ECR: the tag `latest`

Every image is built and cleared before the first step of a deployment. Only the gate makes a `ClearedImage`, and
`deploy` takes nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from erp_build.domain.plan import make_plan
from erp_build.domain.project import Project
from erp_build.domain.report import RunReport
from erp_build.stages.build import build_images
from erp_build.stages.check import check_plan
from erp_build.stages.checks import require_checks, run_checks
from erp_build.stages.deploy import deploy
from erp_build.stages.detect import detect_changes, find_baselines, find_head, refuse_doubt, refuse_older
from erp_build.stages.gate import clear_images, judge_images, read_rules
from erp_build.stages.live import read_live_state
from erp_build.stages.reuse import find_reusable
from erp_build.stages.settings import read_environment
from erp_build.stages.verify import move_latest, prove
from erp_build.tools.toolbox import Tools


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a caller may ask of a run.

    Attributes:
        variables: environment variables, for what CodeBuild says of the source.
        base, head: revisions instead of those that detection finds.
        strict: stop instead of building more when a baseline is in doubt.
        allow_older: deploy even where something newer is live.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    head: str | None = None
    strict: bool = False
    allow_older: bool = False


def run(project: Project, tools: Tools, options: Options, report: RunReport) -> RunReport:
    """Bring everything that changed to life, and prove it; the report is filled in on the way, also by a failure."""
    git = tools.repository
    head = find_head(git, options.variables, options.head)
    environment = report.stage(read_environment, tools, project)
    rules = report.stage(read_rules, tools, project)
    live = report.stage(read_live_state, tools, project, environment)
    if not options.allow_older:
        refuse_older(git, head, live)
    baselines = report.stage(
        find_baselines, git, project, head, live=live, variables=options.variables, base=options.base
    )
    if options.strict:
        refuse_doubt(baselines)
    changes = report.stage(detect_changes, git, project, baselines, head)
    plan = report.stage(make_plan, project, changes, live)
    plan = report.plan = report.stage(find_reusable, tools, project, environment, plan, live)
    if plan.is_empty:
        return report
    report.stage(check_plan, tools, project, environment, plan)
    if project.checks:
        report.checked = report.stage(run_checks, tools, project, plan)
        report.stage(require_checks, report.checked)
    report.images = report.stage(build_images, tools, environment, plan)
    report.judgement = report.stage(judge_images, tools, rules, report.images, live.running)
    report.cleared = report.stage(clear_images, report.judgement)
    report.deployment = report.stage(deploy, tools, project, environment, plan, report.cleared)
    report.proofs = report.stage(prove, tools, project, environment, plan, report.cleared, report.deployment)
    report.stage(move_latest, tools, report.cleared)
    return report

"""The run, in order. Start reading here.

Each stage takes the `Site` and the results of earlier stages, and returns the next value. Every image is built and
cleared before the first step of a deployment: only the gate makes a `ClearedImage`, and `deploy` takes nothing else.
When `deploy` or `prove` fails, evidence is collected, and functions and release go back to what ran before. `Run.stage`
runs a stage together with the caller's hooks. `@stage` above each function says what it may touch, and
docs/how-a-run-works.md lists all of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from erp_build.build.quality_checks import require_checks, run_checks
from erp_build.build.stage import build_images
from erp_build.changes.baselines import find_baselines, find_head, refuse_doubt, refuse_older
from erp_build.changes.detect import detect_changes, look_behind
from erp_build.changes.live_state import read_live_state
from erp_build.changes.make_plan import make_plan
from erp_build.changes.reuse import find_reusable
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.deployment.claim import claim_of
from erp_build.deployment.going_back.automatic import recorded_deployment
from erp_build.deployment.going_back.stuck_release import let_it_settle, recover_release, watch_again
from erp_build.deployment.going_back.what_runs import telling_what_runs
from erp_build.deployment.latest import latest_behind, move_latest
from erp_build.deployment.lock import Lock, take_lock
from erp_build.deployment.preflight import check_plan
from erp_build.deployment.proof import prove, prove_again, read_alarms
from erp_build.deployment.recording import is_unproven, record_proof
from erp_build.deployment.stage import deploy, write_back
from erp_build.deployment.status import past_deployments
from erp_build.errors import VerificationFailed
from erp_build.gate.evidence import check_evidence
from erp_build.gate.result import GateRules
from erp_build.gate.stage import clear_images, judge_images, read_rules
from erp_build.model.check_run import Checked
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Project
from erp_build.run_record import Run, RunReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of a run.

    Attributes:
        variables: environment variables; CodeBuild describes the source in them.
        base, head: revisions to use instead of those that detection finds.
        strict: stop when a baseline is in doubt, instead of building more.
        allow_older: deploy even where a newer commit is live.
        wait_for_lock: seconds to wait for another run.
        replace_cut_off_install: remove a release whose first installation was cut off.
        rebuild: names of services and functions that are built anew although their content has an image.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    head: str | None = None
    strict: bool = False
    allow_older: bool = False
    wait_for_lock: float = 0.0
    replace_cut_off_install: bool = False
    rebuild: tuple[str, ...] = ()


def run(project: Project, clients: Clients, options: Options, run: Run) -> RunReport:
    """Build, clear, deploy and prove what has changed. `run` keeps what was done, also when this raises."""
    run.require_known_stages()
    head = find_head(clients.repository, options.variables, options.head)
    site = Site(project, clients, run.stage(read_environment, clients, project))
    run.keep(place=site.environment.place)
    rules = run.stage(read_rules, clients, project.gate)
    live = run.stage(read_live_state, site)
    plan = plan_from(run, site, options, head, live)
    if plan.is_empty:
        prove_that_nothing_is_to_do(run, site, options, head, live)
        if not latest_behind(live) and not is_unproven(past_deployments(site)):
            return run.report()
    claim = claim_of(options.variables, head, project.deploy.lock_expires, options.wait_for_lock)
    with run.stage(take_lock, site, claim) as lock, telling_what_runs(site, lambda: run.moved):
        # From here on every effect that changes what runs asks for the lock first.
        site = lock.site
        run.keep(recovers=lock.former.ended_badly)
        # The live state was read without the lock: another run may have deployed since.
        settled = settle_release(run, site, options, lock)
        if settled != live:
            site.say("what runs has changed in the meantime: making a new plan")
            plan = plan_from(run, site, options, head, settled)
        if plan.is_empty:
            proofs = run.stage(prove_again, site, settled)
            if len(proofs) == len(settled.running):
                if is_unproven(lock.entries):
                    run.stage(watch_again, site, lock)
                record_proof(site, lock, head)
            move_latest_of_earlier_runs(run, site, rules, settled, ())
        else:
            preview = run.stage(check_plan, site, plan)
            cleared = build_and_clear(run, site, rules, plan, settled)
            with recorded_deployment(run, site, plan, lock):
                deployed = run.stage(deploy, site, plan, cleared, lock, preview)
                run.stage(prove, site, plan, cleared, deployed)
            # What follows is short, and the next run would have to do it.
            clients.clock.lift_limit()
            run.stage(move_latest, site, cleared)
            move_latest_of_earlier_runs(run, site, rules, settled, [one.image.target for one in cleared])
            run.stage(write_back, site, plan, deployed)
            run.stage(read_alarms, site)
    return run.report()


def prove_that_nothing_is_to_do(run: Run, site: Site, options: Options, head: str, live: LiveState) -> None:
    """Prove what runs. Where that fails because a newer run deploys at the same time, that is what is said."""
    try:
        # An earlier run may have been cut off between its deployment and its proof.
        run.stage(prove_again, site, live)
    except VerificationFailed:
        if not options.allow_older:
            refuse_older(site.clients.repository, head, run.stage(read_live_state, site))
        raise


def plan_from(run: Run, site: Site, options: Options, head: str, live: LiveState) -> Plan:
    """Make the plan from the live state."""
    git, project = site.clients.repository, site.project
    if not options.allow_older:
        refuse_older(git, head, live)
    baselines = run.stage(find_baselines, git, project, head, live=live, variables=options.variables, base=options.base)
    if options.strict:
        refuse_doubt(baselines)
    changes = look_behind(git, project, run.stage(detect_changes, git, project, baselines, head))
    plan = run.stage(make_plan, project, changes, live, rebuild=options.rebuild)
    return run.stage(find_reusable, site, plan, live)


def settle_release(run: Run, site: Site, options: Options, lock: Lock) -> LiveState:
    """Read the live state under the lock, after the operations of an earlier run have ended."""
    if lock.former.holder:
        # The previous run was killed without freeing the lock: the rollout that it began goes on without it.
        run.stage(let_it_settle, site)
    live = run.stage(read_live_state, site)
    if live.revision and (live.revision.is_pending or live.revision.is_being_removed):
        run.stage(recover_release, site, lock, uninstall=options.replace_cut_off_install)
        live = run.stage(read_live_state, site)
    lock.builds_on(live.revision)
    return live


def build_and_clear(run: Run, site: Site, rules: GateRules, plan: Plan, live: LiveState) -> tuple[ClearedImage, ...]:
    """Build the plan's images and clear them. This changes nothing that runs."""
    checked = check_sources(run, site, plan)
    has_evidence = site.project.build.evidence
    # Only evidence needs them: a hook of a caller has the arguments that it always had.
    images = run.stage(build_images, site, plan, checked) if has_evidence else run.stage(build_images, site, plan)
    judgement = run.stage(judge_images, site.clients, rules, images, live.running)
    cleared = run.stage(clear_images, judgement)
    if has_evidence:
        run.stage(check_evidence, site, plan, images)
    return cleared


def check_sources(run: Run, site: Site, plan: Plan) -> tuple[Checked, ...]:
    """Run the `[[check]]`s, and stop where one does."""
    if not site.project.checks:
        return ()
    checked = run.stage(run_checks, site, plan)
    run.stage(require_checks, checked)
    return checked


def move_latest_of_earlier_runs(
    run: Run, site: Site, rules: GateRules, live: LiveState, planned: Collection[str]
) -> None:
    """Move `latest` for images that an earlier run deployed, but was cut off before it tagged them."""
    if behind := latest_behind(live, planned):
        judgement = run.beside(judge_images, site.clients, rules, behind, live.running)
        run.stage(move_latest, site, run.beside(clear_images, judgement))

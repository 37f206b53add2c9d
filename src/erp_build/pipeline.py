"""The run, in order. Start reading here.

Each stage takes the `Site` and the results of earlier stages, and returns the next value. Every image is built and
cleared before the first step of a deployment: only the gate makes a `ClearedImage`, and `deploy` takes nothing else.
When `deploy` or `prove` fails, evidence is collected, and functions and release go back to what ran before. `Run.stage`
runs a stage together with the caller's hooks. `@stage` above each function says what it may touch, and
docs/how-a-run-works.md lists all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from erp_build.build.quality_checks import require_checks, run_checks
from erp_build.build.stage import build_images
from erp_build.changes.baselines import chosen_of, find_baselines, find_head, refuse_doubt, refuse_older
from erp_build.changes.detect import detect_changes, look_behind
from erp_build.changes.live_state import read_live_state
from erp_build.changes.make_plan import choose, make_plan, with_repairs
from erp_build.changes.reuse import find_reusable
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.deployment.checks.kept_chart import chart_to_deploy
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
from erp_build.errors import ErpBuildError, Failure, PartlyDeployed, VerificationFailed, explain, told
from erp_build.formats.printable import few_names
from erp_build.gate.evidence import check_evidence
from erp_build.gate.result import GateRules
from erp_build.gate.stage import clear_images, judge_images, read_rules
from erp_build.model.check_run import Checked
from erp_build.model.choice import Choice, choice_of
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Project
from erp_build.run_record import Run, RunReport, UnitReport


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
        only, without: names of the targets that may be deployed (empty: all), and of those that may not; what is left
            out stays as it runs.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    head: str | None = None
    strict: bool = False
    allow_older: bool = False
    wait_for_lock: float = 0.0
    replace_cut_off_install: bool = False
    rebuild: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def run(project: Project, clients: Clients, options: Options, run: Run) -> RunReport:
    """Build, clear, deploy and prove what has changed. `run` keeps what was done, also when this raises."""
    run.require_known_stages()
    choice = choice_of(project, options.only, options.without)
    if len(project.units) > 1:
        return run_apart(project, clients, options, choice, run)
    head = find_head(clients.repository, options.variables, options.head)
    site = Site(project, clients, run.stage(read_environment, clients, project))
    run.keep(place=site.environment.place)
    rules = run.stage(read_rules, clients, project.gate)
    live = run.stage(read_live_state, site)
    plan = plan_from(run, site, options, head, live)
    if plan.is_empty:
        prove_that_nothing_is_to_do(run, site, options, head, live)
        if not latest_behind(live, plan.unchosen) and not is_unproven(past_deployments(site)):
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
            prove_what_runs(run, site, lock, settled, plan.head, few_names(plan.left_out))
            move_latest_of_earlier_runs(run, site, rules, settled, plan.unchosen)
        else:
            if plan.unchosen and is_unproven(lock.entries):
                require_proven(run, site, lock, settled)
            with chart_to_deploy(site, plan, settled) as site:
                build_and_deploy(run, site, rules, plan, settled, lock)
    return run.report()


def run_apart(project: Project, clients: Clients, options: Options, choice: Choice, whole: Run) -> RunReport:
    """Run each of several releases by itself: its own plan, images, gate, lock, deployment, proof and way back.

    What ends one, a mistake of this program too, ends no other; only a signal ends all of them. The error at the end
    names every release that was not deployed, with its reason.
    """
    for unit in project.units:
        chart, names = unit.chart.name, {target.name for target in unit.targets}
        if not any(map(choice.has, names)):
            whole.leave_out(chart)
            continue
        only, without, rebuild = (
            tuple(name for name in given if name in names) for given in (options.only, options.without, options.rebuild)
        )
        own = whole.of_unit()
        try:
            clients.progress.say(f"the release {unit.chart.release}", chart)
            with clients.clock.limit_kept():
                run(unit, clients, replace(options, only=only, without=without, rebuild=rebuild), own)
        except BaseException as error:
            own.keep(error=error if isinstance(error, Failure) else bug_of(error))
            if not isinstance(error, Exception):
                raise
            clients.progress.say(f"the release {unit.chart.release} is not deployed: {told(error)}", chart)
        finally:
            whole.add_unit(chart, own)
    report = whole.report()
    raise_for_units(report.units)
    return report


def bug_of(error: BaseException) -> ErpBuildError:
    """A mistake of this program as an error of ours, with its traceback behind it."""
    bug = ErpBuildError("a bug of erp_build", why=told(error))
    bug.__cause__ = error
    return bug


def raise_for_units(units: Sequence[UnitReport]) -> None:
    """Raise `PartlyDeployed` where some releases were deployed and some were not, or what ended them all."""
    failed = [(unit.name, unit.error) for unit in units if unit.error]
    if not failed:
        return
    lines = [f"{name}: {told(error)} (exit code {error.code})" for name, error in failed]
    if gone := [unit.name for unit in units if unit.outcome in ("deployed", "rehearsed")]:
        raise PartlyDeployed(
            f"{len(failed)} of {len(units)} releases were not deployed",
            where=", ".join(name for name, _ in failed),
            why="\n".join((*lines, f"deployed: {', '.join(gone)}")),
            next_step="\n".join(f"{name}: {error.next_step}" for name, error in failed if error.next_step),
        ) from failed[0][1]
    first = failed[0][1]
    if len(failed) > 1:
        explain(first, f"this was {failed[0][0]}; the others were not deployed either:", *lines[1:])
    raise first


def build_and_deploy(run: Run, site: Site, rules: GateRules, plan: Plan, live: LiveState, lock: Lock) -> None:
    """Do what the plan says, prove it, and record it; a failure takes functions and release back."""
    preview = run.stage(check_plan, site, plan)
    cleared = build_and_clear(run, site, rules, plan, live)
    with recorded_deployment(run, site, plan, lock):
        deployed = run.stage(deploy, site, plan, cleared, lock, preview)
        run.stage(prove, site, plan, cleared, deployed)
    # What follows is short, and the next run would have to do it.
    site.clients.clock.lift_limit()
    run.stage(move_latest, site, cleared)
    moved = [one.image.target for one in cleared]
    move_latest_of_earlier_runs(run, site, rules, live, (*moved, *plan.unchosen))
    run.stage(write_back, site, plan, deployed)
    run.stage(read_alarms, site)


def prove_what_runs(run: Run, site: Site, lock: Lock, live: LiveState, commit: str, left_out: str = "") -> None:
    """Prove what an earlier run deployed, and record that proof, where everything that runs can be proven."""
    proofs = run.stage(prove_again, site, live)
    if len(proofs) == len(live.running):
        if is_unproven(lock.entries):
            run.stage(watch_again, site, lock)
        record_proof(site, lock, commit, left_out)


def require_proven(run: Run, site: Site, lock: Lock, live: LiveState) -> None:
    """Prove what runs before a part of it is deployed: the proof of that part would vouch for the rest as well."""
    words = "the last deployment was cut off or failed, and this run proves only what was chosen"
    try:
        prove_what_runs(run, site, lock, live, "")
    except ErpBuildError as error:
        explain(error, words, next_step="run without --only and --except, or erp-build rollback")
        raise
    if is_unproven(lock.entries):
        raise VerificationFailed(
            "what would be left out is not proven",
            where=str(site.release),
            why=words,
            next_step="run without --only and --except, or erp-build rollback",
        )


def prove_that_nothing_is_to_do(run: Run, site: Site, options: Options, head: str, live: LiveState) -> None:
    """Prove what runs. Where that fails because a newer run deploys at the same time, that is what is said."""
    try:
        # An earlier run may have been cut off between its deployment and its proof.
        run.stage(prove_again, site, live)
    except VerificationFailed:
        if not options.allow_older:
            now = run.stage(read_live_state, site)
            refuse_older(
                site.clients.repository,
                head,
                chosen_of(now, site.project, choice_of(site.project, options.only, options.without)),
            )
        raise


def plan_from(run: Run, site: Site, options: Options, head: str, live: LiveState) -> Plan:
    """Make the plan from the live state."""
    git, project = site.clients.repository, site.project
    choice = choice_of(project, options.only, options.without)
    if not options.allow_older:
        refuse_older(git, head, chosen_of(live, project, choice))
    baselines = run.stage(find_baselines, git, project, head, live=live, variables=options.variables, base=options.base)
    if options.strict:
        refuse_doubt(baselines, choice)
    changes = look_behind(git, project, run.stage(detect_changes, git, project, baselines, head))
    plan = choose(run.stage(make_plan, project, changes, live, rebuild=options.rebuild), choice)
    run.keep(plan=plan)
    plan = with_repairs(run.stage(find_reusable, site, plan, live))
    run.keep(plan=plan)
    return plan


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

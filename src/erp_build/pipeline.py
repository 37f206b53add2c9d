"""The run, in order. Start reading here.

Each stage takes the `Site` and the results of earlier stages, and returns the next value. Every image is built and
cleared before the first step of a deployment: only the gate makes a `ClearedImage`, and `deploy` takes nothing else.
When `deploy` or `prove` fails, evidence is collected, and functions and release go back to what ran before. `Run.stage`
runs a stage together with the caller's hooks. `@stage` above each function says what it may touch, and
docs/how-a-run-works.md lists all of them.
"""

from collections.abc import Collection
from dataclasses import replace

from erp_build.apart import builds_of_all, each_unit, raise_for_built, raise_for_deployed
from erp_build.build.fleet.commit import require_planned_commit
from erp_build.build.fleet.project import find_workforce
from erp_build.build.fleet.stage import FleetOrder, build_on_workers
from erp_build.build.images_alone import against_nothing, check_builds, plan_images
from erp_build.build.quality_checks import require_checks, run_checks
from erp_build.build.stage import build_images
from erp_build.changes.baselines import chosen_of, find_baselines, find_head, refuse_doubt, refuse_older
from erp_build.changes.detect import detect_changes, look_behind, without_owned
from erp_build.changes.live_state import read_live_state
from erp_build.changes.make_plan import choose, make_plan, with_repairs
from erp_build.changes.rebuilds.reasons import on_bases_of_now, with_rebuilds
from erp_build.changes.reuse import find_reusable
from erp_build.clients.asked_once import account_asked_once
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.clients.unasked import clients_of, without_what_runs
from erp_build.config.codebuild import project_of_build
from erp_build.deployment.bake.stage import look_before
from erp_build.deployment.bake.targets import read_targets
from erp_build.deployment.checks.kept_chart import chart_to_deploy
from erp_build.deployment.checks.kept_images import with_lost_images
from erp_build.deployment.claim import claim_of
from erp_build.deployment.frozen.freeze import uncommitted_files
from erp_build.deployment.frozen.steps import (
    clear_and_freeze,
    held,
    hold_changes,
    hold_findings,
    hold_ground,
    live_state,
)
from erp_build.deployment.going_back.automatic import bake_deployment, recorded_deployment
from erp_build.deployment.going_back.stuck_release import let_it_settle, recover_release
from erp_build.deployment.going_back.what_runs import telling_what_runs
from erp_build.deployment.latest import latest_behind, move_latest
from erp_build.deployment.lock import Lock, take_lock
from erp_build.deployment.logs.first_errors import read_first_errors
from erp_build.deployment.logs.traces import compare_traces
from erp_build.deployment.preflight import check_plan
from erp_build.deployment.proof import prove, read_alarms
from erp_build.deployment.recording import is_unproven
from erp_build.deployment.stage import deploy, write_back
from erp_build.deployment.status import past_deployments
from erp_build.formats.printable import few_names
from erp_build.gate.evidence import check_evidence
from erp_build.gate.rebuilds import find_rebuilds, same_as_before
from erp_build.gate.result import GateRules
from erp_build.gate.stage import clear_images, judge_images, read_rules
from erp_build.model.build_options import FanOut
from erp_build.model.choice import Choice, choice_of
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Project
from erp_build.model.quality_checks.check_run import Checked
from erp_build.model.releases.units import name_of, units_of
from erp_build.proving import prove_that_nothing_is_to_do, prove_what_runs, require_proven
from erp_build.run_options import Options
from erp_build.run_record import Run, RunReport


def run(project: Project, clients: Clients, options: Options, run: Run) -> RunReport:
    """Build, clear, deploy and prove what has changed. `run` keeps what was done, also when this raises."""
    run.require_known_stages()
    choice = choice_of(project, options.only, options.without)
    if len(units_of(project)) > 1:
        return run_apart(project, clients, options, choice, run)
    head = find_head(clients.repository, options.variables, options.head)
    site = Site(project, clients_of(project, clients), run.stage(read_environment, clients, project))
    run.keep(place=site.environment.place)
    rules = run.stage(read_rules, clients, project.gate)
    hold_ground(run, site, options, rules, head)
    live = live_state(run, site, options)
    plan = plan_from(run, site, options, head, live)
    if options.until == "cleared":
        clear_and_freeze(run, site, rules, plan, live, options, clear=build_and_clear)
        return run.report()
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
                build_and_deploy(run, site, rules, plan, settled, lock, options=options)
    return run.report()


def run_apart(project: Project, clients: Clients, options: Options, choice: Choice, whole: Run) -> RunReport:
    """Run each of several releases and functions by itself: its own plan, images, gate, lock, proof and way back.

    What ends one ends no other. The error at the end names each one that was not deployed, with its reason.
    """
    clients = account_asked_once(clients)
    number = builds_of_all(project, clients, options, choice.has, plan_of=plan_from)
    # A release writes its values file into the checkout, which is no reason to refuse the next one.
    uncommitted = uncommitted_files(clients.repository) if options.saved else None
    names = tuple(name_of(unit) for unit in units_of(project))
    options = replace(options, builds_of_all=number, uncommitted=uncommitted, units=names)

    def run_one(unit: Project, own: Run) -> object:
        return run(unit, clients, options.of_unit(unit), own)

    ended = each_unit(units_of(project), clients, choice.has, whole, run_one)
    if plan := whole.report().plan:
        whole.keep(plan=without_owned(clients.repository, project, plan))
    raise_for_deployed(ended)
    return whole.report()


def build_and_deploy(
    run: Run, site: Site, rules: GateRules, plan: Plan, live: LiveState, lock: Lock, *, options: Options
) -> None:
    """Do what the plan says, prove it, and record it; a failure takes functions and release back."""
    preview = run.stage(check_plan, site, plan)
    hold_changes(run, site, options, live, plan, preview)
    plan = built_on_workers(run, site, options, plan, lock)
    cleared = build_and_clear(run, site, rules, plan, live, options)
    began = site.clients.clock.now()
    red = run.stage(look_before, site, plan) if site.project.deploy.bake else ()
    with recorded_deployment(run, site, plan, lock, red):
        deployed = run.stage(deploy, site, plan, cleared, lock, preview)
        run.stage(prove, site, plan, cleared, deployed)
        bake_deployment(run, site, lock, red)
    # What follows is short, and the next run would have to do it.
    site.clients.clock.lift_limit()
    run.stage(move_latest, site, cleared)
    moved = [one.image.target for one in cleared]
    move_latest_of_earlier_runs(run, site, rules, live, (*moved, *plan.unchosen))
    run.stage(write_back, site, plan, deployed)
    if site.project.deploy.traces:
        run.stage(compare_traces, site, plan, began)
    run.stage(read_first_errors, site, plan, deployed, began)
    run.stage(read_targets, site, plan, began)
    run.stage(read_alarms, site)


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
    if options.refresh:
        plan = with_rebuilds(plan, on_bases_of_now(options.refresh))
    elif (options.stale or options.rebuild) and not options.saved:
        same = find_reusable(site, choose(make_plan(project, changes, live), choice), live)
        plan = run.stage(find_rebuilds, site, plan, same, stale=options.stale)
    run.keep(plan=plan)
    plan = held(run, site, options, live, with_repairs(run.stage(find_reusable, site, plan, live)))
    plan = with_lost_images(site, plan)
    run.keep(plan=plan)
    return plan


def settle_release(run: Run, site: Site, options: Options, lock: Lock) -> LiveState:
    """Read the live state under the lock, after the operations of an earlier run have ended."""
    if lock.former.holder:
        # The previous run was killed without freeing the lock: the rollout that it began goes on without it.
        run.stage(let_it_settle, site)
    live = live_state(run, site, options)
    if live.revision and (live.revision.is_pending or live.revision.is_being_removed):
        run.stage(recover_release, site, lock, uninstall=options.replace_cut_off_install)
        live = run.stage(read_live_state, site)
    lock.builds_on(live.revision)
    return live


def built_on_workers(run: Run, site: Site, options: Options, plan: Plan, lock: Lock) -> Plan:
    """Have workers build where that is wanted and worth it; returns the plan with what is left to be built here."""
    fan_out = FanOut(*site.project.build.fan_out)
    own = project_of_build(options.variables)
    workforce = find_workforce(site, fan_out, plan, own, builds_of_all=options.builds_of_all)
    if why := workforce.obstacle:
        site.say(f"everything is built here: {why}")
        plan = plan._replace(warnings=(*plan.warnings, f"[build.fan_out]: {why}"))
        run.keep(plan=plan)
    if not workforce.at_once:
        return plan
    since = run.report().seconds
    order = FleetOrder(
        options=fan_out,
        project=workforce.project,
        at_once=workforce.at_once,
        seconds=options.seconds,
        require_ours=lock.require_held,
        note=lambda workers: run.keep(workers=tuple(one.later(since) for one in workers)),
    )
    return run.stage(build_on_workers, site, plan, order)


def build_and_clear(
    run: Run, site: Site, rules: GateRules, plan: Plan, live: LiveState, options: Options
) -> tuple[ClearedImage, ...]:
    """Build the plan's images and clear them. This changes nothing that runs."""
    images = make_images(run, site, plan)
    if same := same_as_before(plan, images):
        run.keep(plan=plan._replace(warnings=(*plan.warnings, *same)))
    judgement = run.stage(judge_images, site.clients, rules, images, live.running)
    hold_findings(run, site, options, judgement)
    cleared = run.stage(clear_images, judgement)
    if site.project.build.evidence:
        run.stage(check_evidence, site, plan, images)
    return cleared


def make_images(run: Run, site: Site, plan: Plan) -> tuple[BuiltImage, ...]:
    """Check the sources and provide the plan's images."""
    checked = check_sources(run, site, plan)
    # Only evidence needs them: a hook of a caller has the arguments that it always had.
    if site.project.build.evidence:
        return run.stage(build_images, site, plan, checked)
    return run.stage(build_images, site, plan)


def build(project: Project, clients: Clients, options: Options, run: Run, only: Collection[str]) -> RunReport:
    """Build and push what has no image of its content yet, and end there.

    `only` are the names of services and functions. Nothing that runs is asked or locked, and no scan is judged: the
    registry is the only hand-over to a later run. The checks of the sources do run, because a run does not check again
    what it finds by its key. Of several releases each is built by itself, as `run` does it.
    """
    run.require_known_stages()
    if len(project.releases) > 1:
        return build_apart(project, clients, options, run, only)
    clients = without_what_runs(clients)
    head = find_head(clients.repository, options.variables, options.head)
    require_planned_commit(clients, head, options.variables)
    site = Site(project, clients, run.stage(read_environment, clients, project))
    run.keep(place=site.environment.place)
    changes = look_behind(clients.repository, project, against_nothing(project, head))
    plan = run.stage(plan_images, project, changes, only, options.rebuild)
    plan = run.stage(find_reusable, site, plan, LiveState())
    run.stage(check_builds, site, plan)
    make_images(run, site, plan)
    return run.report()


def build_apart(project: Project, clients: Clients, options: Options, whole: Run, only: Collection[str]) -> RunReport:
    """Build the images of each of several releases by itself; what ends one ends no other."""
    clients = account_asked_once(clients)

    def build_one(release: Project, own: Run) -> object:
        return build(release, clients, options.of_unit(release), own, only)

    raise_for_built(each_unit(project.releases, clients, only.__contains__, whole, build_one))
    return whole.report()


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

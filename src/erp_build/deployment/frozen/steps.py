"""What a run does beside its stages where a plan is saved or done; without one, each of these leaves it as it is."""

from collections.abc import Callable

from erp_build.changes.live_state import read_live_state
from erp_build.clients.site import Site
from erp_build.deployment.checks.kept_chart import chart_to_deploy
from erp_build.deployment.frozen.approval import read_approvals
from erp_build.deployment.frozen.freeze import freeze_plan, require_freezable, uncommitted_files
from erp_build.deployment.frozen.hold import (
    compare_changes,
    compare_findings,
    compare_ground,
    compare_live,
    hold_plan,
    with_built,
)
from erp_build.deployment.preflight import check_plan
from erp_build.gate.result import GateRules, Judgement
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.releases.preview import Preview
from erp_build.model.releases.units import name_of
from erp_build.run_options import Options
from erp_build.run_record import Run


def clear_and_freeze(
    run: Run,
    site: Site,
    rules: GateRules,
    plan: Plan,
    live: LiveState,
    options: Options,
    *,
    clear: Callable[[Run, Site, GateRules, Plan, LiveState, Options], tuple[ClearedImage, ...]],
) -> None:
    """Build and clear what the plan needs, and freeze it. Nothing that runs is changed, and no lock is taken."""
    require_freezable(site, live, plan)
    preview, cleared = None, tuple[ClearedImage, ...]()
    if not plan.is_empty:
        with chart_to_deploy(site, plan, live) as there:
            run.stage(check_plan, there, plan)
            cleared = clear(run, there, rules, plan, live, options)
            # Once more, with the digests that are known by now: what is approved is what will be written.
            preview = run.stage(check_plan, there, with_built(there, plan, cleared))
    run.stage(freeze_plan, site, rules, live, plan, preview, cleared)


def hold_ground(run: Run, site: Site, options: Options, rules: GateRules, head: str) -> None:
    """Refuse to do a saved plan on other ground: another commit, place, policy."""
    if options.saved:
        run.keep(saved=options.saved)
        asked = options.uncommitted
        uncommitted = uncommitted_files(site.clients.repository) if asked is None else asked
        units = options.units or (name_of(site.project),)
        run.stage(compare_ground, site, options.saved, rules, head, uncommitted, units)
        run.stage(read_approvals, site, options.variables, options.saved.plan.made)


def live_state(run: Run, site: Site, options: Options) -> LiveState:
    """Read what runs; where a saved plan is done, it must be what that plan was made of."""
    live = run.stage(read_live_state, site)
    if options.saved:
        run.stage(compare_live, site, options.saved, live)
    return live


def held(run: Run, site: Site, options: Options, live: LiveState, plan: Plan) -> Plan:
    """The plan, which must be the saved one, with the images that were cleared for it."""
    return run.stage(hold_plan, site, options.saved, live, plan) if options.saved else plan


def hold_changes(run: Run, site: Site, options: Options, live: LiveState, plan: Plan, preview: Preview) -> None:
    """Refuse to change something else than the saved plan says."""
    if options.saved:
        run.stage(compare_changes, site, options.saved, live, plan, preview)


def hold_findings(run: Run, site: Site, options: Options, judgement: Judgement) -> None:
    """Refuse images with findings that the saved plan does not have."""
    if options.saved:
        run.stage(compare_findings, site, options.saved, judgement)

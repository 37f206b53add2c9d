"""Several releases and functions of a project: each is worked on by itself, and what ends one ends no other."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from erp_build.build.fleet.shares import shareable
from erp_build.changes.baselines import find_head
from erp_build.changes.live_state import read_live_state
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, open_site
from erp_build.errors import ErpBuildError, Failure, PartlyDeployed, combine, explain, told
from erp_build.model.build_options import FanOut
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Project
from erp_build.model.releases.units import name_of, units_of
from erp_build.run_options import Options
from erp_build.run_record import Run, UnitKind, UnitReport

PlanOf = Callable[[Run, Site, Options, str, LiveState], Plan]
"""Makes the plan of a release: for a run that keeps it, where, by which options, of which commit, over what runs."""


def each_unit(
    units: Sequence[Project],
    clients: Clients,
    is_chosen: Callable[[str], bool],
    whole: Run,
    work: Callable[[Project, Run], object],
) -> tuple[UnitReport, ...]:
    """Do the work for each unit that has a chosen target; returns how each ended, those left out too.

    What ends one, a mistake of this program too, ends no other; only a signal ends all of them.

    Args:
        units: releases, and functions that are deployed by themselves, each a project of its own.
        clients: tell where the work is.
        is_chosen: whether a target is chosen, by its name.
        whole: the run of them all, which keeps what each has made.
        work: takes the project of one unit, and a run of its own.
    """
    for unit in units:
        name, kind, words = name_of(unit), _kind(unit), _words(unit)
        if not any(is_chosen(target.name) for target in unit.targets):
            whole.leave_out(name, kind)
            continue
        own = whole.of_unit()
        try:
            clients.progress.say(words, name)
            with clients.clock.limit_kept(), clients.patience.anew():
                work(unit, own)
        except BaseException as error:
            own.keep(error=error if isinstance(error, Failure) else bug_of(error))
            if not isinstance(error, Exception):
                raise
            clients.progress.say(f"{words} ends here: {told(error)}", name)
        finally:
            whole.add_unit(name, kind, own)
    return whole.report().units


def builds_of_all(
    project: Project, clients: Clients, options: Options, is_chosen: Callable[[str], bool], *, plan_of: PlanOf
) -> int:
    """How many builds of all units workers could make: what `from` of `[build.fan_out]` is compared with.

    For that each unit is planned before the first one's turn, which only reads. One that cannot be planned counts as
    none: its own turn tells why. Without workers nothing is planned.

    Args:
        project: of several units.
        clients: read what runs.
        options: of the run.
        is_chosen: whether a target is chosen, by its name.
        plan_of: makes the plan of one unit.
    """
    fan_out, number = FanOut(*project.build.fan_out), 0
    for unit in units_of(project) if fan_out.workers else ():
        if any(is_chosen(target.name) for target in unit.targets):
            with suppress(Exception):
                site, head = open_site(unit, clients), find_head(clients.repository, options.variables, options.head)
                aside = Run(clock=clients.clock, on_stage=lambda _: None)
                plan = plan_of(aside, site, options.of_unit(unit), head, read_live_state(site))
                number += len(shareable(fan_out, plan))
    return number


def bug_of(error: BaseException) -> ErpBuildError:
    """A mistake of this program as an error of ours, with its traceback behind it."""
    bug = ErpBuildError("a bug of erp_build", why=told(error))
    bug.__cause__ = error
    return bug


def raise_for_deployed(units: Sequence[UnitReport]) -> None:
    """Raise `PartlyDeployed` where some units were deployed and some were not, or what ended them all."""
    failed = [(unit.name, unit.error) for unit in units if unit.error]
    if not failed:
        return
    lines = [f"{name}: {told(error)} (exit code {error.code})" for name, error in failed]
    if gone := [unit.name for unit in units if unit.outcome in ("deployed", "rehearsed")]:
        what = "releases and functions" if any(unit.kind == "function" for unit in units) else "releases"
        raise PartlyDeployed(
            f"{len(failed)} of {len(units)} {what} were not deployed",
            where=", ".join(name for name, _ in failed),
            why="\n".join((*lines, f"deployed: {', '.join(gone)}")),
            next_step="\n".join(f"{name}: {error.next_step}" for name, error in failed if error.next_step),
        ) from failed[0][1]
    first = failed[0][1]
    if len(failed) > 1:
        explain(first, f"this was {failed[0][0]}; the others were not deployed either:", *lines[1:])
    raise first


def raise_for_built(units: Sequence[UnitReport]) -> None:
    """Raise what kept images of some releases from being made, as one error."""
    if failed := [unit.error for unit in units if isinstance(unit.error, ErpBuildError)]:
        raise combine(failed)


def _kind(unit: Project) -> UnitKind:
    return "release" if unit.has_release else "function"


def _words(unit: Project) -> str:
    return f"the release {unit.chart.release}" if unit.has_release else f"the function {unit.functions[0].function}"

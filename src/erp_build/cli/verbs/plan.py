"""`plan`: what a run would do, and why."""

from __future__ import annotations

import os
from functools import reduce
from typing import TYPE_CHECKING

from erp_build.changes.baselines import PREVIOUS, ambiguity, find_head
from erp_build.changes.blind_spots.named_places import look_up
from erp_build.changes.detect import compared, plan, warning_of, without_owned
from erp_build.changes.make_plan import asks_what_is_stale, make_plan, names_to_rebuild, with_repairs
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.rules import folder_read_from_below
from erp_build.cli.options import ONLY, REBUILD, WITHOUT, CommonOptions, flag, option
from erp_build.clients.git.repository import GitRepository
from erp_build.deployment.migrations.files import started_migrations
from erp_build.model.choice import choice_of
from erp_build.model.commit import is_full_commit
from erp_build.model.plan import LiveState, Plan
from erp_build.report.text.plan import plan_markdown, plan_text

if TYPE_CHECKING:
    from erp_build.cli.console import Console
    from erp_build.cli.fast_path.compiled_project import ProjectIndex
    from erp_build.cli.saved_plan import UnitPlan
    from erp_build.clients.site import Site
    from erp_build.model.project import Project
    from erp_build.model.releases.frozen_plan import FrozenChoice

MAX_TARGETS_SHOWN_IN_FULL = 20
"""A plan of up to so many targets shows all of them; a larger one shows only those that something touches."""

EXAMPLES = """\
examples:
  erp-build plan                      what my branch would build, compared with its upstream
  erp-build plan --base HEAD~3        compared with a commit of my choice
  erp-build plan --only NAME          what a run of these targets alone would do
  erp-build plan --live               compared with what runs now (needs AWS credentials)
  erp-build plan --live --rebuild     and what a base that has moved, or a fix of a finding, would build anew
  erp-build plan --live --save FILE   and kept in a file, for run --plan FILE
  erp-build plan --markdown           for the description of a pull request
  erp-build plan --json | jq .targets
"""


class Options(CommonOptions):
    """The options of `plan`."""

    base: str | None = option("--base", metavar="REV", help="compare every target with this commit")
    head: str | None = option("--head", metavar="REV", help="the commit to plan for (default: HEAD)")
    live: bool = flag("--live", "compare each target with what runs of it")
    save: str | None = option("--save", metavar="FILE", help="with --live: write the plan, for run --plan FILE")
    strict: bool = flag("--strict", "exit 3 when a baseline is in doubt")
    rebuild: list[str] | None = REBUILD
    only: list[str] | None = ONLY
    without: list[str] | None = WITHOUT
    json: bool = flag("--json", "print the plan as JSON", choice="at most one")
    markdown: bool = flag("--markdown", "print the plan for a pull request", choice="at most one")


def main(options: Options, console: Console) -> None:
    """Print the plan."""
    repository = GitRepository(console.folder, options.early)
    if asks_what_is_stale(options.rebuild) and not options.live:
        _refuse_stale_offline()
    if options.save:
        _require_savable(repository, options)
    index = _index(console, repository, options)
    short = (
        index.releases == 1
        and index.size > MAX_TARGETS_SHOWN_IN_FULL
        and not (options.live or options.json or options.markdown or options.rebuild or options.only or options.without)
    )
    project = _touched(index, repository, options) if short else index.project()
    if options.live:
        made = _plan_live(console, project, repository, options)
    else:
        made = _short_plan(index, project, repository, options) if short else _plan(project, repository, options, None)
        if not options.head and not is_full_commit(options.base or ""):
            # Whoever plans for the checkout means the work at hand. Two full commits are compared for their own sake.
            made = made._replace(warnings=(*made.warnings, *warning_of(repository.uncommitted(), repository.complaint)))
        made = made._replace(warnings=(*made.warnings, *(one.warning for one in started_migrations(made))))
    if options.head and repository.is_ambiguous(options.head):
        made = made._replace(warnings=(*made.warnings, ambiguity(options.head)))
    if options.json:
        from erp_build.report.json.plan import plan_document

        console.print_json(plan_document(made))
    elif options.markdown:
        console.print(plan_markdown(made, console.secrets.mask))
    else:
        if console.is_watched:
            from erp_build.changes.blind_spots.missing_files import missing_warning

            made = made._replace(warnings=(*made.warnings, *missing_warning(repository, made, options.head)))
        text = plan_text(made, others=index.size - len(made.steps), colour=console.colour)
        console.print_fitted(text, coloured=console.colour)


def _index(console: Console, repository: GitRepository, options: Options) -> ProjectIndex:
    """The project of the checkout; of another commit, the one that this commit has."""
    commit = repository.resolve(options.head) if options.head else None
    if commit is None or repository.is_checked_out(commit):
        return console.index()
    from erp_build.cli.fast_path.compiled_project import index_of_commit

    return index_of_commit(repository, commit, options.config, console.packagings)


def _touched(index: ProjectIndex, repository: GitRepository, options: Options) -> Project:
    """The project with only the targets that a short plan shows, or all where the baseline is not known yet."""
    if PREVIOUS in os.environ:
        return index.project()
    head = find_head(repository, os.environ, options.head)
    commit = repository.resolve(options.base) if options.base else repository.upstream_base(head)
    if commit is None:
        return index.project()
    changes = repository.changed_paths(commit, head)
    paths = [change.path for change in changes]
    if any(folder_read_from_below(path) for path in paths):
        # It may count for a module of a target that lies elsewhere.
        return index.project()
    graphs = poms_of(repository).between(commit, head, changes) if changes else ()
    return index.narrowed(paths, {folder for graph in graphs for path in paths for folder in graph.users_of(path)})


def _short_plan(index: ProjectIndex, project: Project, repository: GitRepository, options: Options) -> Plan:
    """The plan of the targets that something touches.

    Links and misspelled paths hide in the others. So a plan without anything to do is made of all targets.
    """
    changes = compared(
        project, repository, base=options.base, head=options.head, variables=os.environ, strict=options.strict
    )
    made = make_plan(project, look_up(repository, project, changes), LiveState())
    if not made.is_empty:
        return made
    whole = _plan(index.project(), repository, options, None)
    shown = {step.target.name for step in made.steps} | {step.target.name for step in whole.steps if step.because}
    return whole._replace(steps=tuple(step for step in whole.steps if step.target.name in shown))


def _plan(
    project: Project,
    repository: GitRepository,
    options: Options,
    live: LiveState | None,
    part: Project | None = None,
    *,
    with_rebuild: bool = True,
) -> Plan:
    """The plan of the project, or of one unit of it; names are those of the whole project."""
    choice = choice_of(project, options.only or (), options.without or ())
    return plan(
        part or project,
        repository,
        base=options.base,
        head=options.head,
        live=live,
        variables=os.environ,
        strict=options.strict,
        rebuild=names_to_rebuild(project, options.rebuild, choice) if options.rebuild and with_rebuild else (),
        choice=choice,
    )


def _plan_live(console: Console, project: Project, repository: GitRepository, options: Options) -> Plan:
    from dataclasses import replace

    from erp_build.clients.unasked import clients_of
    from erp_build.model.releases.units import units_of

    with console.site(project) as site:
        # A run holds each unit to its own part of a saved plan; functions apart change nothing else about a plan.
        units = units_of(project) if options.save else project.releases
        parts = [replace(site, project=unit, clients=clients_of(unit, site.clients)) for unit in units]
        made = [_unit_live(one, project, repository, options) for one in parts]
        whole = reduce(Plan.beside, (one.plan for one in made))
        if options.save:
            from erp_build.cli.saved_plan import save_live

            saved = save_live(options.save, made, _frozen_choice(options, whole), console.secrets)
            console.complain(f"the plan {saved.digest[:19]} is in {options.save}")
        return without_owned(repository, project, whole) if len(parts) > 1 else whole


def _with_rebuilds(site: Site, made: Plan, same: Plan, live: LiveState, options: Options, *, checkout: bool) -> Plan:
    """The plan with the reasons of what is built anew. Scans that are too old are assumed to be repeated."""
    from dataclasses import replace

    from erp_build.changes.reuse import find_reusable
    from erp_build.clients.effects import Journal
    from erp_build.clients.rehearsal.clients import rehearsed
    from erp_build.gate.rebuilds import find_rebuilds

    there = replace(site, clients=rehearsed(site.clients, Journal()))
    same = find_reusable(there, same, live, checkout=checkout)
    return find_rebuilds(there, made, same, stale=asks_what_is_stale(options.rebuild), checkout=checkout)


def _require_savable(repository: GitRepository, options: Options) -> None:
    """Refuse to save what no run could do as it was compared."""
    from erp_build.errors import ConfigurationError

    if options.live and not options.head and not repository.is_bare():
        return
    raise ConfigurationError(
        "only a plan of the checkout, compared with what runs, can be saved",
        where="the command line",
        why="a run deploys the chart and the files of its checkout",
        next_step="plan --live --save FILE, in a checkout of the commit and without --head",
    )


def _refuse_stale_offline() -> None:
    """Refuse to say without what runs whether it is to be built anew."""
    from erp_build.errors import ConfigurationError

    raise ConfigurationError(
        "only what runs tells what is to be built anew",
        where="--rebuild without a name",
        next_step="plan --live --rebuild; or name it: --rebuild NAME, and --rebuild '*' for every one",
    )


def _frozen_choice(options: Options, plan: Plan) -> FrozenChoice:
    from erp_build.changes.rebuilds.reasons import named_again
    from erp_build.model.releases.frozen_plan import FrozenChoice

    only, without = tuple(options.only or ()), tuple(options.without or ())
    rebuild, refresh = named_again(plan)
    return FrozenChoice(base=options.base or "", only=only, without=without, rebuild=rebuild, refresh=refresh)


def _unit_live(site: Site, project: Project, repository: GitRepository, options: Options) -> UnitPlan:
    """The plan of one unit, compared with what runs."""
    # Only here, so that an offline plan loads none of the SDKs.
    from erp_build.changes.live_state import probe_warnings, read_live_state
    from erp_build.changes.reuse import find_reusable
    from erp_build.changes.tag_uses import tag_warnings
    from erp_build.cli.saved_plan import UnitPlan
    from erp_build.deployment.checks.kept_chart import why_not_kept
    from erp_build.deployment.checks.kept_images import with_lost_images
    from erp_build.deployment.migrations.foreseen import warnings_before

    live, chart = read_live_state(site), site.project.chart
    made = _plan(project, repository, options, live, site.project)
    checkout = not options.head and not repository.is_bare()
    if options.rebuild:
        same = _plan(project, repository, options, live, site.project, with_rebuild=False)
        made = _with_rebuilds(site, made, same, live, options, checkout=checkout)
    # Another commit than the one that is checked out would be built from a checkout of its own.
    made = with_repairs(find_reusable(site, made, live, checkout=checkout))
    made = with_lost_images(site, made)
    said = (*why_not_kept(site, made, live), *tag_warnings(repository, chart, made), *probe_warnings(chart, made))
    said = (*said, *warnings_before(site, made, live, checkout=checkout))
    return UnitPlan(site, live, made._replace(warnings=(*made.warnings, *said)))

"""`run`: build, clear, deploy and prove what changed."""

import os
from pathlib import Path

from erp_build import pipeline
from erp_build.changes.make_plan import asks_what_is_stale, names_to_rebuild
from erp_build.changes.rebuilds.reasons import named_again
from erp_build.cli.console import Console
from erp_build.cli.options import (
    ONLY,
    REBUILD,
    TIMEOUT,
    WAIT_FOR_LOCK,
    WITHOUT,
    CommonOptions,
    file_option,
    flag,
    option,
)
from erp_build.cli.reported import REPORT, Reported
from erp_build.cli.saved_plan import PLAN, load_plan, save_plan
from erp_build.errors import ConfigurationError
from erp_build.model.build_options import FanOut
from erp_build.model.choice import choice_of
from erp_build.model.plan import Plan
from erp_build.model.project import Project
from erp_build.model.releases.frozen_plan import FrozenChoice
from erp_build.report.notify import notify
from erp_build.run_options import Options as RunOptions

EXAMPLES = """\
examples:
  erp-build run                       what CodeBuild calls
  erp-build run --rehearse            read everything, change nothing, say what would be done
  erp-build run --base v1.4           compare with a tag instead of what runs
  erp-build run --only NAME NAME      deploy these alone; the rest stays as it runs
  erp-build run --rebuild             build anew what has a fix, and what is built on a base that has moved
  erp-build run --rebuild NAME        build it anew, whatever there is to say for it
  erp-build run --report out/r.json   write the report somewhere else
  erp-build run --until cleared --save plan.json   build and clear, save what would be deployed, deploy nothing
  erp-build run --plan plan.json      do exactly that, or leave with 13 and say what has moved
"""


class Options(CommonOptions):
    """The options of `run`."""

    rehearse: bool = flag("--rehearse", "read for real, assume every change")
    base: str | None = option("--base", metavar="REV", help="compare every target with this commit")
    head: str | None = option("--head", metavar="REV", help="the commit that is checked out (default: found)")
    strict: bool = flag("--strict", "exit 3 when a baseline is in doubt")
    allow_older: bool = flag("--allow-older", "deploy even where a newer commit is live")
    replace_cut_off_install: bool = flag(
        "--replace-cut-off-install", "remove a release whose first installation was cut off"
    )
    rebuild: list[str] | None = REBUILD
    only: list[str] | None = ONLY
    without: list[str] | None = WITHOUT
    until: str | None = option(
        "--until", choices=("cleared",), help="end when every image is built and cleared; needs --save"
    )
    save: Path | None = file_option("--save", "write what would be deployed, for run --plan")
    plan: Path | None = file_option(PLAN, "do a saved plan exactly so, or leave with 13")
    wait_for_lock: float = WAIT_FOR_LOCK
    timeout: float = TIMEOUT
    report: Path | None = file_option("--report", f"the report (default: {REPORT} in the repository)")
    json: bool = flag("--json", "print the report as JSON")


def main(options: Options, console: Console) -> None:
    """Run the pipeline. The report is written however the run ends."""
    _require_one_end(options)
    reported = Reported(options, console)
    reported.do(lambda project: _run(options, reported, project, console))


def _require_one_end(options: Options) -> None:
    """Refuse options that do not say together where the run ends."""
    if bool(options.until) != bool(options.save):
        raise ConfigurationError(
            "--until and --save belong together",
            where="the command line",
            next_step="run --until cleared --save FILE; a plan without images is saved by plan --live --save FILE",
        )
    if options.until and options.rehearse:
        raise ConfigurationError(
            "a rehearsal has no images that could be deployed later",
            where="the command line",
            next_step="leave out --rehearse: until everything is cleared, nothing that runs is changed",
        )


def _run(options: Options, reported: Reported, project: Project, console: Console) -> None:
    choices = _of_plan(options) if options.plan else _of_words(options, reported, project)
    with reported.clients(project) as clients:
        try:
            # A signal ends the child processes here: the notification that follows may take some seconds.
            with reported.ends_children():
                pipeline.run(project, clients, choices, reported.run)
                frozen, plan = reported.run.report().frozen, reported.run.report().plan
                if options.save and frozen:
                    saved = save_plan(options.save, frozen, frozen_choice(choices, plan), console.secrets)
                    reported.run.keep(saved=saved)
                    clients.progress.say(f"the plan {saved.digest[:19]} is in {options.save}")
        finally:
            notify(clients, project.notify, reported.run.report())


def frozen_choice(options: RunOptions, plan: Plan | None) -> FrozenChoice:
    """What a saved plan says of the options by which it was made; it names what is rebuilt, and asks no scan for it."""
    rebuild, refresh = named_again(plan)
    return FrozenChoice(
        base=options.base or "",
        only=options.only,
        without=options.without,
        rebuild=rebuild,
        refresh=refresh,
        allow_older=options.allow_older,
    )


def _of_plan(options: Options) -> RunOptions:
    """The options of a saved plan."""
    assert options.plan is not None
    beside = {
        "--base": options.base,
        "--only": options.only,
        "--except": options.without,
        "--rebuild": options.rebuild,
        "--allow-older": options.allow_older,
        "--until": options.until,
        "--replace-cut-off-install": options.replace_cut_off_install,
    }
    saved = load_plan(options.plan, beside)
    choice = saved.plan.choice
    return RunOptions(
        variables=dict(os.environ),
        base=choice.base or None,
        head=options.head,
        strict=options.strict,
        allow_older=choice.allow_older,
        wait_for_lock=options.wait_for_lock,
        rebuild=choice.rebuild,
        refresh=choice.refresh,
        only=choice.only,
        without=choice.without,
        saved=saved,
    )


def _of_words(options: Options, reported: Reported, project: Project) -> RunOptions:
    """The options of the command line."""
    # A name that nobody has is told before anything is opened.
    choice = choice_of(project, options.only or (), options.without or ())
    return RunOptions(
        variables=dict(os.environ),
        base=options.base,
        head=options.head,
        strict=options.strict,
        allow_older=options.allow_older,
        wait_for_lock=options.wait_for_lock,
        replace_cut_off_install=options.replace_cut_off_install,
        rebuild=names_to_rebuild(project, options.rebuild, choice),
        stale=asks_what_is_stale(options.rebuild),
        only=tuple(options.only or ()),
        without=tuple(options.without or ()),
        until="cleared" if options.until else "proven",
        seconds=reported.former_seconds() if FanOut(*project.build.fan_out).workers else {},
    )

"""`run`: build, clear, deploy and prove what changed."""

import os
from pathlib import Path

from erp_build import pipeline
from erp_build.changes.make_plan import names_to_rebuild
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
from erp_build.model.build_options import FanOut
from erp_build.model.choice import choice_of
from erp_build.model.project import Project
from erp_build.report.notify import notify
from erp_build.run_options import Options as RunOptions

EXAMPLES = """\
examples:
  erp-build run                       what CodeBuild calls
  erp-build run --rehearse            read everything, change nothing, say what would be done
  erp-build run --base v1.4           compare with a tag instead of what runs
  erp-build run --only NAME NAME      deploy these alone; the rest stays as it runs
  erp-build run --rebuild NAME        build it anew, for instance after its base image was fixed
  erp-build run --report out/r.json   write the report somewhere else
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
    wait_for_lock: float = WAIT_FOR_LOCK
    timeout: float = TIMEOUT
    report: Path | None = file_option("--report", f"the report (default: {REPORT} in the repository)")
    json: bool = flag("--json", "print the report as JSON")


def main(options: Options, console: Console) -> None:
    """Run the pipeline. The report is written however the run ends."""
    reported = Reported(options, console)
    reported.do(lambda project: _run(options, reported, project))


def _run(options: Options, reported: Reported, project: Project) -> None:
    # A name that nobody has is told before anything is opened.
    choice = choice_of(project, options.only or (), options.without or ())
    choices = RunOptions(
        variables=dict(os.environ),
        base=options.base,
        head=options.head,
        strict=options.strict,
        allow_older=options.allow_older,
        wait_for_lock=options.wait_for_lock,
        replace_cut_off_install=options.replace_cut_off_install,
        rebuild=names_to_rebuild(project, options.rebuild, choice),
        only=tuple(options.only or ()),
        without=tuple(options.without or ()),
        seconds=reported.former_seconds() if FanOut(*project.build.fan_out).workers else {},
    )
    with reported.clients(project) as clients:
        try:
            # A signal ends the child processes here: the notification that follows may take some seconds.
            with reported.ends_children():
                pipeline.run(project, clients, choices, reported.run)
        finally:
            notify(clients, project.notify, reported.run.report())

"""`run`: build, clear, deploy and prove what changed."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
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
from erp_build.cli.signals import LastWord, signals_raise
from erp_build.clients.effects import Journal
from erp_build.clients.git.root import find_root
from erp_build.config.codebuild import build_link
from erp_build.errors import ErpBuildError, Failure, Interrupted, told
from erp_build.formats.printable import one_line
from erp_build.model.choice import choice_of
from erp_build.model.stages.hooks import Pipeline
from erp_build.report.files import FOLDER, write_reports
from erp_build.report.notify import notify
from erp_build.report.text.run import report_text
from erp_build.run_record import Occasion, Run, RunReport
from erp_build.wiring import open_clients

REPORT = Path(FOLDER) / "report.json"

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
    journal = Journal()
    run = Run(
        clock=console.clock,
        on_stage=console.progress.stage,
        pipeline=options.stages or Pipeline(),
        rehearsal=options.rehearse,
        occasion=Occasion(
            started=console.clock.now().isoformat(timespec="seconds"),
            build=os.environ.get("CODEBUILD_BUILD_ID", ""),
            link=build_link(os.environ),
        ),
        effects=journal.effects,
    )

    def last_word(error: Interrupted) -> None:
        """Write the report where the way out hangs."""
        if run.report().error is None:
            run.keep(error=error)
        write_reports(run.report(), _report_path(options), console.secrets, console.complain)

    try:
        with signals_raise(last_word), error_noted(run):
            _run(options, console, run, journal, last_word)
    finally:
        console.progress.close()
        report = run.report()
        document = write_reports(report, _report_path(options), console.secrets, console.complain)
        console.show(document, report_text(report), as_json=options.json)
        _send_trace(report, console, os.environ)


@contextmanager
def error_noted(run: Run) -> Iterator[None]:
    """Keep the error that ends the block, for the report."""
    try:
        yield
    except Failure as error:
        run.keep(error=error)
        raise
    except KeyboardInterrupt:
        interrupted = Interrupted(signal.SIGINT, "SIGINT")
        run.keep(error=interrupted)
        raise interrupted from None
    except BaseException as error:
        run.keep(error=ErpBuildError("a bug of erp_build", why=told(error)))
        raise


def _report_path(options: Options) -> Path:
    if options.report or not Path(options.repo).is_dir():
        return options.report or Path(options.repo) / REPORT
    given = os.path.realpath(options.repo)
    root = find_root(given, os.environ)
    return (Path(options.repo) if root == given else Path(root)) / REPORT


def _run(options: Options, console: Console, run: Run, journal: Journal, last_word: LastWord) -> None:
    project = console.project()
    run.keep(tests=project.build.tests)
    if seconds := options.timeout or project.timeout:
        console.clock.limit(seconds)
    # A name that nobody has is told before anything is opened.
    choice = choice_of(project, options.only or (), options.without or ())
    choices = pipeline.Options(
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
    )
    with open_clients(
        console.root,
        clock=console.clock,
        progress=console.progress,
        secrets=console.secrets,
        journal=journal,
        rehearse=options.rehearse,
        build=project.build,
        logs=None if options.rehearse else _report_path(options).resolve().parent,
        packagers=console.packagers,
    ) as clients:
        try:
            # A signal ends the child processes here: the notification that follows may take some seconds.
            with error_noted(run), signals_raise(last_word):
                pipeline.run(project, clients, choices, run)
        finally:
            notify(clients, project.notify, run.report())


def _send_trace(report: RunReport, console: Console, variables: Mapping[str, str]) -> None:
    """Send the trace of the finished run; what goes wrong is said, and changes nothing."""
    # Where the environment names no receiver, nothing of OpenTelemetry is loaded.
    if not any(name.startswith("OTEL_") for name in variables):
        return
    from urllib.parse import unquote

    from erp_build.clients.otel import HEADERS, Sender, wanted
    from erp_build.report.trace import run_resource, run_span

    if not wanted(variables):
        return
    for name in HEADERS:
        for header in variables.get(name, "").split(","):
            value = unquote(header.partition("=")[2].strip())
            console.secrets.add(value)
            console.secrets.add(value.rpartition(" ")[2])  # "Bearer" may be missing where the key is repeated
    began = console.clock.now() - timedelta(seconds=report.seconds)
    resource = run_resource(report, variables, began.isoformat(timespec="seconds"))
    span = run_span(report, report.seconds, str(resource["cicd.pipeline.name"]))
    if trouble := Sender(resource, began, console.secrets.mask).send(span):
        console.complain(f"erp_build: the trace of this run was not sent: {one_line(trouble)}")

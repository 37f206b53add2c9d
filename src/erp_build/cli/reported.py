"""What `run` and `build` have in common: however they end, the report is written and shown."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from erp_build.cli.console import Console
from erp_build.cli.signals import signals_raise
from erp_build.clients.effects import Journal
from erp_build.clients.git.root import find_root
from erp_build.clients.protocols import Clients
from erp_build.config.codebuild import build_link
from erp_build.errors import ErpBuildError, Failure, Interrupted, told
from erp_build.formats.json_text import parsed_json
from erp_build.formats.printable import one_line
from erp_build.model.project import Project
from erp_build.model.stages.hooks import Pipeline
from erp_build.report.files import FOLDER, write_reports
from erp_build.report.text.run import report_text
from erp_build.run_record import Occasion, Run, RunReport
from erp_build.wiring import open_clients

REPORT = Path(FOLDER) / "report.json"


class ReportedOptions(Protocol):
    """The options that decide where the report goes, and whether the world is changed."""

    repo: str
    rehearse: bool
    timeout: float
    report: Path | None
    json: bool
    stages: Pipeline | None


class Reported:
    """A run whose report is written however it ends.

    Args:
        options: of the verb.
        console: where it speaks.
        images_only: whether it ends with the images, as `build` does.
    """

    def __init__(self, options: ReportedOptions, console: Console, *, images_only: bool = False) -> None:
        self._options, self._console = options, console
        self._journal = Journal()
        self.run = Run(
            clock=console.clock,
            on_stage=console.progress.stage,
            pipeline=options.stages or Pipeline(),
            rehearsal=options.rehearse,
            images_only=images_only,
            occasion=Occasion(
                started=console.clock.now().isoformat(timespec="seconds"),
                build=os.environ.get("CODEBUILD_BUILD_ID", ""),
                link=build_link(os.environ),
            ),
            effects=self._journal.effects,
        )

    def do(self, work: Callable[[Project], object]) -> None:
        """Do the work, and write the report; raises what the work raises."""
        run, options, console = self.run, self._options, self._console
        try:
            with signals_raise(self.last_word), error_noted(run):
                project = console.project()
                run.keep(tests=project.build.tests)
                if seconds := options.timeout or project.timeout:
                    console.clock.limit(seconds)
                work(project)
        finally:
            console.progress.close()
            report = run.report()
            document = write_reports(report, _report_path(options), console.secrets, console.complain)
            console.show(document, report_text(report), as_json=options.json)
            _send_trace(report, console, os.environ)

    def last_word(self, error: Interrupted) -> None:
        """Write the report where the way out hangs."""
        if self.run.report().error is None:
            self.run.keep(error=error)
        write_reports(self.run.report(), _report_path(self._options), self._console.secrets, self._console.complain)

    def former_seconds(self) -> dict[str, float]:
        """Target -> what its image took, by the report that an earlier run has left where this one's will be.

        Empty where there is none, or none that can be read: nothing but a good guess is lost.
        """
        try:
            targets = parsed_json(_report_path(self._options).read_bytes())["targets"]
            return {one["name"]: float(one["seconds"]) for one in targets if one["seconds"]}
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    @contextmanager
    def clients(self, project: Project) -> Iterator[Clients]:
        """The clients of the run, whose effects are noted for the report."""
        options, console = self._options, self._console
        with open_clients(
            console.root,
            clock=console.clock,
            progress=console.progress,
            secrets=console.secrets,
            journal=self._journal,
            rehearse=options.rehearse,
            build=project.build,
            logs=None if options.rehearse else _report_path(options).resolve().parent,
            packagers=console.packagers,
        ) as clients:
            yield clients

    @contextmanager
    def ends_children(self) -> Iterator[None]:
        """End the child processes at a signal as soon as the block ends, and note the error."""
        with error_noted(self.run), signals_raise(self.last_word):
            yield


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


def _report_path(options: ReportedOptions) -> Path:
    if options.report or not Path(options.repo).is_dir():
        return options.report or Path(options.repo) / REPORT
    given = os.path.realpath(options.repo)
    root = find_root(given, os.environ)
    return (Path(options.repo) if root == given else Path(root)) / REPORT


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

"""`run`: build, clear, deploy and prove what changed."""

import argparse
import json
import os
import signal
from pathlib import Path

from erp_build import pipeline
from erp_build.commands.console import Console, add_lock_options
from erp_build.commands.signals import signals_raise
from erp_build.commands.trace import send_trace
from erp_build.domain.pipeline import Pipeline
from erp_build.domain.report import RunReport
from erp_build.errors import ErpBuildError, Interrupted
from erp_build.render.json import report_document
from erp_build.render.junit import junit_text
from erp_build.render.sarif import sarif_text
from erp_build.render.text import report_text
from erp_build.tools.effects import Journal
from erp_build.tools.files import write_atomically
from erp_build.wiring import open_tools

REPORT = Path("erp-build-report") / "report.json"

EXAMPLES = """\
examples:
  erp-build run                       what CodeBuild calls
  erp-build run --rehearse            read everything, change nothing, say what would be done
  erp-build run --base v1.4           compare with a tag instead of what runs
  erp-build run --report out/r.json   write the report somewhere else
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    parser.add_argument("--rehearse", action="store_true", help="read for real, assume every change")
    parser.add_argument("--base", metavar="REV", help="compare every target with this commit")
    parser.add_argument("--head", metavar="REV", help="the commit that is checked out (default: found)")
    parser.add_argument("--strict", action="store_true", help="exit 3 when a baseline is in doubt")
    parser.add_argument("--allow-older", action="store_true", help="deploy even where a newer commit is live")
    parser.add_argument(
        "--replace-cut-off-install", action="store_true", help="remove a release whose first installation was cut off"
    )
    add_lock_options(parser)
    parser.add_argument("--report", metavar="FILE", type=Path, help=f"the report (default: {REPORT} in the repository)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def main(options: argparse.Namespace, console: Console) -> int:
    """Run the pipeline; the report is written whatever happens."""
    journal = Journal()
    report = RunReport(
        clock=console.clock,
        on_stage=console.progress.stage,
        pipeline=options.pipeline or Pipeline(),
        rehearsal=options.rehearse,
        effects=journal.effects,
    )
    start = console.clock.monotonic()
    try:
        with signals_raise():
            _run(options, console, report, journal)
    except ErpBuildError as error:
        report.error = error
        raise
    except KeyboardInterrupt:
        report.error = Interrupted(signal.SIGINT, "SIGINT")
        raise report.error from None
    except BaseException as error:
        report.error = ErpBuildError("a bug of erp_build", why=f"{type(error).__name__}: {error}")
        raise
    finally:
        console.progress.close()
        path = _report_path(options)
        _write(json.dumps(report_document(report), ensure_ascii=False, indent=2) + "\n", path, console)
        _write_for_other_tools(report, path.parent, console)
        document = json.dumps(report_document(report), ensure_ascii=False)
        console.print(document if options.json else report_text(report, console.clock.monotonic() - start))
        send_trace(report, console, os.environ)
    return 0


def _report_path(options: argparse.Namespace) -> Path:
    return options.report or Path(options.repo) / REPORT


def _run(options: argparse.Namespace, console: Console, report: RunReport, journal: Journal) -> None:
    project = console.project()
    choices = pipeline.Options(
        variables=dict(os.environ),
        base=options.base,
        head=options.head,
        strict=options.strict,
        allow_older=options.allow_older,
        wait_for_lock=options.wait_for_lock,
        replace_cut_off_install=options.replace_cut_off_install,
    )
    with open_tools(
        console.root,
        clock=console.clock,
        progress=console.progress,
        secrets=console.secrets,
        journal=journal,
        rehearse=options.rehearse,
        build=project.build,
        logs=None if options.rehearse else _report_path(options).resolve().parent,
    ) as tools:
        pipeline.run(project, tools, choices, report)


def _write_for_other_tools(report: RunReport, folder: Path, console: Console) -> None:
    """Findings and reports of checks, beside the report; they are there also when one of them stopped the run."""
    for one in report.checked:
        for path, content in one.run.reports:
            text = content.decode("utf-8", "surrogateescape")
            _write(text, folder / "checks" / one.check.name / one.target / path, console, "surrogateescape")
    if report.judgement:
        _write(sarif_text(report.judgement), folder / "gate.sarif", console)
    if report.judgement or report.checked:
        _write(junit_text(report.judgement, report.checked), folder / "junit.xml", console)


def _write(text: str, path: Path, console: Console, errors: str = "backslashreplace") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, console.secrets.mask(text).encode("utf-8", errors))
    except OSError as error:
        console.complain(f"erp_build: the report cannot be written\n  where: {path}\n  why:   {error}")

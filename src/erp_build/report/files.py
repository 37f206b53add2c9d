"""The files that a run leaves: its report in every form, findings, and what the checks wrote."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from erp_build.clients.files import write_atomically
from erp_build.clients.secrets import Secrets
from erp_build.report.document import report_document
from erp_build.report.document_types import ReportDocument
from erp_build.report.html.page import html_page
from erp_build.report.junit import run_junit_text
from erp_build.report.markdown import report_markdown
from erp_build.report.sarif import sarif_text
from erp_build.run_record import RunReport

SAME_BYTES = "surrogateescape"
Complain = Callable[[str], object]


def write_reports(report: RunReport, path: Path, secrets: Secrets, complain: Complain) -> ReportDocument:
    """Write all of them, also of a run that failed, and return the document that they are made of, masked.

    Args:
        report: of the run, however it ended.
        path: of the JSON file; the others lie beside it.
        secrets: what no file may show.
        complain: told of a file that cannot be written; it changes no exit code.
    """
    # Masked before it is made into anything: what escapes a text must not hide a secret from the mask.
    document: ReportDocument = secrets.mask_all(report_document(report))
    _write(path, lambda: json.dumps(document, ensure_ascii=False, indent=2) + "\n", secrets, complain)
    _write(path.with_name("report.html"), lambda: html_page(document), secrets, complain)
    _write(path.with_name("report.md"), lambda: report_markdown(document), secrets, complain)
    _write(path.with_name("junit.xml"), lambda: run_junit_text(report, secrets.mask), secrets, complain)
    if judgement := report.judgement:
        _write(path.with_name("gate.sarif"), lambda: sarif_text(judgement), secrets, complain)
    for one in report.checked:
        folder = path.with_name("checks") / one.check.name / one.target
        for name, content in one.run.reports:
            # A text whose bytes come back when it is written: only a text can be masked.
            text = partial(bytes.decode, content, "utf-8", SAME_BYTES)
            _write(folder / name, text, secrets, complain, SAME_BYTES)
    return document


def _write(
    path: Path, render: Callable[[], str], secrets: Secrets, complain: Complain, errors: str = "backslashreplace"
) -> None:
    """Write one form. Whatever is wrong with it is told and leaves the others, and how the run ended, as they are."""
    try:
        text = secrets.mask(render())
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8", errors))
    except OSError as error:
        complain(f"erp_build: the report cannot be written\n  where: {path}\n  why:   {error}")
    except Exception as error:  # noqa: BLE001 - a mistake in one form must not hide how the run ended
        complain(f"erp_build: a bug of erp_build in {path.name}\n  why:   {type(error).__name__}: {error}")

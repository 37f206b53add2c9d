"""The files that a run leaves: its report in every form, findings, and what the checks wrote."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from erp_build.clients.files.atomic import write_atomically
from erp_build.clients.secrets import Secrets
from erp_build.errors import told
from erp_build.formats.printable import json_text, one_line
from erp_build.report.document import report_document
from erp_build.report.document_types import ReportDocument
from erp_build.report.html.page import html_page
from erp_build.report.junit import run_junit_text
from erp_build.report.markdown import report_markdown
from erp_build.report.sarif import sarif_text
from erp_build.run_record import RunReport

FOLDER = "erp-build-report"
"""The name of the folder that a run makes for its report."""

IGNORE = "# Made by erp_build: reports are not for Git.\n*\n"
"""What the folder has as its `.gitignore`, so that a report makes no work tree dirty and comes into no commit."""

SAME_BYTES = "surrogateescape"
Complain = Callable[[str], object]


def write_reports(report: RunReport, path: Path, secrets: Secrets, complain: Complain) -> ReportDocument:
    """Write all of them, also of a run that failed, and return the document that they are made of, masked.

    Args:
        report: of the run, however it ended.
        path: of the JSON file; the others lie beside it.
        secrets: what no file may show.
        complain: told of a file that cannot be written; it changes no exit code.

    The folder `erp-build-report` ignores itself. Any other one belongs to whoever named it, and is left alone.
    """
    if path.parent.name == FOLDER and not (path.parent / ".gitignore").exists():
        _write(path.with_name(".gitignore"), lambda: IGNORE, complain)
    # Masked before it is made into anything: what escapes a text must not hide a secret from the mask.
    document: ReportDocument = secrets.mask_all(report_document(report))
    _write(path, lambda: json_text(document, indent=2) + "\n", complain)
    _write(path.with_name("report.html"), lambda: html_page(document), complain)
    _write(path.with_name("report.md"), lambda: report_markdown(document), complain)
    _write(path.with_name("junit.xml"), lambda: run_junit_text(report, secrets.mask), complain)
    if judgement := report.judgement:
        _write(path.with_name("gate.sarif"), lambda: sarif_text(judgement, secrets), complain)
    for one in report.checked:
        folder = path.with_name("checks") / one.check.name / one.target
        for name, content in one.run.reports:
            _write(folder / name, partial(_masked_file, content, secrets), complain, SAME_BYTES)
    return document


def _masked_file(content: bytes, secrets: Secrets) -> str:
    """A file that a check wrote, masked, as a text whose bytes come back when it is written.

    A JSON document whose numbers or names are secret stays a document: its values are masked one by one.
    """
    text = content.decode("utf-8", SAME_BYTES)
    masked = secrets.mask(text)
    if masked == text or not is_json(text) or is_json(masked):
        return masked
    number = partial(_masked_number, secrets)
    return json_text(secrets.mask_all(json.loads(text, parse_int=number, parse_float=number)), indent=2) + "\n"


def _masked_number(secrets: Secrets, digits: str) -> object:
    masked = secrets.mask(digits)
    return json.loads(digits) if masked == digits else masked


def is_json(text: str) -> bool:
    """Whether a text is a JSON document that can be read."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _write(path: Path, render: Callable[[], str], complain: Complain, errors: str = "backslashreplace") -> None:
    """Write one form. Whatever is wrong with it is told and leaves the others, and how the run ended, as they are."""
    try:
        text = render()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8", errors))
    except OSError as error:
        complain(f"erp_build: the report cannot be written\n  where: {path}\n  why:   {one_line(str(error))}")
    except Exception as error:  # noqa: BLE001 - a mistake in one form must not hide how the run ended
        complain(f"erp_build: a bug of erp_build in {path.name}\n  why:   {one_line(told(error))}")

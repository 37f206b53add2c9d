"""The files that a run leaves: its report in every form, findings, and what the checks wrote."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from erp_build.commands.console import Console
from erp_build.domain.report import RunReport
from erp_build.render.html import html_page
from erp_build.render.junit import run_junit_text
from erp_build.render.markdown import report_markdown
from erp_build.render.report import report_document
from erp_build.render.sarif import sarif_text
from erp_build.tools.files import write_atomically


def write_reports(report: RunReport, path: Path, console: Console) -> dict[str, Any]:
    """Write all of them, also of a run that failed, and return the document that they are made of, masked.

    Args:
        report: of the run, however it ended.
        path: of the JSON file; the others lie beside it.
        console: where a file that cannot be written is told; it changes no exit code.
    """
    # Masked before it is made into anything: what escapes a text must not hide a secret from the mask.
    document: dict[str, Any] = console.secrets.mask_all(report_document(report))
    _write(path, console, lambda: json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    _write(path.with_name("report.html"), console, lambda: html_page(document))
    _write(path.with_name("report.md"), console, lambda: report_markdown(document))
    _write(path.with_name("junit.xml"), console, lambda: run_junit_text(report))
    if judgement := report.judgement:
        _write(path.with_name("gate.sarif"), console, lambda: sarif_text(judgement))
    for one in report.checked:
        folder = path.with_name("checks") / one.check.name / one.target
        for name, content in one.run.reports:
            _write(folder / name, console, partial(_as_it_is, content), "surrogateescape")
    return document


def _as_it_is(content: bytes) -> str:
    """A file of a check as a text, whose bytes come back when it is written."""
    return content.decode("utf-8", "surrogateescape")


def _write(path: Path, console: Console, render: Callable[[], str], errors: str = "backslashreplace") -> None:
    """Write one form. Whatever is wrong with it is told and leaves the others, and how the run ended, as they are."""
    try:
        text = console.secrets.mask(render())
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8", errors))
    except OSError as error:
        console.complain(f"erp_build: the report cannot be written\n  where: {path}\n  why:   {error}")
    except Exception as error:  # noqa: BLE001 - a mistake in one form must not hide how the run ended
        console.complain(f"erp_build: a bug of erp_build in {path.name}\n  why:   {type(error).__name__}: {error}")

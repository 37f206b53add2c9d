"""The report as a page, made of the templates beside this module: a file for each section, and `style.css`."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from erp_build.formats.printable import printable
from erp_build.report.critical_path import BUILD, WORKERS, last_to_end
from erp_build.report.document_types import ReportDocument, StageDocument
from erp_build.report.gate_types import FindingDocument, WaivedFindingDocument
from erp_build.report.summary import longest_work, moved_effects, shortened, warnings_of

if TYPE_CHECKING:
    from jinja2 import Environment

SHORTEST = 0.05
"""Seconds under which a stage gets no row, because it would show as 0.0."""


def html_page(report: ReportDocument) -> str:
    """The report as a page.

    Args:
        report: the document of `report_document`, with its secrets masked already.
    """
    stages, targets = report["stages"], report["targets"]
    template = page_environment().get_template("page.html.j2")
    return template.render(
        report=report,
        warnings=warnings_of(report),
        moved=len(moved_effects(report)),
        longest=longest_work(report),
        axis=max(report["seconds"], *(one["began"] + one["seconds"] for one in stages), 0.001),
        build_stage=BUILD,
        worker_stage=WORKERS,
        last_made=last_to_end((one["name"], one["making"]["ended"]) for one in targets if one["making"]),
    )


@cache
def page_environment() -> "Environment":
    """The templates and their filters. Every text that a template puts out is made printable, then escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("erp_build.report.html", "."),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        seconds=seconds, shortened=shortened, finding_names=finding_names, waiver_texts=waiver_texts
    )
    environment.tests["in_no_time"] = _is_in_no_time
    return environment


def seconds(number: float) -> str:
    """A time for people: 0.4 s, 12.3 s, 3 min 05 s."""
    minute = 60
    if number < minute:
        return f"{number:.1f} s"
    return f"{int(number) // minute} min {int(number) % minute:02d} s"


def finding_names(findings: Iterable[FindingDocument]) -> list[str]:
    """Each finding and its package, once."""
    return list(dict.fromkeys(f"{one['name']} {one['package']}".strip() for one in findings))


def waiver_texts(waived: Iterable[WaivedFindingDocument]) -> list[str]:
    """Why each finding may pass, and who answers for it until when, once."""
    texts = (
        f"{one['name']}: {one['waiver']['reason']} ({one['waiver']['owner']}, until {one['waiver']['until']})"
        for one in waived
    )
    return list(dict.fromkeys(texts))


def _is_in_no_time(stage: StageDocument) -> bool:
    return stage["status"] == "done" and stage["seconds"] < SHORTEST


def _shown(value: object) -> object:
    """What a template puts out, before it is escaped. What a macro made is HTML already, and is known by `__html__`."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

"""The page as a whole: what matters most comes first."""

from erp_build.report.document_types import ReportDocument
from erp_build.report.html.findings import (
    checks_section,
    effects_section,
    evidence_section,
    gate_section,
    images_section,
)
from erp_build.report.html.head import OUTCOMES, error_section, head, headline, warnings_section
from erp_build.report.html.markup import Markup, element
from erp_build.report.html.plan import changes_section, plan_section, proof_section
from erp_build.report.html.style import STYLE
from erp_build.report.html.timeline import timeline_section

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser itself refuses every request and every script of this page."""

PARTS = (
    head,
    error_section,
    evidence_section,
    warnings_section,
    timeline_section,
    plan_section,
    changes_section,
    gate_section,
    checks_section,
    proof_section,
    images_section,
    effects_section,
)


def html_page(report: ReportDocument) -> str:
    """The report as a page.

    Args:
        report: the document of `report_document`, with its secrets masked already.
    """
    title = f"{OUTCOMES[report['outcome']][0]}: {headline(report)}"
    meta = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    )
    top = element("head", Markup(meta), element("title", title), element("style", Markup(STYLE)))
    foot = element(
        "footer", f"erp_build {report['erp_build']}. The same as data: report.json, schema {report['schema']}."
    )
    body = element("body", element("main", *(part(report) for part in PARTS), foot))
    return f"<!DOCTYPE html>\n{element('html', top, body, lang='en')}\n"

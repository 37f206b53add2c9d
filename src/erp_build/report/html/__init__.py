"""The report of a run as one page that needs nothing else: no script, no font, no request."""

from erp_build.report.html.page import html_page

__all__ = ["html_page"]

"""The report's page in a real browser: it fits a phone, and asks for nothing."""

from pathlib import Path

import pytest

from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.run_record import RunReport
from tests.support import browser
from tests.support.reports import KOREAN, Names, full

pytestmark = pytest.mark.world

LONG = Names(path=f"{'가' * 120}/{'a' * 200}.java", finding="CVE-" + "1" * 120, log="x" * 400, what="w" * 200)


def page_of(report: RunReport) -> str:
    return html_page(report_document(report))


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (390, True)])
def test_the_page_is_shown_and_nothing_but_it_is_asked_for(width: int, dark: bool, tmp_path: Path) -> None:  # noqa: FBT001
    with browser.serving(page_of(full(fails=True))) as web:
        size = browser.screenshot(web, tmp_path / "page.png", width, dark=dark)
    assert size == (width, 3000)
    assert web.asked == [browser.ADDRESS]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "report", [full(), full(fails=True), full(LONG, fails=True)], ids=["deployed", "failed", "long"]
)
def test_nothing_sticks_out_of_the_window(report: RunReport, width: int) -> None:
    found = browser.measure(page_of(report), width)
    assert found == {"width": width, "content": width, "wide": []}


def test_the_browser_itself_refuses_what_a_text_would_load_or_run() -> None:
    policy_alone = page_of(full()).replace(
        "</main>", '<img src="http://elsewhere.invalid/x"><script>document.title = "run"</script></main>'
    )
    with browser.serving(policy_alone) as web:
        seen = browser.shown(web)
    assert web.asked == [browser.ADDRESS]
    assert "<title>Deployed: erp dev" in seen
    assert KOREAN in seen

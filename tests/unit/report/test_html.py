"""The page of a run: whole without anything else, and whatever a stranger's text holds, it stays text."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import escape

from erp_build.errors import BuildFailed
from erp_build.formats.printable import printable
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page, page_environment, seconds
from erp_build.run_record import RunReport
from tests.support.printable_cases import CASES, Shown
from tests.support.reports import KOREAN, Names, full
from tests.support.samples import NOTIFICATION

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "h1", "h2", "h3", "p",
    "ul", "li", "dl", "dt", "dd", "div", "span", "b", "i", "a", "code", "pre", "table", "thead", "tbody", "tr", "th",
    "td", "details", "summary",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "name", "content", "class", "style", "title", "href", "rel", "open", "data-label",
}  # fmt: skip
VOID = {"meta"}
HTML = files("erp_build.report.html")


class Page(HTMLParser):
    """What a browser would see: elements in their nesting, attributes, texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def page_of(report: RunReport) -> str:
    return html_page(report_document(report))


def headings(text: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", text)


def test_a_deployed_run_shows_all_of_its_parts_in_their_order() -> None:
    assert headings(page_of(full())) == [
        *("First errors of what was deployed", "Requests before and after"),
        *("Bake of erp-microservices", "Targets of load balancers"),
        *("Warnings", "Timeline", "Plan", "What changes", "Gate", "Checks", "Rollout", "Proof", "Images", "Effects"),
    ]


def test_a_failed_run_begins_with_what_failed_and_what_to_do() -> None:
    text = page_of(full(fails=True))
    assert headings(text)[:2] == ["the rollout of notification-service failed", "Evidence"]
    seen = Page(text).text
    for word in ("Failed, exit code 9", "Next: ", "CrashLoopBackOff", "Taken back: release erp-microservices", KOREAN):
        assert word in seen
    assert "Proof" not in headings(text)


def test_a_rehearsal_says_that_its_proof_is_assumed() -> None:
    assert "Proof, assumed" in headings(page_of(full(rehearsal=True)))


def test_a_run_that_failed_before_anything_was_known_has_a_page_too() -> None:
    report = RunReport(error=BuildFailed("no credentials"))
    text = page_of(report)
    assert headings(text) == ["no credentials"]
    assert "Nothing was deployed." in Page(text).text


def test_the_timeline_has_a_lane_per_image_and_names_what_took_longest() -> None:
    text = page_of(full())
    assert text.count('class="row lane"') == 2
    seen = Page(text).text
    assert "mostly deploy 14.8 s, Maven 12.0 s, judge images 6.2 s" in seen
    assert "In no time: read rules, make plan, clear images." in seen
    lane = text.partition("· last to end")[0].rpartition('class="row lane"')[2]
    assert NOTIFICATION in lane


def test_every_bar_lies_within_the_run() -> None:
    for left, width in re.findall(r"left:([\d.]+)%;width:([\d.]+)%", page_of(full())):
        assert 0 <= float(left) <= 100
        assert float(left) + float(width) <= 100.01


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    text = page_of(full())
    page = Page(text)
    assert page.elements <= ELEMENTS
    assert (
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ) in page.attributes
    assert [value for name, value in page.attributes if name == "href"] == ["https://console.invalid/build/1"]
    assert not re.search(r"@import|url\(|@font-face", text)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://x", "data:text/html,x", ' https://x"'])
def test_only_an_address_of_the_web_becomes_a_link(link: str) -> None:
    document = report_document(full())
    document["build"] = {"id": "b", "link": link}
    assert [value for name, value in Page(html_page(document)).attributes if name == "href"] == []


HOSTILE = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40) | st.sampled_from(
    ["</title><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</pre></section>", "&lt;b&gt;", "<!--",
     "]]>", "\x00\x1b[2J", "a\nb", "' style='x", "{{7*7}}", "\u202egnp.exe"]
)  # fmt: skip


@settings(max_examples=40)
@given(path=HOSTILE, finding=HOSTILE, log=HOSTILE, what=HOSTILE)
@example(path="</td></table>", finding="<script>", log="</pre>", what="</h2><style>*{display:none}</style>")
def test_whatever_a_text_holds_it_stays_a_text(path: str, finding: str, log: str, what: str) -> None:
    names = Names(path=path, finding=finding, log=log, what=what, warning=path, build=finding)
    page = Page(page_of(full(names, fails=True)))
    assert page.elements <= ELEMENTS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert page.open == []
    # A parser takes a line end of another kind for `\n`.
    seen = _flat(page.text)
    for name in (path, finding, what):
        assert _flat(printable(name)) in seen


@pytest.mark.parametrize("case", CASES)
def test_a_text_on_the_page_is_shown_as_the_table_says(case: Shown) -> None:
    template = page_environment().from_string("<p>{{ text }}</p>")
    assert template.render(text=case.text) == f"<p>{escape(case.printable)}</p>"


def test_a_text_is_escaped_in_an_element_and_in_an_attribute() -> None:
    document = report_document(full())
    document["stages"][0]["name"] = document["warnings"][0] = "<script>\"'&"
    document["stages"][0]["seconds"] = 1.0
    text, shown = html_page(document), "&lt;script&gt;&#34;&#39;&amp;"
    assert f"<li>{shown}</li>" in text
    assert f'title="{shown}: 1.0 s from 0.0 s"' in text
    assert "<script" not in text


@pytest.mark.parametrize("name", page_environment().list_templates(["j2"]))
def test_no_template_switches_escaping_off(name: str) -> None:
    source = HTML.joinpath(name).read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)


def test_a_name_that_the_report_does_not_have_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="no attribute 'stagse'"):
        page_environment().from_string("{{ report.stagse }}").render(report=report_document(full()))


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    ("number", "shown"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (3725, "62 min 05 s")]
)
def test_times_are_for_people(number: float, shown: str) -> None:
    assert seconds(number) == shown


def _colours(part: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part))


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.2 defines it: 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


LIGHT, _, DARK = HTML.joinpath("style.css").read_text(encoding="utf-8").partition("prefers-color-scheme: dark")


@pytest.mark.parametrize("colours", [_colours(LIGHT), _colours(DARK.partition("* {")[0])], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(colours: dict[str, str]) -> None:
    pairs = [(text, ground) for text in ("text", "dim") for ground in ("page", "card", "code")]
    pairs += [(tone, f"{tone}-back") for tone in ("good", "bad", "warn", "info")]
    pairs += [(tone, ground) for tone in ("good", "bad", "info") for ground in ("card", "code")]
    weak = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_the_page_and_the_document_tell_what_was_watched_without_a_probe() -> None:
    document = report_document(full())
    assert [(one["name"], one["readiness_probe"], one["seconds"]) for one in document["watched"]] == [
        ("notification-service", False, 90.2),
        ("approval-request-service", True, 5.1),
        ("Job migrate", True, 5.1),
    ]
    seen = Page(html_page(document)).text
    assert "notification-service has no readiness probe, and was therefore watched for 90 s" in seen
    assert "1 min 30 s" in seen

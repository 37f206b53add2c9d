"""The report as Markdown: what matters first, and no text that leaves its place."""

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_build.errors import BuildFailed
from erp_build.report.document import report_document
from erp_build.report.markdown import report_markdown
from erp_build.run_record import RunReport
from tests.support.reports import KOREAN, Names, full
from tests.support.samples import HEAD, NOTIFICATION, plan_of


def markdown(report: RunReport) -> str:
    return report_markdown(report_document(report))


def test_a_deployed_run_begins_with_whose_what_and_how_long() -> None:
    text = markdown(full())
    assert text.splitlines()[0] == f"### erp dev `{HEAD[:7]}`: deployed in 50.9 s"
    assert "| proof | built | scanned | running | units |" in text
    assert f"| {NOTIFICATION} | build |" in text
    assert KOREAN.replace("_", r"\_") in text
    assert "Critical path, mostly: deploy 14.8 s, Maven 12.0 s, judge images 6.2 s." in text


def test_a_failed_run_says_what_where_why_and_next() -> None:
    lines = markdown(full(fails=True)).splitlines()
    assert lines[0].endswith("**failed** with exit code 9 in 50.0 s")
    assert lines[2] == "> **the rollout of notification-service failed**"
    assert [line.split(":")[0] for line in lines if re.match(r"> (where|why|next)", line)] == [
        "> where",
        "> why",
        "> next",
    ]
    assert "- taken back: release erp-microservices: back to revision 41" in lines


def test_the_diff_of_the_values_file_is_shown() -> None:
    assert '-      tag: "0ld1234"  # 배포할 태그\n+      tag: "aaaaaaa"' in markdown(full(rehearsal=True))


def test_nothing_to_do_is_said() -> None:
    report = RunReport(plan=plan_of({}))
    assert "Nothing to do: no target differs from its baseline." in markdown(report)


def test_a_failure_before_anything_is_known_is_told() -> None:
    report = RunReport(error=BuildFailed("no credentials"))
    assert markdown(report) == "### erp\\_build: **failed** with exit code 4 in 0.0 s\n\n> **no credentials**\n"


def test_a_log_cannot_end_its_block() -> None:
    text = markdown(full(Names(log="```\n# forged\n````"), fails=True))
    assert text.splitlines().count("`" * 5) == 2


@settings(max_examples=40)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), fails=st.booleans())
def test_no_name_makes_a_row_or_a_heading(name: str, fails: bool) -> None:  # noqa: FBT001 - a property
    hostile = markdown(full(Names(path=name, finding=name, warning=name, what=name), fails=fails))
    plain = markdown(full(Names(path="a", finding="a", warning="a", what="a"), fails=fails))
    assert _shape(hostile) == _shape(plain)


def _shape(text: str) -> list[tuple[str, int]]:
    """The kind of each line, and how many cells it has."""
    return [(line[:1] if line[:1] in "#>|-" else "", len(re.findall(r"(?<!\\)\|", line))) for line in text.splitlines()]


@pytest.mark.parametrize("text", ["@team", "see @org/team-x", "(@octocat)", "_@a", "&#64;team", "#12", "org/repo#12"])
def test_no_text_of_a_stranger_mentions_somebody_or_an_issue(text: str) -> None:
    names = Names(path=text, finding=text, log=text, what=text, warning=text, build=text)
    outside_of_blocks = re.sub(r"(?ms)^```.*?^```$", "", markdown(full(names, fails=True)))
    read = html.unescape(outside_of_blocks.replace("\\", ""))  # GitHub looks for names when the text is read already
    assert not re.search(r"(?<![A-Za-z0-9])@\w|#\d", read)


def test_the_digest_of_an_image_stays_as_it_is() -> None:
    assert "repo@sha256:0a1b" in markdown(full(Names(what="no image repo@sha256:0a1b"), fails=True))


def test_the_title_of_a_folded_part_is_no_html_of_a_stranger() -> None:
    (one,) = full(fails=True).evidence
    report = replace(full(fails=True), evidence=(replace(one, pod="</summary><img src=x> @team"),))
    (title,) = (line for line in markdown(report).splitlines() if "Evidence:" in line)
    assert re.findall(r"<[^>]*>", title) == ["<details>", "<summary>", "</summary>"]
    assert "@team" not in title

"""Workers in every form of the report: what each made, how long it took, what it did not make, and who did it then."""

import re
from dataclasses import replace

import pytest

from erp_build.model.images.fleet import Worker
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.markdown import report_markdown
from erp_build.report.text.run import report_text
from erp_build.report.trace import run_span
from erp_build.run_record import RunReport, StageRecord
from tests.support.reports import full
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

LOG = "https://console.invalid/logs#logEvent:group=/aws/codebuild/erp-workers;stream=2"
DONE = Worker(
    build="erp-workers:1",
    targets=(NOTIFICATION,),
    made=(NOTIFICATION,),
    end="done",
    began=10.5,
    seconds=95.0,
    log=LOG,
    ready=41.0,
)
FAILED = Worker(
    build="erp-workers:2",
    targets=(REQUEST, EMPLOYEE),
    made=(EMPLOYEE,),
    end="failed",
    began=10.6,
    seconds=40.0,
    why="BUILD: exit status 4",
    log=LOG,
    rest="the run",
)
ELSEWHERE = replace(DONE, build="erp-workers:3", began=300.0)
"""A worker of another release, in another stage."""


@pytest.fixture
def report() -> RunReport:
    stages = (
        StageRecord(name="build on workers", began=10.0, seconds=100.0, status="done"),
        StageRecord(name="build on workers", began=290.0, seconds=110.0, status="done"),
    )
    return replace(full(), workers=(DONE, FAILED, ELSEWHERE), stages=stages, seconds=420.0)


def test_the_text_says_who_builds_what_a_worker_did_not_make_and_where_its_log_is(report: RunReport) -> None:
    text = report_text(report)
    assert re.search(r"erp-workers:1 +done +10 s +41 s +95 s +1/1", text)
    assert re.search(r"erp-workers:2 +failed +11 s +- +40 s +1/2 +BUILD: exit status 4", text)
    assert f"{REQUEST}: built by the run after erp-workers:2" in text
    assert text.count(LOG) == 1


def test_the_document_has_all_of_it(report: RunReport) -> None:
    done, failed, _ = report_document(report)["workers"]
    assert (done["rest"], done["why"], done["began"], done["seconds"]) == (None, None, 10.5, 95.0)
    assert failed == {
        "build": "erp-workers:2",
        "targets": [REQUEST, EMPLOYEE],
        "made": [EMPLOYEE],
        "end": "failed",
        "began": 10.6,
        "seconds": 40.0,
        "why": "BUILD: exit status 4",
        "log": LOG,
        "rest": "the run",
        "ready": 0.0,
    }


def test_markdown_has_a_row_for_each_with_a_link_to_its_log(report: RunReport) -> None:
    text = report_markdown(report_document(report))
    assert f"| [erp-workers:1](<{LOG}>) | done | 41 s | 95 s | {NOTIFICATION} | - | - |  |" in text
    assert f"| failed | - | 40 s | {EMPLOYEE} | {REQUEST} | the run | BUILD: exit status 4 |" in text


@pytest.mark.parametrize("log", ["https://x/a|b", "https://x/>)[a](b", "https://x/`\n\n# forged"])
def test_an_address_of_a_log_stays_in_its_cell(log: str, report: RunReport) -> None:
    text = report_markdown(report_document(replace(report, workers=(replace(DONE, log=log),))))
    (row,) = [line for line in text.splitlines() if line.startswith("| [erp-workers:1]")]
    assert (row.count("|"), row.count("<"), row.count(">"), row.count("`")) == (9, 1, 1, 0)


@pytest.mark.parametrize("log", ["javascript:alert(1)", "http://x", ""])
def test_only_an_address_of_the_web_becomes_a_link(log: str, report: RunReport) -> None:
    document = report_document(replace(report, workers=(replace(DONE, log=log),)))
    assert "| erp-workers:1 | done |" in report_markdown(document)
    assert "<b>erp-workers:1</b>" in html_page(document)


def test_the_page_has_a_section_of_workers_and_a_lane_for_each_in_its_own_stage(report: RunReport) -> None:
    page = html_page(report_document(report))
    assert "<h2>Workers</h2>" in page
    assert f'<a href="{LOG}" rel="noreferrer">erp-workers:2</a>' in page
    lanes = re.findall(r'class="bar (\w+)" style="left:([\d.]+)%[^"]*" title="worker (\S+), (\w+):', page)
    assert [(tone, build, end) for tone, _, build, end in lanes] == [
        ("image", "erp-workers:1", "done"),
        ("failed", "erp-workers:2", "failed"),
        ("image", "erp-workers:3", "done"),
    ]
    assert float(lanes[2][1]) > 50 > float(lanes[0][1])


def test_without_workers_the_page_has_no_section_of_them() -> None:
    assert "<h2>Workers</h2>" not in html_page(report_document(full()))
    assert "| worker |" not in report_markdown(report_document(full()))


def test_the_trace_has_a_span_for_each_worker_in_its_own_stage(report: RunReport) -> None:
    first, second = run_span(report, report.seconds, "erp").children
    assert first.attributes["cicd.pipeline.task.type"] == "build"
    assert [(one.begin, one.end, one.error) for one in first.children] == [(10.5, 105.5, ""), (10.6, 50.6, "failed")]
    assert [one.attributes["erp_build.worker.build"] for one in second.children] == ["erp-workers:3"]
    facts = first.children[1].attributes
    assert (facts["erp_build.worker.missing"], facts["erp_build.worker.rest"]) == (REQUEST, "the run")
    assert facts["cicd.pipeline.task.run.url.full"] == LOG

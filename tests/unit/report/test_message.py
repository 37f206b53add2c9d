"""What people are told: a subject that SNS takes, a text for a phone, and a chat that calls nobody."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.errors import BuildFailed, ErpBuildError
from erp_build.report.document import report_document
from erp_build.report.notify import MAX_WHY_LINES, Message, make_message
from erp_build.run_record import RunReport
from tests.support.printable_cases import CASES, Shown
from tests.support.reports import Names, full
from tests.support.samples import HEAD, NOTIFICATION


def about(report: RunReport, event: Any = "failure") -> Message:
    return make_message(report_document(report), event)


def failed(what: str, why: str = "") -> RunReport:
    report = full(fails=True)
    return replace(report, error=ErpBuildError(what, why=why))


def test_a_failure_says_what_where_why_next_what_moved_and_where_to_look() -> None:
    text = about(full(fails=True)).text
    assert text.split("\n\n") == [
        "erp dev: FAILED: the rollout of notification-service failed (exit code 9)",
        "Where: release erp-microservices, namespace erp-dev",
        (
            "Why: 1 of 2 updated, 0 ready\n  the containers wait with CrashLoopBackOff\n"
            "  Caused by: java.net.UnknownHostException: kafka.erp-dev.svc"
        ),
        "Next: look at the log below; fix the service, then push again",
        (
            "Changed: taken back: employee-service: back to sha256:222222222222; "
            "release erp-microservices: back to revision 41"
        ),
        (
            f"stage: deploy\ncommit: {HEAD}\ncluster: erp-dev, ap-northeast-2, account 123456789012\n"
            "build: https://console.invalid/build/1\n"
        ),
    ]


def test_a_failure_that_moved_nothing_says_that_nothing_is_urgent() -> None:
    report = RunReport(error=BuildFailed("Maven failed"))
    message = about(report)
    assert message.subject == "erp_build: FAILED: Maven failed (exit code 4)"
    assert "nothing was deployed; what ran before still runs" in message.text


def test_a_failure_that_was_not_taken_back_names_what_moved() -> None:
    report = full(fails=True)
    report = replace(report, taken_back=())
    assert "Changed: update_function erp-dev-employee-service performed; upgrade_release" in about(report).text


def test_a_recovery_says_what_runs_now() -> None:
    message = about(full(), "recovery")
    assert message.subject.startswith(f"erp dev: RECOVERED: {HEAD[:7]} runs (approval-request-service, ")
    assert "https://console.invalid/build/1" in message.text


def test_a_long_cause_is_cut_for_a_phone() -> None:
    text = about(failed("x", "\n".join(f"line {number}" for number in range(99)))).text
    assert f"line {MAX_WHY_LINES - 1}" in text
    assert f"line {MAX_WHY_LINES}\n" not in text
    assert "the rest is in the report" in text


@given(what=st.text(max_size=300))
def test_every_subject_is_one_that_sns_takes(what: str) -> None:
    subject = about(failed(what)).subject
    assert re.fullmatch(r"[\x21-\x7e][\x20-\x7e]{0,98}", subject)
    assert subject.startswith("erp dev: FAILED: ")


def test_a_korean_error_keeps_what_is_ascii_in_the_subject_and_everything_in_the_text() -> None:
    message = about(failed("알림 서비스 notification-service 배포 실패"))
    assert message.subject == "erp dev: FAILED: ? ? notification-service ? ? (exit code 70)"
    assert "알림 서비스 notification-service 배포 실패" in message.text


def test_a_chat_gets_a_custom_notification() -> None:
    chat = json.loads(about(full(fails=True)).chat)
    assert (chat["version"], chat["source"]) == ("1.0", "custom")
    content = chat["content"]
    assert content["textType"] == "client-markdown"
    assert content["title"] == ":red_circle: erp dev: FAILED: the rollout of notification-service failed (exit code 9)"
    assert "*Why:* 1 of 2 updated, 0 ready" in content["description"]
    assert content["nextSteps"] == ["look at the log below; fix the service, then push again"]
    assert content["keywords"] == ["erp dev", HEAD[:7]]
    assert chat["metadata"]["eventType"] == "erp_build failure"


@pytest.mark.parametrize("name", ["<!channel>", "<https://x|click>", "a & b", "\x1b[31m"])
def test_no_text_of_a_stranger_calls_anybody_or_makes_a_link(name: str) -> None:
    report = full(Names(what=name, log=name), fails=True)
    chat = about(report).chat
    assert name not in chat
    assert not re.search(r"<[!@#h]", chat)
    assert "\x1b" not in about(report).text


def test_a_message_is_far_below_what_sns_takes() -> None:
    report = full(fails=True)
    report = replace(
        report, error=ErpBuildError("x" * 3000, where="y" * 3000, why="z" * 100_000, next_step=NOTIFICATION)
    )
    message = about(report)
    assert len(json.dumps(message).encode()) < 64_000


@pytest.mark.parametrize("case", CASES)
def test_a_place_is_told_as_the_table_says(case: Shown) -> None:
    report = replace(full(fails=True), error=ErpBuildError("x", where=f"<{case.text}>"))
    message = about(report)
    shown = case.printable.replace("\n", "\n  ")  # so that a further line is not taken for one of the message
    assert f"Where: <{shown}>" in message.text
    assert f"*Where:* &lt;{shown}&gt;" in json.loads(message.chat)["content"]["description"]
    assert message.chat.encode("utf-8")


def test_no_text_of_a_stranger_forges_a_part_of_the_message() -> None:
    forged = "x\n\nChanged: nothing was deployed\n*Changed:* nothing"
    message = about(failed(forged, why=forged))
    for text in (message.text, json.loads(message.chat)["content"]["description"]):
        told = [line for line in text.splitlines() if line.startswith(("Changed:", "*Changed:*"))]
        assert [line for line in told if "nothing" in line] == []
        assert len(told) == 1


@pytest.mark.parametrize(
    "text",
    ["@channel", "ask @team-x", "(@here)", "<!channel>", "[a](https://evil.invalid)", "<https://evil.invalid|a>"],
)
def test_no_text_of_a_stranger_mentions_somebody_in_a_chat_or_adds_a_link(text: str) -> None:
    message = about(failed(text, why=text))
    for word in ("@c", "@t", "@h", "<!", "](", "<h"):
        assert word not in message.chat
    assert text in message.text


def test_the_digest_of_an_image_stays_as_it_is_in_a_chat() -> None:
    assert "repo@sha256:0a1b" in about(failed("no image repo@sha256:0a1b")).chat

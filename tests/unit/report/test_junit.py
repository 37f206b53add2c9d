"""JUnit's XML, read back by a reader that others wrote."""

from dataclasses import replace

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from erp_build.clients.secrets import Secrets
from erp_build.errors import ReleaseFailed
from erp_build.report.junit import junit_text, run_junit_text
from tests.support.judgements import JUDGEMENT
from tests.support.reports import full


def suites() -> list[TestSuite]:
    return list(JUnitXml.fromstring(junit_text(JUDGEMENT).encode()))


def cases() -> list[TestCase]:
    return [case for suite in suites() for case in suite]


def test_an_image_is_a_test_case() -> None:
    suite = suites()[0]
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == ("gate", 3, 1, 1, 0)
    assert [case.classname for case in cases()] == [
        "erp/approval-request-service",
        "erp/notification-service",
        "erp/employee-service",
    ]
    assert cases()[0].name == "approval-request-service sha256:111111111111"


def test_findings_fail_and_doubt_is_an_error() -> None:
    blocked, passed, doubtful = cases()
    assert [type(result) for result in blocked.result] == [Failure]
    assert passed.is_passed
    assert [type(result) for result in doubtful.result] == [Error]
    assert blocked.result[0].message == "1 new CRITICAL, 1 already running"
    assert "CRITICAL CVE-2021-44228 (log4j-api, log4j-core)" in blocked.result[0].text
    assert "next: start the scan again" in doubtful.result[0].text


def test_what_is_waived_is_in_it() -> None:
    assert "waived: CVE-2024-1 (openssl): not reachable" in cases()[0].result[0].text


def test_a_strangers_text_cannot_break_the_file() -> None:
    verdict = replace(JUDGEMENT.rows[0].verdict, why="</failure>\x1b[31m \x00 \ud800 ]]> '\"")
    judgement = replace(JUDGEMENT, rows=(replace(JUDGEMENT.rows[0], verdict=verdict),))
    case = next(iter(next(iter(JUnitXml.fromstring(junit_text(judgement).encode())))))
    assert case.result[0].message.startswith("</failure>\N{REPLACEMENT CHARACTER}[31m")


def test_without_images_there_is_a_file_all_the_same() -> None:
    assert list(JUnitXml.fromstring(junit_text(None).encode())) == []


def test_a_secret_is_masked_before_xml_escapes_it() -> None:
    secret = "both \" and ' and\n& on two lines"
    secrets = Secrets()
    secrets.add(secret)
    report = replace(full(fails=True), error=ReleaseFailed(f"<{secret}> failed", why=secret))
    text = run_junit_text(report, secrets.mask)
    case = next(case for suite in JUnitXml.fromstring(text.encode()) for case in suite if case.result)
    assert case.result[0].message == "<***> failed"
    assert case.result[0].text == "<***> failed\nwhy: ***"

"""What `make test` says at its end of the tests that pytest has reported."""

from pathlib import Path

from tests.__main__ import summed_up

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="test_holds" time="0.5"/>
<testcase classname="a" name="test_fails" time="1.0"><failure message="assert 1 == 2&#10;more">x</failure></testcase>
<testcase classname="a" name="test_ends_badly" time="0"><error message="failed on teardown">x</error></testcase>
<testcase classname="a" name="test_is_skipped" time="0"><skipped message="no"/></testcase>
</testsuite></testsuites>"""


def test_what_failed_is_named_with_the_first_line_of_why(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    outcome = summed_up("fast", 1, 2.0, report)
    assert outcome.failed == (
        "a::test_fails: assert 1 == 2",
        "a::test_ends_badly: failed on teardown",
    )
    assert outcome.skipped == ("a::test_is_skipped",)
    assert len(outcome.took) == 4


def test_a_group_without_a_report_has_not_passed(tmp_path: Path) -> None:
    outcome = summed_up("fast", 0, 2.0, tmp_path / "report.xml")
    assert (outcome.code, outcome.failed) == (1, ())

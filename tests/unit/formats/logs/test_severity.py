"""Which events are errors, and which of them say the same."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.logs.severity import KOREAN_PLACE, LEVEL, SIGNS, WORDS, is_error, said
from erp_build.formats.logs.stitched import CONTINUED, EXCEPTION
from tests.support.cases import rows, table
from tests.support.slow_patterns import slow_unit


@pytest.mark.parametrize("case", table("log_events"))
def test_an_event_is_an_error_or_none(case: dict[str, Any]) -> None:
    assert is_error(case["lines"]) is case["error"]


def test_the_cases_hold_as_many_errors_as_others() -> None:
    errors = [row for row in rows("log_events") if row["error"]]
    assert 0.3 < len(errors) / len(rows("log_events")) < 0.7


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_any_text_is_told_apart(lines: list[str]) -> None:
    assert is_error(lines) in (True, False)
    assert isinstance(said(lines), str)


@given(st.sampled_from(sorted(WORDS)), st.from_regex(r"[a-z]{1,10}( [a-z]{1,10}){0,3}", fullmatch=True))
def test_a_level_in_brackets_decides_whatever_follows(level: str, text: str) -> None:
    assert is_error([f"2026-11-29 17:44:01 [{level}] {text}"]) is WORDS[level]


def test_the_same_error_says_the_same_at_another_time() -> None:
    first = said(["2026-11-29T17:44:01.123Z ERROR 1 --- [main] c.e.A : no answer from 10.0.0.1"])
    assert first == said(["2026-11-30T07:00:00.001Z ERROR 7 --- [main] c.e.A : no answer from 10.0.0.2"])
    assert first != said(["2026-11-29T17:44:01.123Z ERROR 1 --- [main] c.e.A : no database"])


def test_an_exception_tells_two_errors_with_one_message_apart() -> None:
    lines = ["17:44:01 ERROR failed", "java.lang.IllegalStateException: a"]
    assert said(lines) != said(["17:44:01 ERROR failed", "java.io.IOException: a"])


def test_a_json_log_says_its_message() -> None:
    assert said(['{"level":"ERROR","message":"no answer after 31 s","at":"x"}']) == "no answer after 00 s"


@pytest.mark.parametrize("pattern", [LEVEL, KOREAN_PLACE, SIGNS, EXCEPTION, CONTINUED])
def test_a_hostile_line_takes_no_longer_than_its_length_says(pattern: re.Pattern[str]) -> None:
    assert slow_unit(pattern, "finditer") == ""

"""Times of logs, and what `--since` means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.logs.moments import nanoseconds_of, read_moment, shown_moment, since, whole_second

NOW = datetime(2026, 11, 29, 17, 44, 1, 123000, tzinfo=UTC)
MOMENTS = st.integers(0, 7_000_000_000_000_000).map(
    lambda part: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=part)
)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("2026-11-29T17:43:01.123Z", timedelta(minutes=1)),
        ("2026-11-29T17:43:01.123", timedelta(minutes=1)),
        ("2026-11-30T02:43:01.123+09:00", timedelta(minutes=1)),
        ("2026-11-29", timedelta(hours=17, minutes=44, seconds=1, milliseconds=123)),
    ],
)
def test_a_time_is_a_duration_or_a_moment(text: str, back: timedelta) -> None:
    assert since(text, NOW) == NOW - back


@pytest.mark.parametrize(
    "text", ["", "0s", "0", "m", "10", "10 m", "-5m", "1m1h", "soon", "2026-11-30", "10분", "1e3s"]
)
def test_what_is_no_time_or_has_not_come_yet_is_none(text: str) -> None:
    assert since(text, NOW) is None


@given(st.text(max_size=30))
def test_no_text_is_a_moment_that_has_not_come(text: str) -> None:
    found = since(text, NOW)
    assert found is None or found <= NOW


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_every_duration_is_its_parts_together(days: int, hours: int, minutes: int, seconds: int) -> None:
    found = since(f"{days}d{hours}h{minutes}m{seconds}s", NOW)
    assert found == NOW - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize(
    ("text", "at", "rest"),
    [
        ("2026-11-29T17:44:01.123456789Z hello", 1795974241123456789, " hello"),
        ("2026-11-30T02:44:01.5+09:00 hello", 1795974241500000000, " hello"),
        ("2026-11-29T17:44:01Z", 1795974241000000000, ""),
        ("2026-11-29T17:44:01.12345678901Z x", 1795974241123456789, " x"),
    ],
)
def test_a_line_begins_with_its_time(text: str, at: int, rest: str) -> None:
    found = read_moment(text)
    assert found is not None
    assert (found[0], text[found[1] :]) == (at, rest)


@pytest.mark.parametrize("text", ["", "hello", "2026-11-29 17:44:01", "2026-13-29T17:44:01Z", "2026-11-29T17:44:01 x"])
def test_a_line_without_a_time_has_none(text: str) -> None:
    assert read_moment(text) is None


@given(MOMENTS, st.integers(0, 999))
def test_a_time_is_read_as_it_is_written(moment: datetime, rest: int) -> None:
    text = f"{moment:%Y-%m-%dT%H:%M:%S.%f}{rest:03d}Z"
    found = read_moment(text)
    assert found is not None
    assert found == (nanoseconds_of(moment) + rest, len(text))
    assert shown_moment(found[0]) == f"{text[:23]}Z"
    assert whole_second(found[0]) == f"{text[:19]}Z"

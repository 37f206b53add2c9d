"""Lines for a terminal: broken between words, as wide as what is shown and not as long as what is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.fitted import STYLE, fitted
from erp_build.formats.printable import cells, padded, printable

BROKEN = [
    ("a bb ccc", 80, "a bb ccc"),
    ("a bb ccc", 4, "a bb\n  ccc"),
    ("    path  <- rule", 12, "    path  <-\n      rule"),
    ("longerthanaline b", 6, "longerthanaline\n  b"),
    ("가나다 라마바", 9, "가나다\n  라마바"),
    ("가나다 라마바", 13, "가나다 라마바"),
    ("\x1b[2m  one two\x1b[0m", 8, "\x1b[2m  one\n    two\x1b[0m"),
    ("\x1b[2m  one two\x1b[0m", 9, "\x1b[2m  one two\x1b[0m"),
    ("one\n\n  two three", 9, "one\n\n  two\n    three"),
    ("", 5, ""),
]


@pytest.mark.parametrize(("text", "columns", "shown"), BROKEN)
def test_a_line_that_is_too_long_is_broken_between_words(text: str, columns: int, shown: str) -> None:
    assert fitted(text, columns) == shown


@given(st.text(alphabet="ab 가\n", max_size=60).map(printable), st.integers(10, 30))
def test_no_word_is_lost_or_cut_and_a_line_that_is_too_long_is_one_word(text: str, columns: int) -> None:
    shown = fitted(text, columns)
    assert shown.split() == text.split()
    assert [line for line in shown.splitlines() if cells(line.rstrip()) > columns and " " in line.strip()] == []
    assert fitted(text, 1000) == text


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("한국", 4), ("한a", 3), ("e\N{COMBINING ACUTE ACCENT}", 1), ("", 0)]
)
def test_the_cells_of_a_text_are_those_of_a_terminal(text: str, width: int) -> None:
    assert cells(text) == width
    assert padded(text, 6) == text + " " * (6 - width)


def test_a_change_of_colour_takes_no_cell() -> None:
    assert STYLE.sub("", "\x1b[1mbold\x1b[0m") == "bold"

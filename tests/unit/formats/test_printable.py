"""A stranger's text on its way to a person: nothing of it moves the cursor, and a name stays one line."""

import pytest

from erp_build.formats.printable import one_line, printable
from tests.support.printable_cases import CASES, Shown


@pytest.mark.parametrize("case", CASES)
def test_a_text_keeps_its_lines_and_loses_what_is_not_shown(case: Shown) -> None:
    assert printable(case.text) == case.printable


@pytest.mark.parametrize("case", CASES)
def test_a_name_stays_on_one_line(case: Shown) -> None:
    assert one_line(case.text) == case.one_line


@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_is_shown_the_same_again_and_can_be_written(case: Shown) -> None:
    for show in (printable, one_line):
        assert show(show(case.text)) == show(case.text)
        assert show(case.text).encode("utf-8")

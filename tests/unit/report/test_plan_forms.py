"""A plan on a terminal, in a file and in a pull request: whatever a file is called, it stays in its place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.model.plan import Plan, Reason, Step
from erp_build.model.project import Service
from erp_build.report.text.plan import cell, plan_markdown, plan_text
from tests.support.printable_cases import CASES, Shown
from tests.support.samples import NOTIFICATION, baselines, plan_of

ESCAPE = "\x1b"
NAMES = st.one_of(
    st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20),
    st.text("|\\\n\r<>`*_[]()-#!&ab ", min_size=1, max_size=12),
    st.sampled_from(
        ["\x1b[2J", "a\u2028b", "\u202eevil", "x\n| forged | build | x | x |", "</details>", "\udcb0.java"]
    ),
)


def forged(name: str) -> Plan:
    """A plan in which everything that a user may choose has this name."""
    target = Service(name=name, path="a", repository="r", values_key="k")
    step = Step(target, "build", baselines()[0], (Reason("a rule", name), Reason(name)))
    return Plan(head="a" * 40, steps=(step, *plan_of({}).steps), unowned=(name, name), warnings=(name,))


@given(NAMES)
def test_no_name_leaves_its_cell_of_a_table(name: str) -> None:
    lines = plan_markdown(forged(name)).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 6
    for row in rows:
        unescaped = re.sub(r"\\.", "", row)
        assert unescaped.count("|") == 5
        assert "<" not in unescaped.replace("<br>", "")
    assert len(lines) == len(plan_markdown(forged("plain")).splitlines())


@given(NAMES, st.booleans())
def test_no_name_forges_a_line_or_moves_the_cursor(name: str, colour: bool) -> None:  # noqa: FBT001 - hypothesis
    text = plan_text(forged(name), colour=colour)
    assert len(text.split("\n")) == len(plan_text(forged("plain")).split("\n"))
    without_ours = re.sub(r"\x1b\[\d+m", "", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", without_ours)


@pytest.mark.parametrize("case", CASES)
def test_a_name_is_shown_as_the_table_says(case: Shown) -> None:
    lines = plan_text(forged(case.text)).split("\n")
    assert f"Owned by no target: {case.one_line}, {case.one_line}" in lines
    assert f"Warning: {case.one_line}" in lines
    assert f"> **Warning:** {cell(case.text)}" in plan_markdown(forged(case.text)).split("\n")


def test_a_table_in_a_pull_request_says_what_happens_and_why() -> None:
    text = plan_markdown(plan_of({NOTIFICATION: "a|b.java"}))
    assert "Merging this: **notification-service** built." in text
    (row,) = [line for line in text.splitlines() if line.startswith("| notification-service")]
    assert row.startswith("| notification-service | build | bbbbbbbbbbbb (deployed) | a\\|b.java  \\<- a rule")


def test_a_plan_in_a_pull_request_that_does_nothing_says_so() -> None:
    assert "Nothing to do: no target differs from its baseline." in plan_markdown(plan_of({}))


def test_files_of_nobody_are_folded_away_in_a_pull_request() -> None:
    text = plan_markdown(plan_of({})._replace(unowned=("docs/a", "docs/b")))
    assert "<details><summary>2 changed files belong to no target</summary>\n\n- docs/a\n- docs/b\n\n</details>" in text


@pytest.mark.parametrize("colour", [True, False])
def test_colours_are_there_only_when_asked_for(*, colour: bool) -> None:
    plan = plan_of({NOTIFICATION: "x"})._replace(unowned=("docs/x",), warnings=("careful",))
    coloured = plan_text(plan, others=7, colour=colour)
    assert (ESCAPE in coloured) == colour
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plan_text(plan, others=7)


def test_what_is_not_shown_is_counted() -> None:
    assert "  7 other targets do not differ" in plan_text(plan_of({}), others=7).splitlines()
    assert "  1 other target does not differ" in plan_text(plan_of({}), others=1).splitlines()
    assert "other targets" not in plan_text(plan_of({}))


def test_of_many_reasons_three_are_shown_and_the_rest_is_counted() -> None:
    step = plan_of({NOTIFICATION: "x"}).builds[0]
    many = step._replace(because=tuple(Reason("a rule", f"file{number}") for number in range(10)))
    text = plan_text(Plan(head="a" * 40, steps=(many,)))
    assert text.count("<- a rule") == 3
    assert "and 7 more" in text

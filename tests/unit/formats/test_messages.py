"""The catalogues of messages: they have what the code looks up, and nothing else."""

import re
from typing import Any, get_args

import pytest

from erp_build.formats.maven.causes import Kind
from erp_build.formats.messages import catalogue

ENTRIES = catalogue("maven")["kind"]
CAUSES = [(entry["name"], cause) for entry in ENTRIES for cause in entry.get("cause", ())]


def test_the_catalogue_of_maven_has_each_kind_that_the_code_names_in_its_order() -> None:
    assert [entry["name"] for entry in ENTRIES] == list(get_args(Kind))


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["name"]) for entry in ENTRIES])
def test_each_kind_of_failure_says_what_it_is_and_what_to_do(entry: dict[str, Any]) -> None:
    assert entry["what"]
    assert entry["next_step"]
    assert set(entry) <= {"name", "signs", "goals", "what", "next_step", "cause"}


@pytest.mark.parametrize(("kind", "cause"), CAUSES)
def test_each_cause_is_recognised_by_something_and_says_what_to_do(kind: str, cause: dict[str, Any]) -> None:
    assert cause.get("signs") or cause.get("goal"), kind
    assert cause["next_step"]
    assert set(cause) <= {"signs", "goal", "what", "next_step", "again"}
    assert cause.get("again", "update") in {"transfer", "update"}


def test_each_sign_is_a_regular_expression_that_does_not_match_everything() -> None:
    signs = [sign for entry in ENTRIES for sign in (*entry.get("signs", ()), *entry.get("goals", ()))]
    signs += [sign for _, cause in CAUSES for sign in (*cause.get("signs", ()), cause.get("goal", "x"))]
    assert not [sign for sign in signs if re.search(sign, "")]


def test_hints_are_looked_up_in_lower_case() -> None:
    tables = [catalogue("helm"), *catalogue("docker").values(), *catalogue("lambda").values()]
    assert all(part == part.lower() and hint for table in tables for part, hint in table.items())

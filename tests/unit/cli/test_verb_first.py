"""The order of words is the user's: options before the verb, `help` and `version` as words."""

from pathlib import Path

import pytest

from erp_build.cli.options import CommonOptions, Option
from erp_build.cli.verb_first import LETTERS, OTHERS, PLAIN, WITH_VALUE, verb_first
from tests.support.cli import CommandLine
from tests.support.git import Checkout

ORDERS = [
    ("plan --json", "plan --json"),
    ("--repo X plan", "plan --repo X"),
    ("--repo=X plan --json", "plan --repo=X --json"),
    ("--repo X --config Y -v plan --base A", "plan --repo X --config Y -v --base A"),
    ("-qv --verbose --quiet status", "status -qv --verbose --quiet"),
    ("--repo plan plan", "plan --repo plan"),
    ("help plan", "plan --help"),
    ("--repo X help plan", "plan --repo X --help"),
    ("-v help", "help -v"),
    ("-v version", "version -v"),
    ("help help", "help help"),
    ("--json plan", "--json plan"),
    ("--base A plan", "--base A plan"),
    ("--repo", ""),
    ("--repo X", ""),
    ("--repo X frobnicate", "frobnicate --repo X"),
    ("-", "-"),
]


@pytest.mark.parametrize(("given", "read"), ORDERS, ids=[given for given, _ in ORDERS])
def test_options_of_every_verb_may_stand_before_it(given: str, read: str) -> None:
    assert verb_first(given.split()) == read.split()


def test_the_options_that_may_stand_before_a_verb_are_those_of_every_verb() -> None:
    declared = [one for one in vars(CommonOptions).values() if isinstance(one, Option)]
    names = {name for one in declared for name in one.names}
    assert names == {*WITH_VALUE, *PLAIN, *(f"-{letter}" for letter in LETTERS)}
    assert {one.names[-1] for one in declared if "action" not in one.words} == set(WITH_VALUE)


def test_a_plan_of_another_folder_is_the_same_in_either_order(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    words = ("--base", "HEAD~1")
    before = erp_build("--repo", erp.root, "plan", *words)
    assert before == erp_build("plan", "--repo", erp.root, *words)
    assert (before.code, "notification-service" in before.out) == (0, True)


def test_help_with_a_verb_shows_its_options(erp_build: CommandLine) -> None:
    assert erp_build("help", "plan") == erp_build("plan", "--help")
    assert erp_build("--repo", "x", "plan", "--help").code == 0


@pytest.mark.parametrize("words", [("help",), ("help", "help"), ("-v", "--help")])
def test_help_without_a_verb_shows_what_there_is(words: tuple[str, ...], erp_build: CommandLine) -> None:
    answer = erp_build(*words)
    assert answer == erp_build("--help")
    assert answer.code == 0
    assert [word for word, meaning in OTHERS.items() if f"  {word:<10} {meaning}\n" not in answer.out] == []


def test_help_with_a_misspelled_verb_says_what_was_meant(erp_build: CommandLine) -> None:
    answer = erp_build("help", "paln")
    assert (answer.code, answer.out) == (2, "")
    assert "unknown verb `paln`; did you mean `plan`?" in answer.err


def test_version_is_a_word_too(erp_build: CommandLine) -> None:
    assert erp_build("version") == erp_build("--version") == erp_build("-v", "version")
    assert erp_build("versoin").err == "erp_build: unknown verb `versoin`; did you mean `version`?\n"


def test_options_without_a_verb_ask_for_one(tmp_path: Path, erp_build: CommandLine) -> None:
    answer = erp_build("--repo", tmp_path)
    assert (answer.code, "a verb is missing; one of: plan" in answer.err) == (2, True)

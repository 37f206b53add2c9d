"""The catalogues of messages: they have what the code looks up, and nothing else."""

import re
from typing import get_args

import pytest

from erp_build.formats.maven.failure import REPOSITORY, Kind, Message
from erp_build.formats.messages import catalogue

ENTRIES = [name for part in get_args(Message) for name in (get_args(part) or (part,))]


def test_the_catalogue_of_maven_has_each_message_that_the_code_names_and_no_other() -> None:
    assert sorted(catalogue("maven")) == sorted(ENTRIES)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_kind_of_failure_says_what_it_is_and_what_to_do(kind: Kind) -> None:
    assert catalogue("maven")[kind]["what"]
    assert catalogue("maven")[kind]["next_step"]


@pytest.mark.parametrize("message", REPOSITORY)
def test_each_reason_of_a_repository_has_signs_and_says_what_to_do(message: Message) -> None:
    assert catalogue("maven")[message]["signs"]
    assert catalogue("maven")[message]["next_step"]


def test_each_sign_is_a_regular_expression_that_does_not_match_everything() -> None:
    for entry in catalogue("maven").values():
        for sign in entry.get("signs", ()):
            assert not re.search(sign, "")


def test_the_hints_of_helm_are_looked_up_in_lower_case() -> None:
    assert all(part == part.lower() and hint for part, hint in catalogue("helm").items())

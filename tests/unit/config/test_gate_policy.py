"""The `[gate]` table: what it may say, and what is refused because it would block less than it says."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import GatePolicy


def policy(text: str) -> GatePolicy:
    return parse_project(f"[gate]\n{text}\n").gate


def test_without_a_word_a_single_critical_blocks() -> None:
    assert policy("") == GatePolicy(block=("CRITICAL",), timeout=600)


def test_everything_that_a_policy_may_say() -> None:
    assert policy(
        'block = ["critical"]\ntimeout = "90s"\nnew_only = true\nfixable_only = true\nundefined = "HIGH"\n'
        'waivers = "ci/waivers.toml"\nmax_age = "12h"\n[gate.limits]\nHIGH = 5\nLOW = 0'
    ) == GatePolicy(
        block=("CRITICAL",),
        timeout=90,
        limits=(("HIGH", 5), ("LOW", 0)),
        new_only=True,
        fixable_only=True,
        undefined="HIGH",
        waivers="ci/waivers.toml",
        max_age=12 * 3600,
    )


def test_a_limit_is_added_to_what_blocks() -> None:
    assert policy("[gate.limits]\nHIGH = 5") == GatePolicy(block=("CRITICAL",), limits=(("HIGH", 5),))


def test_a_limit_takes_the_place_of_the_default_for_its_own_severity_alone() -> None:
    both = policy("[gate.limits]\nCRITICAL = 2\nHIGH = 5")
    assert (both.block, both.limits) == ((), (("CRITICAL", 2), ("HIGH", 5)))


def test_limits_are_all_that_stops_where_block_is_empty() -> None:
    assert policy("block = []\n[gate.limits]\nHIGH = 5").severities == ("HIGH",)


def test_a_policy_that_blocks_nothing_can_be_had() -> None:
    assert policy("block = []").severities == ()


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        pytest.param('block = ["CRITICALL"]', "did you mean `CRITICAL`?", 2, id="a misspelled severity"),
        pytest.param("blok = []", "did you mean `block`?", 2, id="a misspelled key"),
        pytest.param("[gate.limits]\nHIHG = 1", "did you mean `HIGH`?", 3, id="a misspelled limit"),
        pytest.param("[gate.limits]\nHIGH = -1", "not below zero", 3, id="a limit below zero"),
        pytest.param("[gate.limits]\nHIGH = true", "must be a number", 3, id="a limit that is no number"),
        pytest.param("limits = 5", "`limits` must be a table", 2, id="limits that are no table"),
        pytest.param('block = ["HIGH"]\n[gate.limits]\nHIGH = 1', "HIGH is in `block` and has a limit", 2, id="twice"),
        pytest.param('new_only = "yes"', "must be true or false", 2, id="a text for true"),
        pytest.param('undefined = "BAD"', "cannot be `BAD`", 2, id="an unknown meaning"),
        pytest.param(
            'block = ["UNDEFINED"]\nundefined = "HIGH"', "makes HIGH of findings", 3, id="a severity that cannot occur"
        ),
        pytest.param('max_age = "0s"', "`max_age` must be a duration", 2, id="an age of nothing"),
        pytest.param("max_age = 24", "`max_age` must be", 2, id="an age without a unit"),
        pytest.param('waivers = "../waivers.toml"', "below the repository's root", 2, id="a file outside"),
    ],
)
def test_what_is_not_right_is_refused_with_its_line(text: str, what: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(text)
    assert what in f"{caught.value.what} {caught.value.next_step}"
    assert caught.value.where == f"erp-build.toml:{line}"

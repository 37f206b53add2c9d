"""An option whose value is empty, as of a variable that is unset, is refused, and not read as if it were not given."""

import argparse
from typing import TYPE_CHECKING, Any

import pytest

from erp_build.cli import app
from tests.support.cli import CommandLine
from tests.support.git import Checkout

if TYPE_CHECKING:
    from erp_build.cli.verb import Verb


def with_values() -> list[Any]:
    """Each option and argument of each verb that takes a value."""
    return [
        pytest.param(name, action, id=f"{name} {action.option_strings[0] if action.option_strings else action.dest}")
        for name in app.VERBS
        for action in app.parser_of(name, app.verb_named(name))._actions  # argparse has no other list of them
        if action.nargs != 0 and not action.choices
    ]


@pytest.mark.parametrize(("name", "action"), with_values())
def test_an_empty_value_is_refused(name: str, action: argparse.Action, capsys: pytest.CaptureFixture[str]) -> None:
    verb: Verb[Any] = app.verb_named(name)
    words = [f"{action.option_strings[0]}="] if action.option_strings else [""]
    with pytest.raises(SystemExit, match="2"):
        app.parser_of(name, verb).parse_args(words)
    assert "the value is empty; is a variable unset?" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--base", "--head", "--repo", "--config", "--rebuild", "--only", "--except"])
@pytest.mark.parametrize("joined", [False, True], ids=["a word of its own", "joined"])
def test_a_plan_with_an_empty_option_plans_nothing(
    erp: Checkout, option: str, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch, *, joined: bool
) -> None:
    monkeypatch.chdir(erp.root)
    answer = erp_build("plan", *([f"{option}="] if joined else [option, ""]))
    assert (answer.code, answer.out) == (2, "")
    assert f"argument {option}: the value is empty; is a variable unset?" in answer.err

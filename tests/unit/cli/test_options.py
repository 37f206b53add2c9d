"""The options of a verb are what its class says: argparse fills it, and mypy reads it."""

import argparse
from types import ModuleType
from typing import Any

import pytest

from erp_build.cli import app as cli
from erp_build.cli.options import CommonOptions
from erp_build.cli.verb import Verb
from erp_build.cli.verbs import (
    build,
    completion,
    doctor,
    explain,
    gate,
    history,
    init,
    logs,
    plan,
    record,
    replay,
    rollback,
    run,
    status,
    token,
    unlock,
    values,
    verify,
)

BUILD: Verb[build.Options] = build
COMPLETION: Verb[completion.Options] = completion
DOCTOR: Verb[doctor.Options] = doctor
EXPLAIN: Verb[explain.Options] = explain
GATE: Verb[gate.Options] = gate
HISTORY: Verb[history.Options] = history
INIT: Verb[init.Options] = init
LOGS: Verb[logs.Options] = logs
PLAN: Verb[plan.Options] = plan
RECORD: Verb[record.Options] = record
REPLAY: Verb[replay.Options] = replay
ROLLBACK: Verb[rollback.Options] = rollback
RUN: Verb[run.Options] = run
STATUS: Verb[status.Options] = status
TOKEN: Verb[token.Options] = token
UNLOCK: Verb[unlock.Options] = unlock
VALUES: Verb[values.Options] = values
VERIFY: Verb[verify.Options] = verify
"""mypy compares each module with what a verb is."""

FROM_THE_CALLER = {"early", "packagers", "stages"}
"""Attributes that are no words of the command line."""


def actions(verb: Verb[Any], name: str) -> list[argparse.Action]:
    parser = cli.parser_of(name, verb)
    return [action for action in parser._actions if action.dest != "help"]  # argparse has no other list of them


def attributes(options: type[CommonOptions]) -> list[str]:
    return [name for kind in options.__mro__ for name in vars(kind).get("__annotations__", {})]


def test_every_verb_is_compared_with_what_a_verb_is() -> None:
    modules = [value for value in globals().values() if isinstance(value, ModuleType) and hasattr(value, "EXAMPLES")]
    assert {module.__name__.rpartition(".")[2] for module in modules} == set(cli.VERBS)


@pytest.mark.parametrize("name", cli.VERBS)
def test_the_words_of_a_verb_are_the_attributes_of_its_class(name: str) -> None:
    verb = cli.verb_named(name)
    told = attributes(verb.Options)
    assert len(told) == len(set(told)), "an option hides one that every verb has"
    assert {action.dest for action in actions(verb, name)} == set(told) - FROM_THE_CALLER


@pytest.mark.parametrize("name", cli.VERBS)
def test_a_default_stands_once(name: str) -> None:
    verb = cli.verb_named(name)
    for action in actions(verb, name):
        stands_in_class = hasattr(verb.Options, action.dest)
        assert not (stands_in_class and action.default), action.dest

"""`build` on the command line: what it is told, and what it refuses before it asks anybody."""

import json

import pytest

from erp_build.cli.app import parser_of
from erp_build.cli.verbs import build
from tests.support.cli import CommandLine
from tests.support.git import Checkout


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", None),
        ("--only a", ["a"]),
        ("--only a b", ["a", "b"]),
        ("--only a --only b c", ["a", "b", "c"]),
        ("--only=a --rehearse", ["a"]),
    ],
)
def test_names_may_stand_together_or_apart(words: str, names: list[str] | None) -> None:
    assert parser_of("build", build).parse_args(words.split(), build.Options()).only == names


@pytest.mark.parametrize(
    ("name", "hint"),
    [("notifcation-service", "did you mean `notification-service`?"), ("helm-chart", "one of: approval-request")],
)
def test_a_name_of_nobody_is_refused_with_a_near_one(
    name: str, hint: str, erp: Checkout, erp_build: CommandLine
) -> None:
    answer = erp_build("build", "--only", "employee-service", name, "--repo", erp.root, "--json")
    assert answer.code == 2
    assert f"--only {name}: there is no such service or function" in answer.err
    assert hint in answer.err
    document = json.loads(answer.out)
    assert (document["verb"], document["outcome"], document["exit_code"]) == ("build", "failed", 2)


@pytest.mark.parametrize("words", [("--only",), ("--only", "")])
def test_only_without_a_name_is_a_mistake(words: tuple[str, ...], erp: Checkout, erp_build: CommandLine) -> None:
    assert erp_build("build", "--repo", erp.root, *words).code == 2


def test_the_report_is_written_where_it_is_asked_for(erp: Checkout, erp_build: CommandLine) -> None:
    erp_build("build", "--only", "nobody", "--repo", erp.root, "--report", erp.root / "out" / "b.json")
    report = json.loads((erp.root / "out" / "b.json").read_text(encoding="utf-8"))
    assert report["error"]["where"] == "the command line"

"""docs/gate.md and docs/checks.md: their tables, files and commands as they stand there."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from erp_build.config.load import load_gate_policy, parse_project
from erp_build.config.waivers import load_waivers
from erp_build.model.images.scan import STATES, UNKNOWN_STATE
from tests.support.cases import CASES
from tests.support.cli import CommandLine

DOCS = Path(__file__).parents[2] / "docs"
GATE = (DOCS / "gate.md").read_text(encoding="utf-8")
CHECKS = (DOCS / "checks.md").read_text(encoding="utf-8")
POLICY, WAIVERS = re.findall(r"```toml\n(.*?)```", GATE, flags=re.DOTALL)
COMMANDS = re.findall(r"^erp-build (gate --recorded [^#\n]*)", GATE, flags=re.MULTILINE)
WORDS = {"waits": "wait", "reads": "read", "stops": "stop"}


def test_the_page_has_the_table_of_states() -> None:
    rows = re.findall(r"^\| ([A-Z_]+|any other) \| (waits|reads|stops) \| (.*) \|$", GATE, flags=re.MULTILINE)
    states = [*STATES.values(), UNKNOWN_STATE._replace(status="any other")]
    assert [(status, WORDS[answer], why) for status, answer, why in rows] == [
        (state.status, state.answer, state.meaning) for state in states
    ]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_page_works(
    words: str, tmp_path: Path, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = json.loads((CASES / "gate" / "complete-low.json").read_text(encoding="utf-8"))["answers"]
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    (tmp_path / "strict.toml").write_text(POLICY)
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    assert erp_build(*shlex.split(words)).code == 0
    if "--sarif" in words:
        assert {"gate.sarif", "gate.xml"} <= {path.name for path in tmp_path.iterdir()}


def test_the_policy_and_the_waivers_of_the_page_are_read(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    assert load_gate_policy(tmp_path / "policy.toml").limits == (("HIGH", 5),)
    assert load_waivers(tmp_path / "waivers.toml")[0].packages == ("log4j-core",)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", CHECKS, flags=re.DOTALL))
def test_a_recipe_is_read(text: str) -> None:
    service = '[[service]]\npath = "backend/notification-service"\n'
    assert len(parse_project(service + text).checks) == len(tomllib.loads(text)["check"])


def test_no_recipe_gives_a_secret_as_an_argument() -> None:
    for check in parse_project("".join(re.findall(r"```toml\n(.*?)```", CHECKS, flags=re.DOTALL)[1:])).checks:
        assert not [word for word in check.maven if "token" in word.lower() or "key=" in word.lower()]

"""The command: what it prints, and how it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.config.load import default_project
from erp_build.doctor.examine import CHECKS
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.shapes import RUNTIME, pom


@pytest.fixture
def nothing_installed(erp: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Checkout:
    """A repository on a machine that has git alone, and no account."""
    git = next(Path(folder, "git") for folder in os.environ["PATH"].split(":") if Path(folder, "git").exists())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for target in default_project().image_targets:
        erp.write(f"{target.path}/pom.xml", pom(target.name))
        erp.write(f"{target.path}/{target.dockerfile}", RUNTIME)
    keys = [service.values_key.partition(".")[2] for service in default_project().services]
    images = "".join(f"  {key}:\n    image:\n      tag: a\n" for key in keys)
    erp.commit({"helm-chart/Chart.yaml": "name: erp\n", "helm-chart/values-dev.yaml": f"services:\n{images}"})
    return erp


def test_without_an_account_the_machine_and_the_repository_are_looked_at(
    nothing_installed: Checkout,
) -> None:
    # By itself: the SDK of the engine leaves a socket behind where none answers.
    words = [sys.executable, "-m", "erp_build", "doctor", "--repo", str(nothing_installed.root), "--json"]
    answer = subprocess.run(words, env=dict(os.environ), capture_output=True, encoding="utf-8", check=False)
    found = json.loads(answer.stdout)
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert list(states) == [check.name for check in CHECKS]
    assert {states[name] for name in ("python", "git", "git-metadata", "clone-depth", "plain-secrets")} == {"ok"}
    assert {states[check.name] for check in CHECKS if check.area in ("account", "cluster")} == {"unknown"}
    assert states["helm"] == "problem"
    assert answer.returncode == 2
    assert not answer.stderr
    assert found["schema"] == 1
    assert found["counts"]["problem"] == list(states.values()).count("problem")


def test_only_what_was_asked_for_is_looked_at_and_no_problem_is_zero(
    nothing_installed: Checkout, erp_build: CommandLine
) -> None:
    words = ("--only", "repository", "--only", "git", "--json")
    answer = erp_build("doctor", "--repo", nothing_installed.root, *words)
    names = [check["name"] for check in json.loads(answer.out)["checks"]]
    assert names == ["git", *(check.name for check in CHECKS if check.area == "repository")]
    assert answer.code == 0


def test_the_text_says_what_was_looked_at_and_what_to_do(nothing_installed: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("doctor", "--repo", nothing_installed.root, "--only", "helm", "--only", "clone-depth")
    lines = [line.strip() for line in answer.out.splitlines()]
    assert "next: install Helm 3.14 or newer, or Helm 4" in lines
    assert "looked at: git rev-parse --is-shallow-repository" in lines
    assert lines[-1] == "2 checks: 1 ok, 0 warnings, 1 problem, 0 unknown"
    assert answer.code == 2


@pytest.mark.parametrize(("word", "hint"), [("conection", "did you mean `connection`?"), ("xyzzy", "one of: access")])
def test_a_misspelled_check_gets_a_hint(word: str, hint: str, erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("doctor", "--repo", erp.root, "--only", word)
    assert (answer.code, answer.out) == (2, "")
    assert hint in answer.err

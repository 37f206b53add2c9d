"""`plan` in its forms: strict, for a pull request, on a terminal, and of very many services."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION

N = "backend/notification-service"
PREVIOUS = "CODEBUILD_WEBHOOK_PREV_COMMIT"


@pytest.fixture
def many(tmp_path: Path) -> Checkout:
    """A repository with 2,000 services, of which the last commit changed two."""
    config = "".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(2000))
    files = {f"backend/s{number}/x": "x" for number in range(0, 2000, 400)}
    checkout = Checkout.create(tmp_path / "many", **{"erp-build.toml": config, "helm-chart/x": "x", **files})
    checkout.commit({"backend/s400/x": "y", "backend/s800/x": "y", "docs/x": "y"})
    return checkout


def named(out: str) -> list[str]:
    return [line.split()[0] for line in out.splitlines() if "compared with" in line]


def test_strict_ends_with_three_when_a_rung_failed_before_the_one_that_holds(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine
) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    monkeypatch.setenv(PREVIOUS, "0" * 40)
    assert erp_build("plan", "--repo", clone.root).code == 0
    answer = erp_build("plan", "--repo", clone.root, "--strict")
    assert answer.code == 3
    assert f"webhook: {PREVIOUS} holds no commit" in answer.err


def test_a_plan_for_a_pull_request_is_markdown(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({f"{N}/a|b": "x", "docs/x": "x"})
    lines = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1", "--markdown").out.splitlines()
    assert lines[0] == f"### Plan for `{erp.head()[:12]}`"
    assert lines[2] == f"Merging this: **{NOTIFICATION}** built."
    assert any(line.startswith(f"| {NOTIFICATION} | build | ") and "a\\|b" in line for line in lines)


def test_json_and_markdown_are_two_forms(erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", erp.root, "--json", "--markdown")
    assert answer.code == 2
    assert "not allowed with argument" in answer.err


@pytest.mark.parametrize("terminal", [True, False])
def test_a_plan_is_coloured_on_a_terminal_alone(erp: Checkout, *, terminal: bool) -> None:
    erp.commit({f"{N}/new": "x", "\x1b[2Jodd": "x"})
    reading, writing = pty.openpty() if terminal else os.pipe()
    words = [sys.executable, "-m", "erp_build", "plan", "--repo", str(erp.root), "--base", "HEAD~1"]
    subprocess.run(words, stdout=writing, check=True)
    out = os.read(reading, 100_000).decode()
    os.close(reading)
    os.close(writing)
    assert ("\x1b[33mbuild" in out) == terminal
    assert "\x1b[2J" not in out


@pytest.mark.parametrize("base", ["HEAD~1", "FULL"])
def test_of_two_thousand_services_the_touched_ones_are_shown_and_the_rest_is_counted(
    many: Checkout, base: str, erp_build: CommandLine
) -> None:
    words = ("plan", "--repo", many.root, "--base", base.replace("FULL", many.git("rev-parse", "HEAD~1")))
    answer = erp_build(*words)
    assert named(answer.out) == ["s400", "s800", "helm-chart"]
    assert "  1998 other targets do not differ" in answer.out.splitlines()
    assert "Owned by no target: docs/x" in answer.out
    document = json.loads(erp_build(*words, "--json").out)
    assert len(document["targets"]) == 2001
    assert [item["name"] for item in document["targets"] if item["action"] == "build"] == ["s400", "s800"]


def test_without_a_baseline_all_of_two_thousand_services_are_shown(many: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", many.root)
    assert len(named(answer.out)) == 2001
    assert "other targets" not in answer.out


def test_a_chart_of_two_thousand_services_redeploys_them_all(many: Checkout, erp_build: CommandLine) -> None:
    many.commit({"helm-chart/x": "y"})
    answer = erp_build("plan", "--repo", many.root, "--base", "HEAD~1")
    assert named(answer.out) == ["helm-chart"]
    assert "  2000 other targets do not differ, but the chart redeploys services" in answer.out.splitlines()


def test_a_removed_service_of_two_thousand_is_shown(many: Checkout, erp_build: CommandLine) -> None:
    many.git("rm", "-r", "--quiet", "backend/s400")
    many.commit()
    answer = erp_build("plan", "--repo", many.root, "--base", "HEAD~1")
    assert named(answer.out) == ["s400", "helm-chart"]
    assert "removed: backend/s400 is not in" in answer.out
    assert "Nothing to do" in answer.out

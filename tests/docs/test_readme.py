"""The README's commands and its library use, run as they stand there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build import errors
from erp_build.config.load import default_project
from tests.support.git import Checkout

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PLANS = re.findall(r"^python -m erp_build (plan[^#\n]*)", README, flags=re.MULTILINE)
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)

SERVICE = "backend/notification-service/pom.xml"


@pytest.fixture
def erp(tmp_path: Path) -> Path:
    """A clone of an ERP whose branch is one commit ahead of its upstream."""
    files = {f"{target.path}/file": "x\n" for target in default_project().targets}
    origin = Checkout.create(tmp_path / "origin", **{**files, SERVICE: "<a/>\n"})
    clone = origin.clone_to(tmp_path / "erp")
    clone.commit({SERVICE: "<b/>\n"})
    return clone.root


def test_the_library_snippet_prints_the_plan(erp: Path) -> None:
    (snippet,) = SNIPPETS
    done = subprocess.run([sys.executable, "-c", snippet], cwd=erp, capture_output=True, text=True, check=True)
    assert "notification-service build ['backend/notification-service/**']" in done.stdout.splitlines()
    assert "helm-chart none []" in done.stdout.splitlines()
    assert not done.stderr


def test_the_library_snippet_has_about_ten_lines() -> None:
    (snippet,) = SNIPPETS
    assert len([line for line in snippet.splitlines() if line]) <= 10


@pytest.mark.parametrize("words", PLANS)
def test_a_plan_command_finds_the_changed_service(erp: Path, words: str) -> None:
    done = _erp_build(erp, *words.split())
    if "--json" in words:
        actions = {target["name"]: target["action"] for target in json.loads(done.stdout)["targets"]}
        assert actions["notification-service"] == "build"
        assert actions["approval-request-service"] == "none"
    else:
        assert re.search(r"notification-service +build ", done.stdout)
        assert re.search(r"approval-request-service +none ", done.stdout)


def test_plan_is_shown_in_more_than_one_form() -> None:
    assert len(PLANS) >= 2


def test_every_exit_code_is_in_the_table() -> None:
    table = {int(code) for code in re.findall(r"\| (\d+) \|", README)}
    ours = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code")}
    assert table == ours | {0, 129, 130, 143}


def test_every_link_leads_somewhere() -> None:
    root = Path(__file__).parents[2]
    assert [link for link in re.findall(r"\]\(([^)]+)\)", README) if not (root / link).exists()] == []


def _erp_build(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "erp_build", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)

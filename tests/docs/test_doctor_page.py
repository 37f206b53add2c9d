"""docs/doctor.md: its tables name exactly the checks that there are, in their order, and its commands work."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

import erp_build
from erp_build.doctor.diagnosis import AREAS, State
from erp_build.doctor.examine import CHECKS
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.rendering_helm import install_helm

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^erp-build (doctor[^#\n]*)", PAGE, flags=re.MULTILINE)


def test_the_tables_name_exactly_the_checks_area_by_area() -> None:
    assert tuple(area.lower() for area in SECTIONS) == AREAS
    named = [
        (name, area.lower())
        for area, text in SECTIONS.items()
        for name in re.findall(r"^\| `([\w-]+)` \|", text, flags=re.MULTILINE)
    ]
    assert named == [(check.name, check.area) for check in CHECKS]


def test_every_row_says_what_it_looks_at_what_it_means_and_what_to_do() -> None:
    rows = [line for text in SECTIONS.values() for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(CHECKS)
    assert [row for row in rows if len([cell for cell in row.strip("|").split("|") if cell.strip()]) != 4] == []


def test_the_states_are_explained() -> None:
    intro = PAGE.partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", intro, flags=re.MULTILINE) == list(get_args(State))


def test_the_actions_that_it_needs_are_those_that_its_tools_call() -> None:
    text = (Path(erp_build.__file__).parent / "clients" / "aws" / "inspection.py").read_text(encoding="utf-8")
    called = set(re.findall(r'translate_aws_errors\(f?"([^"]+)"', text))
    services = ("codeconnections", "codestar-connections")
    expected = {action.replace("{service}", service) for action in called for service in services}
    assert set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", PAGE.partition("## ")[0])) == expected


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_page_is_understood(
    words: str, erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The one that writes a file writes it here, of a chart that renders.
    monkeypatch.chdir(tmp_path)
    install_helm(tmp_path / "bin", monkeypatch)
    erp.write("helm-chart/values-dev.yaml", "services: {}\n")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    only = () if "--only" in words else ("--only", "git")
    answer = erp_build(*shlex.split(words), *only, "--repo", str(erp.root))
    assert answer.code in (0, 2)
    assert "usage" not in answer.err
    assert answer.out

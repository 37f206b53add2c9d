"""Every command in README and docs is run: here in a sample repository, or by a test that is named and exists."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.cli import app as cli
from tests.support.cli import CommandLine
from tests.support.documented import ELSEWHERE, INSTALLS, PAGES, QUICK_STARTS, ROOT, blocks, commands, words
from tests.support.git import Checkout

OFFLINE = ("plan", "explain", "replay", "record", "gate", "values", "completion")
"""Verbs that work in a repository alone."""

SINGLE = sorted({(page.name, command) for page in PAGES if page not in QUICK_STARTS for command in commands(page)})
HERE = [(page, command) for page, command in SINGLE if command not in ELSEWHERE]
WITHOUT = re.compile("|".join(rf"^{re.escape(command)}(\s+#.*)?$" for command in ELSEWHERE), flags=re.MULTILINE)


@pytest.fixture
def sample(erp: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A repository with a little history, and the files that the pages speak of."""
    erp.git("tag", "v1.3")
    for number in range(3):
        erp.commit({"backend/notification-service/new": str(number)})
    monkeypatch.chdir(erp.root)
    erp.write("helm-chart/values-dev.yaml", "services:\n  notification:\n    image:\n      tag: a\n")
    erp.write("strict.toml", '[gate]\nblock = ["CRITICAL"]\n')
    erp.write("waivers.toml", "")
    erp.write("answers.json", '[{"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": '
              '{"imageScanCompletedAt": "2026-11-26T09:00:00+09:00", "findingSeverityCounts": {}}}]')  # fmt: skip
    return erp


@pytest.mark.parametrize(("page", "command"), HERE, ids=str)
def test_a_command_works_in_a_sample_repository(
    page: str, command: str, sample: Checkout, erp_build: CommandLine
) -> None:
    program, verb, *_ = command.split()
    assert (program, verb in OFFLINE) == ("erp-build", True), f"{page}: {command}: no test runs it; see ELSEWHERE"
    assert erp_build(*words(command)).code == 0, sample.root


@pytest.mark.parametrize("page", QUICK_STARTS, ids=lambda page: page.name)
def test_a_quick_start_works_from_its_first_line_to_its_last(page: Path, tmp_path: Path) -> None:
    left_out = [command for command in commands(page) if command in ELSEWHERE]
    assert set(INSTALLS[:2]) <= set(left_out)
    script = WITHOUT.sub("", "".join(blocks(page)))
    assert len(script.splitlines()) > len(left_out)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    first, second, _ = done.stdout.split("Plan for ")[1:]
    assert re.findall(r"^  (\S+) +(build|redeploy) ", first, flags=re.MULTILINE) == [("notification-service", "build")]
    assert {action for _, action in re.findall(r"^  (\S+) +(\w+) +compared", second, flags=re.MULTILINE)} == {
        "redeploy",
        "none",
    }
    assert re.search(r"(exit code|종료 코드) 6$", done.stdout, flags=re.MULTILINE)


def test_both_quick_starts_have_the_same_commands() -> None:
    english, korean = ([re.sub(r'"[^"]*"', '""', command) for command in commands(page)] for page in QUICK_STARTS)
    assert korean == english


@pytest.mark.parametrize(("command", "test"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_a_command_that_is_run_elsewhere_is_documented_and_its_test_exists(command: str, test: str) -> None:
    assert any(command in commands(page) for page in PAGES), f"no page has `{command}` any more"
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, flags=re.MULTILINE)


def test_every_verb_is_in_a_page() -> None:
    documented = {command.split()[1] for page in PAGES for command in commands(page) if command.startswith("erp-build")}
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [verb for verb in cli.VERBS if verb not in documented and f"erp-build {verb}`" not in texts] == []

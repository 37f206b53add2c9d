"""docs/baselines.md: its commands and its test run as they stand there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout

PAGE = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
COMMANDS = [words for words in re.findall(r"^erp-build ([^#\n]*)", PAGE, flags=re.MULTILINE) if "--live" not in words]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_page_works(erp: Checkout, words: str, erp_build: CommandLine) -> None:
    erp.git("tag", "v1.3")
    for number in range(3):
        erp.commit({"backend/notification-service/new": str(number)})
    verb, *rest = shlex.split(words)
    assert erp_build(verb, "--repo", erp.root, *rest).code == 0


def test_the_page_shows_every_way_of_asking() -> None:
    assert {words.split()[0] for words in COMMANDS} == {"plan", "explain", "replay", "record"}


@pytest.mark.slow
def test_the_test_of_the_page_passes_and_fails_with_the_rules(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    erp_build("record", "--repo", erp.root, "HEAD~1..HEAD")
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    erp.write("test_rules.py", snippet)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_rules.py"]
    assert subprocess.run(words, cwd=erp.root, capture_output=True, check=False).returncode == 0
    erp.write("erp-build.toml", '[[service]]\npath = "backend/employee-service"\n')
    done = subprocess.run(words, cwd=erp.root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "missing target: notification-service" in done.stdout


def test_what_the_page_says_of_a_rung_is_what_the_program_says() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (Path(__file__).parents[2] / "src").rglob("*.py"))
    for words in (
        "names no commit",
        "cannot be read in this clone",
        "holds no commit",
        "is no ancestor of head",
        "the branch has no upstream",
        "the source has no .git (CODE_ZIP; choose full clone",
        "nothing of it runs yet",
        "there is no release yet",
    ):
        assert words in source
        assert words in " ".join(PAGE.split())

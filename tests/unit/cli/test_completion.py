"""Completion: the scripts are those of today's options, and bash completes with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.cli import app as cli
from erp_build.cli.verbs.completion import SHELLS
from scripts import completion
from tests.support.cli import CommandLine

ASK = """\
source "$1"; shift
COMP_WORDS=(erp-build "$@"); COMP_CWORD=$#
"$(complete -p erp-build | sed 's/.*-F \\([^ ]*\\).*/\\1/')" erp-build "${@: -1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    script = completion.FOLDER / SHELLS["bash"]
    done = subprocess.run(
        ["bash", "-c", ASK, "-", script, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_up_to_date(shell: str, erp_build: CommandLine) -> None:
    answer = erp_build("completion", shell)
    assert answer.code == 0
    assert answer.out == completion.script(shell), "make generated writes it anew"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_knows_every_verb(shell: str, erp_build: CommandLine) -> None:
    text = erp_build("completion", shell).out
    assert [verb for verb in cli.VERBS if verb not in text] == []


def test_bash_completes_verbs_options_choices_and_files(tmp_path: Path) -> None:
    (tmp_path / "answers.json").touch()
    assert complete(tmp_path, "ro") == ["rollback"]
    assert complete(tmp_path, "run", "--rehe") == ["--rehearse"]
    assert complete(tmp_path, "completion", "") == list(SHELLS)
    assert complete(tmp_path, "gate", "--recorded", "ans") == ["answers.json"]


def test_a_reader_that_has_seen_enough_is_no_bug(tmp_path: Path) -> None:
    words = f"{sys.executable} -m erp_build completion bash"
    script = f'set -o pipefail; {words} | true; echo "ended with $?"'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "ended with 0\n"
    assert done.stderr == ""


def test_an_unknown_shell_is_a_mistake_of_the_caller(erp_build: CommandLine) -> None:
    answer = erp_build("completion", "csh")
    assert answer.code == 2
    assert "bash" in answer.err

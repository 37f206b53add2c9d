"""What README and docs say, done word by word: with the package index, and in an account."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import erp_build_process
from tests.support.documented import (
    DOCTOR,
    ELSEWHERE,
    INSTALLS,
    LIVE,
    QUICK_STARTS,
    ROOT,
    blocks,
    without_comment,
    words,
)
from tests.support.sources import copy_sources
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

SERVICE = "notification-service"


def test_the_quick_start_works_word_by_word(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    copy_sources(clone)
    lines = [line for block in blocks(QUICK_STARTS[0]) for line in block.splitlines()]
    kept = [line for line in lines if (plain := without_comment(line)) not in ELSEWHERE or plain in INSTALLS]
    reach = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join((*kept, f"cd {shlex.quote(str(clone))}", INSTALLS[2]))],
        cwd=clone,
        env={**reach, "HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "exit code 6" in done.stdout
    assert done.stdout.count("Plan for ") == 3


def test_every_command_that_only_reads_works_in_an_account(erp: Erp) -> None:
    before = erp.look()
    for command in LIVE:
        done = erp.call(*words(command))
        assert done.code == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip(), command
    assert erp.look() == before


def test_doctor_answers_in_an_account_whatever_it_is_asked(erp: Erp) -> None:
    for command in DOCTOR:
        done = erp.call(*words(command))
        assert done.code in (0, 2), f"{command}\n{done.stderr}"
        assert any(state in done.stdout for state in ("ok", "problem", "unknown")), command


def test_the_library_rehearses_and_announces_what_it_would_do(erp: Erp, tmp_path: Path) -> None:
    erp.new_content(SERVICE)
    before = erp.look()
    program = ROOT / "examples" / "library" / "announce_effects.py"
    done = subprocess.run(
        [sys.executable, program, erp.repository],
        cwd=tmp_path,
        env=erp_build_process.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *announced, outcome = done.stdout.splitlines()
    assert outcome == "rehearsed"
    assert announced[0] == f"about to package: {SERVICE}"
    assert any(line.startswith("about to upgrade release: ") for line in announced)
    assert erp.look() == before


def test_a_run_with_a_stage_of_ones_own_is_ended_by_it(erp: Erp, tmp_path: Path) -> None:
    program = tmp_path / "ours.py"
    text = (ROOT / "examples" / "library" / "add_a_stage.py").read_text(encoding="utf-8")
    program.write_text(text.replace("if now.weekday()", "if True or now.weekday()"), encoding="utf-8")
    erp.new_content(SERVICE)
    before = erp.look()
    command = [sys.executable, str(program), "run", "--rehearse", "--json", "--repo", str(erp.repository)]
    done = subprocess.run(
        command, env=erp_build_process.environment(), capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    assert report["error"]["what"] == "nobody deploys on a Friday evening"
    last = report["stages"][-1]
    assert (last["name"], last["status"]) == ("refuse friday evenings", "failed")
    assert erp.look() == before

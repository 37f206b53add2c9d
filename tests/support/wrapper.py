"""A `git` in front of the real one, which writes down how it is called."""

import os
import shutil
from pathlib import Path

import pytest


class GitCalls:
    """The calls of git since it was put in front.

    Args:
        folder: where the program and its log are made.
        monkeypatch: changes PATH for one test.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = shutil.which("git")
        folder.mkdir()
        self._log = folder / "log"
        program = folder / "git"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self._log}\nexec {real} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def made(self) -> list[str]:
        """The words of each call since the last time that this was asked."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return lines

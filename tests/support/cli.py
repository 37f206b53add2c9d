"""The command line in this process: the exit code and the two streams."""

import json
import os
from dataclasses import dataclass

import pytest

from erp_build.cli.app import main


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended and what it printed."""

    code: int
    out: str
    err: str


class CommandLine:
    """Calls `erp-build` with words."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | os.PathLike[str]) -> Answer:
        """Run a command; argparse ends with an exit of its own."""
        self._capsys.readouterr()
        try:
            code = main([os.fspath(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
        printed = self._capsys.readouterr()
        return Answer(code, printed.out, printed.err)


def built(plan: str) -> list[str]:
    """The targets that a plan builds, from its JSON."""
    return [target["name"] for target in json.loads(plan)["targets"] if target["action"] == "build"]

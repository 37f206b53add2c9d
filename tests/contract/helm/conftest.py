"""A `helm` in front of any other, which writes down how it is called and answers as it is told."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.helm.program import HelmProgram
from erp_build.model.releases.capabilities import NOTHING_KNOWN
from erp_build.model.releases.release import Release
from tests.contract.cluster.conftest import Way

RELEASE = Release("erp-dev", "erp-ns", "erp")
PROGRAM = """\
#!{python} -IS
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "calls"), "a", encoding="utf-8") as calls:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=calls)
with open(os.path.join(folder, "answer"), encoding="utf-8") as answer:
    code, out, err, only = json.load(answer)
if only not in ("", sys.argv[1]):
    code, err = 0, ""
with open(os.path.join(folder, "said"), encoding="utf-8") as said:
    said = json.load(said)
if sys.argv[1] == "version" and not out.startswith("v"):
    code, out, err = 0, said["version"], ""
if sys.argv[1:3] == ["get", "metadata"]:
    code, out, err = said["metadata"]
if "--dry-run=server" in sys.argv and not code:
    with open(os.path.join(folder, "manifest"), encoding="utf-8") as manifest:
        out = json.dumps({{"name": "erp", "config": {{"password": "invented"}}, "manifest": manifest.read()}})
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


@dataclass(frozen=True)
class Call:
    """One call: its words behind `helm`, and its whole environment."""

    words: list[str]
    environment: dict[str, str]


class StubHelm:
    """The program in a folder, and the tool that calls it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.replace(PROGRAM.format(python=sys.executable))
        self.answer()
        self.render("")
        self.cluster = NOTHING_KNOWN
        self.says("v3.19.5")
        self.tool = HelmProgram(Way("https://127.0.0.1:1"), folder / "kept", lambda _: self.cluster)  # type: ignore[arg-type]

    def replace(self, program: str) -> None:
        """Put another program in its place."""
        path = self._folder / "helm"
        path.write_text(program, encoding="utf-8")
        path.chmod(0o755)

    def remove(self) -> None:
        """Take the program away."""
        (self._folder / "helm").unlink()

    def answer(self, code: int = 0, out: str = "", err: str = "", only: str = "") -> None:
        """Answer so from now on; with `only` a verb, every other one succeeds."""
        (self._folder / "answer").write_text(json.dumps([code, out, err, only]), encoding="utf-8")

    def render(self, manifest: str) -> None:
        """Make this of a chart in a dry run, whatever else is answered."""
        (self._folder / "manifest").write_text(manifest, encoding="utf-8")

    def says(self, version: str, metadata: str = "{}", err: str = "") -> None:
        """Be of a version, and say this of the release, whatever else is answered; with `err` that is an error."""
        said = {"version": version, "metadata": [int(bool(err)), metadata, err]}
        (self._folder / "said").write_text(json.dumps(said), encoding="utf-8")

    def call(self) -> Call:
        """The one call that was made, beside that for the version."""
        (call,) = (call for call in self.calls() if call.words[0] != "version")
        return call

    def calls(self) -> list[Call]:
        """The calls in their order."""
        lines: list[Any] = [json.loads(line) for line in (self._folder / "calls").read_text("utf-8").splitlines()]
        return [Call(words, environment) for words, environment in lines]


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubHelm:
    """The program, alone in PATH."""
    for name in list(os.environ):
        if name.startswith(("HELM_", "KUBE", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return StubHelm(tmp_path / "bin")

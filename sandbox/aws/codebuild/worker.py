"""One build as a process of its own: it gets its source and runs the phases of its buildspec.

    python -m sandbox.aws.codebuild.worker /folder/of/the/build

`order.json` in the folder says what is built, `notes.json` after each phase what became of it. What the process and its
commands print is the build's log.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sandbox.codebuild.buildspec import full_clone, phases_of

ORDER, NOTES, SOURCE = "order.json", "notes.json", "source"
DOWNLOAD = "DOWNLOAD_SOURCE"


class Order(NamedTuple):
    """What a build is to do.

    Attributes:
        location: path of the repository.
        version: of the source: a commit or a branch; empty: what the repository has checked out.
        buildspec: a path in the source, or the buildspec itself; empty: `buildspec.yml`.
        times: how often the phases are run.
    """

    location: str
    version: str = ""
    buildspec: str = ""
    times: int = 1

    @classmethod
    def read(cls, folder: Path) -> "Order":
        """The order that lies in a build's folder."""
        return cls(**json.loads((folder / ORDER).read_text(encoding="utf-8")))


class Printing:
    """This machine; what commands print goes to where this process prints."""

    def shell(self, command: str, source: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run it at the root of the source; returns its exit code, and no text."""
        print(f"$ {command}", flush=True)
        done = subprocess.run(
            ["sh", "-c", command], cwd=source, env=dict(environment), stdin=subprocess.DEVNULL, check=False
        )
        return done.returncode, ""


class Notes:
    """What became of a build so far, for the server that began it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NOTES
        self._document: dict[str, Any] = {"commit": "", "current": "", "phases": []}
        self._began = time.time()

    def begin(self, phase: str) -> None:
        """A phase begins."""
        self._began = time.time()
        self._write(current=phase)

    def end(self, phase: str, status: str = "SUCCEEDED", code: str = "", message: str = "") -> None:
        """It has ended; `code` and `message` say why it failed."""
        now = time.time()
        ended = {
            "phaseType": phase,
            "phaseStatus": status,
            "startTime": self._began,
            "endTime": now,
            "durationInSeconds": int(now - self._began),
            "contexts": [{"statusCode": code, "message": message}],
        }
        self._write(phases=[*self._document["phases"], ended])

    def source(self, commit: str) -> None:
        """The commit that the source has."""
        self._write(commit=commit)

    def _write(self, **changed: Any) -> None:
        self._document |= changed
        # The server reads at any time: never half of it.
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._document), encoding="utf-8")
        part.replace(self._file)


def build(folder: Path) -> int:
    """Do what the order in the folder says; returns 1 where a phase failed."""
    order, notes = Order.read(folder), Notes(folder)
    notes.begin(DOWNLOAD)
    try:
        source = full_clone(Path(order.location), order.version or "HEAD", folder / SOURCE)
        spec = spec_of(order.buildspec, source)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(error, flush=True)
        notes.end(DOWNLOAD, "FAILED", "CLIENT_ERROR", str(error))
        return 1
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True
    ).stdout.strip()
    notes.source(commit)
    notes.end(DOWNLOAD)
    known = {"CODEBUILD_RESOLVED_SOURCE_VERSION": commit, "CODEBUILD_SRC_DIR": str(source)}
    return 0 if all(_go(spec, source, {**os.environ, **known}, notes) for _ in range(order.times)) else 1


def spec_of(buildspec: str, source: Path) -> Mapping[str, Any]:
    """The buildspec as a document; raises `ValueError` where it is none."""
    named = source / (buildspec or "buildspec.yml")
    # A text of several lines, or in braces, is the buildspec itself.
    text = buildspec if buildspec.lstrip().startswith("{") or "\n" in buildspec else named.read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"YAML_FILE_ERROR: {error}") from error
    if isinstance(document, dict) and isinstance(document.get("phases"), dict):
        return document
    raise ValueError("YAML_FILE_ERROR: there are no phases")


def _go(spec: Mapping[str, Any], source: Path, environment: Mapping[str, str], notes: Notes) -> bool:
    """Run all phases once; returns whether each succeeded."""
    succeeded = True
    for phase in phases_of(spec, source, environment, Printing(), lambda name: notes.begin(name.upper())):
        if phase.code:
            succeeded = False
            why = f"Error while executing command. Reason: exit status {phase.code}"
            notes.end(phase.name.upper(), "FAILED", "COMMAND_EXECUTION_ERROR", why)
        else:
            notes.end(phase.name.upper())
    return succeeded


def main() -> int:
    """Build what the folder orders."""
    return build(Path(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())

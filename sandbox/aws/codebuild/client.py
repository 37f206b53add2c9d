"""Scripting of CodeBuild and a look at its builds, for tests."""

import json
import urllib.request
from dataclasses import asdict

from sandbox.aws.codebuild.build import Way, pids_of
from sandbox.endpoints import CODEBUILD_ADDRESS


class Workers:
    """The builds of a project.

    Args:
        project: its name.
        address: of the server.
    """

    def __init__(self, project: str, address: str = CODEBUILD_ADDRESS) -> None:
        self._project, self._address = project, address

    def script(self, *ways: Way) -> None:
        """Let the next builds go so; those behind them work."""
        body = json.dumps({"project": self._project, "ways": [asdict(way) for way in ways]}).encode()
        request = urllib.request.Request(f"{self._address}/_builds/ways", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10):
            pass

    def log(self, build: str) -> str:
        """What a build has printed so far."""
        with urllib.request.urlopen(f"{self._address}/_builds/log/{build}", timeout=10) as answer:
            return bytes(answer.read()).decode("utf-8", "replace")

    @staticmethod
    def pids(build: str) -> tuple[int, ...]:
        """The processes of a build."""
        return pids_of(build.rpartition(":")[2])

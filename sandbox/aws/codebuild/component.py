"""CodeBuild, whose builds are processes on this machine."""

import sys
import time
import urllib.request
from functools import partial
from pathlib import Path

from sandbox.aws import ministack
from sandbox.aws.codebuild.build import pids_of
from sandbox.component import Component
from sandbox.endpoints import CODEBUILD_ADDRESS
from sandbox.machine import processes
from sandbox.paths import ROOT, STATE

FOLDER = STATE / "codebuild"
"""A folder for each build, named as its log."""


class CodeBuild:
    """The server, and the processes of its builds."""

    name = "codebuild"

    def is_up(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{CODEBUILD_ADDRESS}/_health", timeout=2):
                return True
        except OSError:
            return False

    def up(self) -> None:
        """Start the server."""
        if not self.is_up():
            address = CODEBUILD_ADDRESS.partition("://")[2]
            words = [sys.executable, "-m", "sandbox.aws.codebuild.server", address, ministack.ADDRESS, str(FOLDER)]
            processes.start(self.name, words, cwd=ROOT)
            processes.wait_until(self.is_up, self.name)

    def down(self) -> None:
        """End the server, which ends its builds; of one that was killed they are ended here."""
        processes.stop(self.name)
        end_left(FOLDER)


def end_left(folder: Path) -> None:
    """Kill the processes of the builds that have a folder in this one."""
    for build in folder.iterdir() if folder.exists() else ():
        find = partial(pids_of, build.name)
        while find():
            processes.end_together(find)
            time.sleep(0.05)


CODEBUILD: Component = CodeBuild()

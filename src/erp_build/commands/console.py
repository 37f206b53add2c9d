"""What every command has: where the repository is, how much to say, and the two streams."""

import argparse
import sys
from pathlib import Path
from typing import TextIO

from erp_build.config.project import load_project
from erp_build.domain.project import Project
from erp_build.errors import ConfigurationError
from erp_build.tools.clock import SystemClock
from erp_build.tools.progress import Lines
from erp_build.tools.secrets import Secrets


class Console:
    """The surroundings of one command.

    Args:
        options: the parsed common options.
        secrets: what must not be shown.
        stdout: for what a program may read; None is the process's own.
        stderr: for everything else; None is the process's own.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        secrets: Secrets,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr
        self.secrets = secrets
        self.clock = SystemClock()
        self.progress = Lines(self._stderr, self.clock, secrets, options.verbose - options.quiet)
        self._repository: str = options.repo
        self._config: str | None = options.config

    @property
    def root(self) -> Path:
        """The root of the user's repository."""
        root = Path(self._repository)
        if not root.is_dir():
            raise ConfigurationError(
                "the repository is not there", where=str(root), next_step="check the path after --repo"
            )
        return root.resolve()

    def project(self) -> Project:
        """The project of the repository."""
        return load_project(self.root, Path(self._config) if self._config else None)

    def print(self, text: str) -> None:
        """Print a result."""
        print(self.secrets.mask(text), file=self._stdout, flush=True)

    def complain(self, text: str) -> None:
        """Print something that went wrong."""
        print(self.secrets.mask(text), file=self._stderr, flush=True)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that every verb has."""
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository's root (default: here)")
    parser.add_argument("--config", metavar="FILE", help="another erp-build.toml than the one at the root")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="show the output of Maven and the engine")
    parser.add_argument("-q", "--quiet", action="count", default=0, help="show only results and errors")

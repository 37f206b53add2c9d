"""What every command has: where the repository is, how much to say, and the two streams."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from erp_build.cli.fast_path.compiled_project import ProjectIndex, load_index
from erp_build.clients.git.command import is_repository
from erp_build.errors import ConfigurationError
from erp_build.model.project import FILE_NAME

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from erp_build.clients.clock import SystemClock
    from erp_build.clients.secrets import Secrets
    from erp_build.clients.terminal.progress import Lines
    from erp_build.model.project import Project


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
        self._verbosity: int = options.verbose - options.quiet
        self._repository: str = options.repo
        self._config: str | None = options.config

    @cached_property
    def clock(self) -> SystemClock:
        """The real time."""
        from erp_build.clients.clock import SystemClock

        return SystemClock()

    @cached_property
    def progress(self) -> Lines:
        """Where the stages speak; it loads when one does, which an offline plan has not."""
        from erp_build.clients.terminal.progress import Lines

        return Lines(self._stderr, self.clock, self.secrets, self._verbosity)

    @property
    def colour(self) -> bool:
        """Whether results are looked at on a terminal."""
        return self._stdout.isatty()

    @property
    def folder(self) -> str:
        """The root of the user's repository, as a name."""
        if not os.path.isdir(self._repository):
            raise ConfigurationError(
                "the repository is not there", where=self._repository, next_step="check the path after --repo"
            )
        return os.path.realpath(self._repository)

    @property
    def root(self) -> Path:
        """The root of the user's repository."""
        from pathlib import Path

        return Path(self.folder)

    def project(self) -> Project:
        """The project of the repository."""
        return self.index().project()

    def index(self) -> ProjectIndex:
        """The project, whose targets are made when they are asked for."""
        root = self.folder
        files = any(os.path.exists(os.path.join(root, name)) for name in (".git", FILE_NAME))
        bare = not files and is_repository(root)
        return load_index(root, self._config, self._committed if bare else None)

    def _committed(self) -> bytes | None:
        """The configuration of a bare repository, which has no files but those of its commits."""
        from erp_build.clients.git.repository import GitRepository

        return GitRepository(self.folder).read_file("HEAD", FILE_NAME)

    def print(self, text: str) -> None:
        """Print a result; whoever reads it may have seen enough and be gone, as `head` is."""
        try:
            print(self.secrets.mask(text), file=self._stdout, flush=True)
        except BrokenPipeError:
            # What is left in the buffer is written once more when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stdout.fileno())

    def complain(self, text: str) -> None:
        """Print something that went wrong."""
        print(self.secrets.mask(text), file=self._stderr, flush=True)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that every verb has."""
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository's root (default: here)")
    parser.add_argument("--config", metavar="FILE", help="another erp-build.toml than the one at the root")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="show the output of Maven and the engine")
    parser.add_argument("-q", "--quiet", action="count", default=0, help="show only results and errors")


def add_lock_options(parser: argparse.ArgumentParser) -> None:
    """The options of verbs that deploy."""
    parser.add_argument(
        "--wait-for-lock",
        metavar="TIME",
        type=_duration,
        default=0.0,
        help="wait so long for another run, such as 20m (default: leave with 11)",
    )


def _duration(text: str) -> float:
    from erp_build.config.toml_table import duration

    seconds = 0.0 if text == "0" else duration(text)
    if seconds is None:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no duration: 90s, 5m or 1h")
    return seconds

"""What every command has: where the repository is, how much to say, and the two streams."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from erp_build.cli.fast_path.compiled_project import ProjectIndex, load_index
from erp_build.clients.git.root import find_root
from erp_build.clients.terminal.streams import Output, can_colour, fit, is_terminal, tell
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.formats.printable import json_text
from erp_build.model.packaging import packagings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from erp_build.cli.options import CommonOptions
    from erp_build.clients.clock import SystemClock
    from erp_build.clients.protocols import Clients
    from erp_build.clients.secrets import Secrets
    from erp_build.clients.site import Site
    from erp_build.clients.terminal.progress import Lines
    from erp_build.model.packaging import Packaging
    from erp_build.model.project import Project

BUILD_SERVERS = ("CI", "CODEBUILD_BUILD_ID")
"""Variables that a build server sets."""


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
        options: CommonOptions,
        secrets: Secrets,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._stdout = stdout or sys.stdout
        self.output = Output(self._stdout)
        self._stderr = stderr or sys.stderr
        self.secrets = secrets
        self._verbosity = options.verbose - options.quiet
        self._repository = options.repo
        self._config = options.config
        self.packagers = options.packagers

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
        """Whether results are looked at on a terminal with colours."""
        return can_colour(self._stdout)

    @property
    def is_watched(self) -> bool:
        """Whether a person looks at the results: on a terminal, which a build server may give its jobs too."""
        return is_terminal(self._stdout) and not any(name in os.environ for name in BUILD_SERVERS)

    @property
    def can_ask(self) -> bool:
        """Whether a person reads the results, and can answer."""
        return is_terminal(sys.stdin) and is_terminal(self._stdout)

    def ask(self, question: str) -> bool:
        """Ask a person; anything but a yes is a no."""
        self.complain(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @property
    def folder(self) -> str:
        """The root of the user's repository, as a name, found from a folder in it as Git finds it.

        Raises `ConfigurationError` where there is no such folder.
        """
        given = self._repository
        if not os.path.isdir(given):
            raise ConfigurationError(
                "the repository is not there", where=given, next_step="check the path after --repo"
            )
        return find_root(os.path.realpath(given), os.environ)

    @property
    def root(self) -> Path:
        """The root of the user's repository."""
        from pathlib import Path

        return Path(self.folder)

    def project(self) -> Project:
        """The project of the repository."""
        return self.index().project()

    def unit(self, name: str | None) -> Project:
        """The project of one unit: of the only one, or of several that of this name.

        Raises `ConfigurationError` where there is none of this name, or several and no name.
        """
        from erp_build.model.releases.units import units_of

        units = units_of(self.project())
        what = "releases and functions" if any(not unit.has_release for unit in units) else "releases"
        return _named(units, name, what)

    def release(self, name: str | None) -> Project:
        """The project of one release, with its functions also where these are deployed by themselves; see `unit`."""
        return _named(self.project().releases, name, "releases")

    def release_or_function(self, name: str | None) -> Project:
        """The project of one release with its functions, or of the function of this name that is deployed by itself."""
        from erp_build.model.releases.units import units_of

        project = self.project()
        alone = tuple(unit for unit in units_of(project) if not unit.has_release)
        if name is None or not alone:
            return self.release(name)
        return _named((*project.releases, *alone), name, "releases and functions")

    @contextmanager
    def sites(self, name: str | None) -> Iterator[tuple[Site, ...]]:
        """The sites of every unit, or of the one of this name; raises `ConfigurationError` where there is none."""
        from erp_build.clients.site import Site, read_environment
        from erp_build.clients.unasked import clients_of
        from erp_build.model.releases.units import units_of

        project = self.project()
        units = units_of(project) if name is None else (self.unit(name),)
        with self.clients(project) as clients:
            environment = read_environment(clients, project)
            yield tuple(Site(unit, clients_of(unit, clients), environment) for unit in units)

    def index(self) -> ProjectIndex:
        """The project, whose targets are made when they are asked for."""
        return load_index(self.folder, self._config, self.packagings)

    @property
    def packagings(self) -> tuple[Packaging, ...]:
        """What a plan knows of the packagers that a caller of the library has given."""
        return packagings_of(self.packagers)

    def clients(self, project: Project) -> AbstractContextManager[Clients]:
        """The clients of the repository, for a command whose effects nobody asks for afterwards.

        A signal ends their child processes, and their private files are gone afterwards.
        """
        from erp_build.wiring import open_clients

        opened = open_clients(
            self.root,
            clock=self.clock,
            progress=self.progress,
            secrets=self.secrets,
            build=project.build,
            packagers=self.packagers,
        )
        return _under_signals(opened)

    @contextmanager
    def site(self, project: Project) -> Iterator[Site]:
        """The site of a project, which was read before: its mistakes can be told without an account."""
        from erp_build.clients.site import open_site

        with self.clients(project) as clients:
            yield open_site(project, clients)

    def show(self, document: Mapping[str, Any], text: str, *, as_json: bool) -> None:
        """Print a result as the caller wants it: its document as JSON, or its text."""
        if as_json:
            self.print_json(document)
        else:
            self.print_fitted(text)

    def print(self, text: str) -> None:
        """Print a text whose lines stay as they are."""
        self.output.write(self.secrets.shown(text))

    def print_fitted(self, text: str, *, coloured: bool = False) -> None:
        """Print a result for a person, as wide as a terminal is; whoever coloured it has made its parts printable."""
        # Masked first, so that no secret is broken in two.
        self.output.write(fit(self.secrets.mask(text) if coloured else self.secrets.shown(text), self._stdout))

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Print a result for a program, on one line; each of its texts is masked by itself."""
        self.output.write(json_text(self.secrets.mask_all(document)))

    def print_secret(self, text: str) -> None:
        """Print a secret that the caller has asked for."""
        self.output.write(text)

    def complain(self, text: str) -> None:
        """Print something that went wrong."""
        tell(self._stderr, fit(self.secrets.shown(text), self._stderr))


@contextmanager
def _under_signals(opened: AbstractContextManager[Clients]) -> Iterator[Clients]:
    from erp_build.cli.signals import signals_raise

    with signals_raise(), opened as clients:
        yield clients


def _named(units: tuple[Project, ...], name: str | None, what: str) -> Project:
    """The one of this name; `what` they are, in words."""
    from erp_build.model.releases.units import name_of

    by_name = {name_of(unit): unit for unit in units}
    if name is None and len(units) == 1:
        return units[0]
    if name in by_name:
        return by_name[name]
    known = f"--unit NAME, one of: {', '.join(by_name)}"
    if name is None:
        raise ConfigurationError(
            f"there are {len(units)} {what}, and this is about one", where="the command line", next_step=known
        )
    raise ConfigurationError(
        f"--unit {name}: there is none of this name among the {what}",
        where="the command line",
        next_step=did_you_mean(name, by_name, known),
    )

"""A verb in a world in memory: what it prints, and how it ends."""

import io
from contextlib import AbstractContextManager, nullcontext

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions
from erp_build.clients.protocols import Clients
from erp_build.model.project import Project
from tests.fakes.world import FakeWorld


class WorldConsole(Console):
    """A console whose project and clients are those of a world in memory.

    Attributes:
        out: what was printed for a program.
        err: what was said beside it.
    """

    def __init__(self, world: FakeWorld, options: CommonOptions) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        super().__init__(options, world.secrets, self.out, self.err)
        self._world = world

    def project(self) -> Project:
        return self._world.project

    def clients(self, project: Project) -> AbstractContextManager[Clients]:  # noqa: ARG002 - a world has one
        return nullcontext(self._world.clients())

"""Maven as a packager: one jar for each service, of which the layers of its image may be made."""

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.effects import OnPackaged
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.clients.maven.call import MavenCall
from erp_build.clients.maven.program import Maven
from erp_build.clients.maven.reactor import MavenModule
from erp_build.config.read_file import read_file
from erp_build.formats.dockerfile.sources import copied_sources
from erp_build.model.packaging import MAVEN, OUTPUT, context_of, dockerfile_of
from erp_build.model.project import Function, Service


class MavenPackager:
    """Makes jars with Maven.

    Args:
        maven: the program.
    """

    name, key, makes = MAVEN, "", OUTPUT
    inputs: tuple[str, ...] = ()

    def __init__(self, maven: Maven) -> None:
        self._maven = maven
        self._jars: dict[str, Path] = {}

    def require_packable(self, folder: Path) -> None:
        """Raise `BuildFailed` if the directory has no pom, or Maven or a fitting JDK is not installed."""
        self._maven.require_buildable(folder)

    def package(self, bench: Workbench, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make the jars; calls `on_packaged` for each that is complete."""

        def keep(name: str, jar: Path, seconds: float) -> None:
            self._jars[name] = jar
            on_packaged(name, seconds)

        with full_disk_fails(str(bench.root)):
            self._maven.package([_module(bench.root, target) for target in targets], keep)

    def jar_of(self, name: str) -> Path:
        """The jar of a service that was packaged."""
        return self._jars[name]

    def made_jar(self, name: str) -> Path | None:
        """The jar of a service; None where Maven has made none for it."""
        return self._jars.get(name)

    def goals_call(self, folder: Path, timeout: float) -> AbstractContextManager[MavenCall]:
        """How Maven is called for goals on a service and what it needs; waits `timeout` seconds for another Maven."""
        return self._maven.goals_call(folder, timeout)

    def jdk_release(self, folder: Path) -> int | None:
        """The release of the JDK that builds a service; None if none is known."""
        return self._maven.jdk_release(folder)


def _module(root: Path, target: Service | Function) -> MavenModule:
    return MavenModule(target.name, root / target.path, tuple(_copied(root, target)))


def _copied(root: Path, target: Service | Function) -> Iterator[str]:
    """The sources that the Dockerfile of a service copies, relative to the service's directory."""
    file = root / dockerfile_of(target)
    text = read_file(file).decode("utf-8-sig", "replace") if file.is_file() else ""
    for _, source in copied_sources(text):
        yield posixpath.relpath(posixpath.join("/", context_of(target), source), f"/{target.path}")

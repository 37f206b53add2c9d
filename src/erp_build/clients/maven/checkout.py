"""The poms of the checkout: what Maven takes, besides a service's own folder, to build it."""

import os
import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from erp_build.formats.maven.folders import folders_without_modules
from erp_build.formats.maven.graph import MavenGraph, read_graph, renewed
from erp_build.formats.maven.links import PLUGIN_DEPENDENCY
from erp_build.formats.maven.pom import POM_FILE, Pom, pom_path, read_pom
from erp_build.formats.maven.settings import EXTENSIONS_FILE, MAVEN_FOLDER, SETTINGS_FILE

GIT_FOLDER = ".git"

MAX_ROUNDS = 20
"""A pom may name one of another name, and that one a third one."""


class Project(NamedTuple):
    """Group and artifact of a pom, by which Maven's output names it."""

    group: str
    artifact: str


class Needs(NamedTuple):
    """What one Maven has to build for a service. All folders and paths are absolute.

    Attributes:
        folder: the service's.
        own: the folders of its modules, the service's first; just that one where its pom names none.
        needed: the folders of all other modules that are built with it, parents and imported BOMs included.
        named: those of them that Maven does not find by itself: what the configuration of a plugin takes.
        tops: the folders of the outermost poms that reach all of these by their modules.
        apart: the folders that a generated pom has to name instead, where that cannot be done.
        roots: the outermost poms' folders of everything that is written: whoever builds any of it holds their locks.
    """

    folder: Path
    own: tuple[Path, ...]
    needed: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    tops: tuple[Path, ...] = ()
    apart: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()

    @property
    def is_alone(self) -> bool:
        """Whether its own folder is all that Maven has to look at."""
        return self.own == self.tops == (self.folder,)

    @property
    def root(self) -> Path | None:
        """The folder whose pom reaches everything by its modules; None where no single one does."""
        return self.tops[0] if len(self.tops) == 1 else None

    @property
    def written(self) -> tuple[Path, ...]:
        """The folders that Maven may write into."""
        return (*self.own, *self.needed)

    @property
    def poms(self) -> tuple[Path, ...]:
        """The poms that say how all of this is built."""
        return tuple(folder / POM_FILE for folder in self.written)


class MavenCheckout:
    """The poms below a folder, read once and when they are first asked for.

    Args:
        root: of the repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._needs: dict[Path, Needs] = {}
        self._poms: dict[str, Pom | None] = {}
        self._below: dict[str, dict[str, None]] = {}

    @cached_property
    def _read(self) -> tuple[MavenGraph, tuple[str, ...]]:
        return _graph_of(self._root)

    @property
    def _graph(self) -> MavenGraph:
        return self._read[0]

    def needs_of(self, folder: Path) -> Needs:
        """What Maven has to build for the service in a folder; one with a pom that cannot be read is built alone."""
        if folder not in self._needs:
            self._needs[folder] = self._read_needs(folder)
        return self._needs[folder]

    def project_of(self, folder: Path) -> Project | None:
        """The coordinates of the pom in a folder; None where only Maven can tell them."""
        name = self._name(folder)
        found = self._graph.coordinates_of(name) if name is not None else None
        return Project(*found[:2]) if found and all(part and "${" not in part for part in found[:2]) else None

    def version_of(self, folder: Path) -> str:
        """The version of the pom in a folder, as far as it can be told."""
        name = self._name(folder)
        found = self._graph.coordinates_of(name) if name is not None else None
        return found[2] if found else ""

    def folder_of(self, project: Project) -> Path | None:
        """The folder of the module with these coordinates; None: the repository has none."""
        names = (posixpath.dirname(path) for path in self._read[1] if not path.startswith(f"{MAVEN_FOLDER}/"))
        return next((self._path(name) for name in names if self.project_of(self._path(name)) == project), None)

    def projects_below(self, folders: Iterable[Path]) -> dict[Path, Project | None]:
        """The modules that the poms of folders reach, these folders included, with their coordinates."""
        names = (name for folder in folders if (name := self._name(folder)) is not None)
        reached = (self._path(one) for name in names for one in self._reached(name))
        return {folder: self.project_of(folder) for folder in reached}

    def _read_needs(self, folder: Path) -> Needs:
        name = self._name(folder)
        if name is None or self._pom(name) is None:
            return Needs(folder, own=(folder,), tops=(folder,), apart=(folder,), roots=(folder,))
        own = tuple(self._reached(name))
        needed = tuple(dict.fromkeys(found for one in own for found in self._graph.needed_by(one) if found not in own))
        inputs = (found for one in own for found in self._graph.inputs_of(one))
        named = tuple(dict.fromkeys(one.path for one in inputs if one.is_folder and one.kind == PLUGIN_DEPENDENCY))
        linked = set(self._parents_by_path((*own, *needed)))
        # Maven finds a parent by its path. Anything else has to be a module of the same Maven.
        listed = (*own, *(one for one in needed if one not in linked))
        apart = self._outermost(listed)
        tops = self._tops(listed) or apart
        roots = self._roots((*own, *needed))
        return Needs(folder, *(tuple(map(self._path, names)) for names in (own, needed, named, tops, apart, roots)))

    def _tops(self, listed: tuple[str, ...]) -> tuple[str, ...]:
        """The outermost poms that reach all of some modules, each by one of them alone; nothing: there are none."""
        roots = self._roots(listed)
        reached = {root: self._reached(root) for root in roots}
        for root, below in reached.items():
            if all(one in below for one in listed):
                return (root,)
        everything = set[str]().union(*reached.values())
        # A module that two of them reach would be in the reactor twice, which Maven refuses.
        is_clear = len(everything) == sum(map(len, reached.values()))
        return roots if is_clear and everything.issuperset(listed) else ()

    def _roots(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The folders of the outermost poms of some modules; of one that nothing names its own."""
        return tuple(dict.fromkeys(name if (root := self._graph.root_of(name)) is None else root for name in names))

    def _outermost(self, listed: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some modules that none of the others reaches."""
        inner = {one for module in listed for one in self._reached(module) if one != module}
        # Poms that name each other as modules have no outermost one; Maven says so.
        return tuple(one for one in listed if one not in inner) or listed

    def _reached(self, name: str) -> dict[str, None]:
        """A folder and those that its pom reaches by its modules, in their order."""
        if name not in self._below:
            self._below[name] = self._walk(name)
        return self._below[name]

    def _walk(self, name: str) -> dict[str, None]:
        found = {name: None}
        for one in (waiting := [name]):
            pom = self._pom(one)
            for module in pom.modules if pom else ():
                below = self._module(one, module)
                if below not in found and self._pom(below) is not None:
                    found[below] = None
                    waiting.append(below)
        return found

    def _module(self, name: str, module: str) -> str:
        file, inside = pom_path(name, module)
        return posixpath.dirname(file if (self._root / file).is_file() else inside)

    def _parents_by_path(self, names: Iterable[str]) -> Iterator[str]:
        """The folders of the parents that Maven finds by `relativePath`."""
        for name in names:
            pom = self._pom(name)
            if pom and pom.parent and pom.parent_path:
                yield self._module(name, pom.parent_path)

    def _pom(self, name: str) -> Pom | None:
        if name not in self._poms:
            file = self._path(name) / POM_FILE
            is_here = not name.startswith("..") and file.is_file()
            self._poms[name] = read_pom(file.read_bytes()) if is_here else None
        return self._poms[name]

    def _path(self, name: str) -> Path:
        return Path(os.path.normpath(self._root / name))

    def _name(self, folder: Path) -> str | None:
        try:
            name = folder.relative_to(self._root).as_posix()
        except ValueError:
            return None
        return "" if name == "." else name


def _graph_of(root: Path) -> tuple[MavenGraph, tuple[str, ...]]:
    """The graph of the poms below a folder and of those of other names that they name, and the paths of all of them."""
    paths = list(_poms_below(root))
    graph = read_graph({path: (root / path).read_bytes() for path in paths})
    for _ in range(MAX_ROUNDS):
        more = [path for path in graph.wanted if (root / path).is_file()]
        if not more:
            break
        graph = renewed(graph, {path: (root / path).read_bytes() for path in more})
        paths += more
    return graph, tuple(paths)


def _poms_below(root: Path) -> Iterator[str]:
    for place, folders, files in os.walk(root):
        folder = Path(place)
        left_out = folders_without_modules((folder / POM_FILE).read_bytes() if POM_FILE in files else None)
        folders[:] = sorted(name for name in folders if name != GIT_FOLDER and os.fsencode(name) not in left_out)
        wanted = (SETTINGS_FILE, EXTENSIONS_FILE) if folder.name == MAVEN_FOLDER else (POM_FILE,)
        yield from ((folder / name).relative_to(root).as_posix() for name in wanted if name in files)

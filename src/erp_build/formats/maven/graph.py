"""The Maven graph of a tree, read without Maven: what each module takes from elsewhere in the repository.

It is read from the poms alone, so that a plan can read it from a commit. What nobody can tell without Maven counts as
an input: doubt builds more.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from erp_build.formats.maven.aggregation import Aggregation
from erp_build.formats.maven.lineage import Lineage
from erp_build.formats.maven.links import UNCLEAR, Link, Linker
from erp_build.formats.maven.pom import POM_FILE, Named, Pom, folder_of, pom_path
from erp_build.formats.maven.reading import Reading, loaded

FORMAT = 1
"""Raised when kept graphs of before are not to be read."""


class ModuleInput(NamedTuple):
    """What a module takes from elsewhere in the repository.

    Attributes:
        path: a pom ("parent/pom.xml") or a module's folder ("common"; empty: the root).
        is_folder: whether all files of the folder count, without those below `without`.
        without: the folders of other modules inside of it.
        way: from it to the module that asks, by artifactId: ("common", "order-service").
        kind: how it is used: "parent", "imported BOM", "dependency", "test dependency", "plugin", "plugin dependency",
            "extension"; "unclear": nobody can tell whether it is.
    """

    path: str
    is_folder: bool
    without: tuple[str, ...]
    way: tuple[str, ...]
    kind: str


class MavenGraph:
    """The poms of one tree and how they lean on each other.

    Args:
        kept: plain values, as `kept` gives them.

    Attributes:
        kept: the graph in plain values, which `marshal` can keep.
        unclear: pom -> why it cannot be understood; its whole tree is then an input of every module.
        wanted: the paths that poms name as parents or modules and that were not given; those that exist make the graph
            complete (`renewed`).
    """

    def __init__(self, kept: tuple[Any, ...]) -> None:
        self.kept = kept
        _, nodes, self.unclear, self.wanted, self._of_settings, _ = kept
        self._nodes: dict[str, tuple[Named, tuple[Link, ...], str | None, bool]] = nodes
        self._at_folder: dict[str, list[str]] = {}
        for path in nodes:
            self._at_folder.setdefault(folder_of(path), []).append(path)
        self._folders = sorted({folder_of(path) for path, node in nodes.items() if node[3]})
        self._unreadable = {folder_of(pom): None for pom in self.unclear if pom not in nodes}

    @property
    def paths(self) -> tuple[str, ...]:
        """The poms that it was read from, and those that would change it if they were there."""
        return (*self._nodes, *self.unclear, *self.wanted)

    def __contains__(self, path: object) -> bool:
        return path in self._nodes or path in self.unclear or path in self.wanted

    def inputs_of(self, folder: str) -> tuple[ModuleInput, ...]:
        """Everything that the module of a folder takes from elsewhere; nothing where there is no pom."""
        start = self._at(folder)
        if start is None:
            return (_unclear("", (folder,)),) if folder in self._unreadable else ()
        found: dict[tuple[str, bool], ModuleInput] = {}
        for path, kind, is_folder, way in self._closure(start):
            place = folder_of(path) if is_folder else path
            if not is_folder or place != folder:
                without = self._inside(place) if is_folder and path not in self.unclear else ()
                found.setdefault((place, is_folder), ModuleInput(place, is_folder, without, way, kind))
        for pom in self.unclear:
            if (place := folder_of(pom)) != folder:
                found.setdefault((place, True), _unclear(place, (self._label(pom), self._label(start))))
        return tuple(found.values())

    def needed_by(self, folder: str) -> tuple[str, ...]:
        """The folders of the modules that Maven builds before the one of a folder, itself left out."""
        start = self._at(folder)
        found = (folder_of(path) for path, *_ in self._closure(start)) if start else ()
        return tuple(place for place in dict.fromkeys(found) if place != folder)

    def users_of(self, path: str) -> tuple[str, ...]:
        """The folders of the modules that a change of a file reaches, that of the file itself included."""
        if any(_is_below(path, folder_of(pom)) for pom in self.unclear):
            return tuple({folder_of(place): None for place in (*self._nodes, *self.unclear)})
        owners = tuple(self._owners(path))
        users = {user: None for owner in owners for user, is_folder in self._users_of(owner) if is_folder}
        users |= dict.fromkeys(user for user, _ in self._users_of(path))
        queue = list(users)
        for place in queue:
            queue += (new := [user for user, _ in self._users_of(place) if user not in users])
            users |= dict.fromkeys(new)
        return tuple(dict.fromkeys((*map(folder_of, (*owners, *users)), *self._unreadable)))

    def root_of(self, folder: str) -> str | None:
        """The folder of the outermost pom that reaches a module through its modules; None: nothing names it."""
        start = self._at(folder)
        root = self._nodes[start][2] if start else None
        return None if root is None else folder_of(root)

    def coordinates_of(self, folder: str) -> Named | None:
        """Group, artifact and version of the module of a folder; what nobody can tell has a `${`, or is empty."""
        start = self._at(folder)
        return self._nodes[start][0] if start else None

    def _at(self, folder: str) -> str | None:
        """The pom of a folder: its pom.xml, or else the first one with another name."""
        return min(self._at_folder.get(folder, ()), key=lambda path: not path.endswith(POM_FILE), default=None)

    def _closure(self, start: str) -> Iterator[tuple[str, str, bool, tuple[str, ...]]]:
        """Each pom that one leans on: path, kind of use, whether its folder counts, and the way from it."""
        ways: dict[str, tuple[str, ...]] = {start: (self._label(start),)}
        whole: dict[str, bool] = {}
        queue = [start]
        for path in queue:
            for target, kind, is_folder in self._links(path):
                if target not in ways:
                    ways[target] = (self._label(target), *ways[path])
                    queue.append(target)
                if target != start and is_folder > whole.get(target, -1):
                    whole[target] = is_folder
                    yield target, kind, is_folder, (self._label(target), *ways[path])

    def _links(self, path: str) -> Iterator[Link]:
        if node := self._nodes.get(path):
            yield from node[1]
        folder = folder_of(path)
        while self._of_settings:
            yield from self._of_settings.get(folder, ())
            if not folder:
                return
            folder = folder_of(folder)

    def _label(self, path: str) -> str:
        node = self._nodes.get(path)
        return (node[0][1] if node else "") or folder_of(path) or path

    def _users_of(self, path: str) -> list[tuple[str, bool]]:
        return self._users.get(path, [])

    @cached_property
    def _users(self) -> dict[str, list[tuple[str, bool]]]:
        """Pom -> who uses it, and whether they use its folder as well."""
        users: dict[str, list[tuple[str, bool]]] = {}
        for user in self._nodes:
            for target, _, is_folder in self._links(user):
                users.setdefault(target, []).append((user, is_folder))
        return users

    def _owners(self, path: str) -> Iterator[str]:
        """The modules that a file belongs to: those of the folders above, up to the first that is named as a module."""
        folder = path
        while folder:
            folder = folder_of(folder)
            places = self._at_folder.get(folder, ())
            yield from places
            if any(self._nodes[place][3] for place in places):
                return

    def _inside(self, folder: str) -> tuple[str, ...]:
        """The folders of modules below a folder, without those inside of each other."""
        start = f"{folder}/" if folder else ""
        found: list[str] = []
        for place in self._folders[bisect_left(self._folders, start) :]:
            if not place.startswith(start):
                break
            if place and not (found and place.startswith(f"{found[-1]}/")):
                found.append(place)
        return tuple(found)


def read_graph(poms: Mapping[str, bytes]) -> MavenGraph:
    """Read the graph of a tree.

    Args:
        poms: path -> content of each pom.xml, of poms with other names that `wanted` lists, and of the files
            `maven.config` and `extensions.xml` of each `.mvn`.
    """
    return _linked(Reading({}, {}, {}), poms)


def renewed(kept: MavenGraph | tuple[Any, ...] | None, changed: Mapping[str, bytes | None]) -> MavenGraph:
    """The graph after a change; only what changed is read.

    Args:
        kept: the graph of before, or what `MavenGraph.kept` gave; what another version of erp_build kept is an error.
        changed: path -> content as of `read_graph`; None: the file is gone.

    Raises:
        ValueError: it was kept by another version.
    """
    plain = kept.kept if isinstance(kept, MavenGraph) else kept
    if plain is None or plain[0] != FORMAT:
        raise ValueError("the graph was kept by another version")
    return _linked(loaded(plain[-1]), changed)


def _linked(reading: Reading, changed: Mapping[str, bytes | None]) -> MavenGraph:
    """The graph of what was read before and of what changed since."""
    reading.take(changed)
    poms = {path: pom for path, pom in sorted(reading.poms.items()) if isinstance(pom, Pom)}
    unclear = {path: why for path, why in sorted(reading.poms.items()) if isinstance(why, str)}
    aggregation = Aggregation(poms)
    lineage = Lineage(
        poms, unclear, {folder: found for folder, found in reading.properties.items() if found}, aggregation.root
    )
    aggregation.add_meant(lineage.meant)
    linker = Linker(poms, lineage, aggregation, reading.extensions)
    nodes = {
        path: (linker.coordinates[path], linker.links(path), aggregation.root(path), path in aggregation.namers)
        for path in poms
    }
    circles = dict.fromkeys(lineage.circles, "it inherits from itself, by way of its parents")
    nameless = {path: why for path in aggregation.namers if (why := _nameless(linker.coordinates[path]))}
    # What nobody can read is there all the same.
    unclear = aggregation.unclear | circles | nameless | unclear
    unclear = {path: why for path, why in unclear.items() if not aggregation.hidden(path)}
    wanted = tuple(sorted({*aggregation.absent, *_absent_parents(poms)} - set(reading.poms)))
    return MavenGraph((FORMAT, nodes, unclear, wanted, linker.of_settings, reading.dumped()))


def _absent_parents(poms: Mapping[str, Pom]) -> Iterator[str]:
    for path, pom in poms.items():
        if pom.parent_path:
            places = pom_path(folder_of(path), pom.parent_path)
            if not any(place in poms for place in places):
                yield from (place for place in places if not place.startswith(".."))


def _nameless(coordinates: Named) -> str:
    """Why nobody can tell who takes a module; empty: everybody can."""
    group, artifact, _ = coordinates
    if group and artifact and "${" not in group and "${" not in artifact:
        return ""
    return f"nobody can tell its name: {group or '(no groupId)'}:{artifact or '(no artifactId)'}"


def _unclear(folder: str, way: tuple[str, ...]) -> ModuleInput:
    """All of a folder, because nobody can tell what of it is taken."""
    return ModuleInput(folder, is_folder=True, without=(), way=way, kind=UNCLEAR)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")

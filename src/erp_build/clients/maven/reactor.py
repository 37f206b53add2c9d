"""Which services one Maven builds together, in which order the Mavens run, and what each of them is told to build."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from os.path import relpath
from pathlib import Path
from typing import NamedTuple

from erp_build.clients.maven.checkout import MavenCheckout, Needs, Project
from erp_build.clients.maven.place import Place, place_of
from erp_build.formats.maven.pom import POM_FILE

AGGREGATOR = {
    "modelVersion": "4.0.0",
    "groupId": "erp-build",
    "artifactId": "reactor",
    "version": "1",
    "packaging": "pom",
}
"""The elements of the generated pom besides its modules."""


class MavenModule(NamedTuple):
    """A service to be built.

    Attributes:
        name: for output and errors.
        folder: its directory.
        copied: the sources that its Dockerfile copies, relative to the directory; they tell which jar is meant.
    """

    name: str
    folder: Path
    copied: tuple[str, ...] = ()


class Member(NamedTuple):
    """A service in a reactor: what it needs, and the coordinates of its own modules."""

    module: MavenModule
    needs: Needs
    projects: frozenset[Project]

    @property
    def name(self) -> str:
        """The service's name."""
        return self.module.name


class Reactor(NamedTuple):
    """What one Maven builds: services, and how it is called for all of them."""

    members: tuple[Member, ...]
    place: Place

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that it may write into, each once."""
        return tuple(dict.fromkeys(folder for member in self.members for folder in member.needs.written))

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that stand for all of these where a lock is taken."""
        return tuple(dict.fromkeys(root for member in self.members for root in member.needs.roots))

    @property
    def start(self) -> Path:
        """The directory that Maven is started in."""
        return self.place.start or self.members[0].needs.folder

    @property
    def settings_folder(self) -> Path | None:
        """The folder whose `.mvn` Maven has to be told of: above a generated pom there is none of the repository."""
        is_generated = self.place.root is None and not (len(self.members) == 1 and self.members[0].needs.is_alone)
        return self.place.settings or (self.start if is_generated else None)

    def only(self, members: Iterable[Member]) -> "Reactor":
        """The same Maven for some of the services."""
        return self._replace(members=tuple(members))

    def without_root(self) -> "Reactor":
        """The same services without their root: a generated pom names the modules."""
        apart = (member._replace(needs=member.needs._replace(tops=member.needs.apart)) for member in self.members)
        return Reactor(tuple(apart), self.place._replace(root=None))

    def words(self, scratch: Path) -> tuple[str, ...]:
        """Maven's options that say what is built; a pom of modules is written into `scratch` if one is needed."""
        root = self.place.root
        needs = [member.needs for member in self.members]
        if root is None and len(needs) == 1 and needs[0].is_alone:
            root = needs[0].folder
        pom = (
            root / POM_FILE
            if root
            else write_aggregator(scratch, dict.fromkeys(top for one in needs for top in one.tops))
        )
        if any(one.folder == root for one in needs):
            # All of its modules are built, which are the service's.
            return ("--file", str(pom))
        chosen = dict.fromkeys(_selector(folder, pom.parent) for one in needs for folder in (*one.own, *one.named))
        return ("--file", str(pom), "--projects", ",".join(chosen), "--also-make")


def reactors(modules: Sequence[MavenModule], checkout: MavenCheckout) -> list[Reactor]:
    """Split services into groups that one Maven builds, with the same options that each would get alone.

    A service that others need is built by a later Maven than these, if not by the same: the jar of its own Maven stays.
    """
    groups: list[_Group] = []
    for module in modules:
        needs = checkout.needs_of(module.folder)
        own = frozenset(project for folder in needs.own if (project := checkout.project_of(folder)))
        member, place = Member(module, needs, own), place_of(needs)
        # In a root Maven would refuse two modules of the same coordinates whatever is built.
        below = {} if place.root else checkout.projects_below(needs.tops)
        found = next((group for group in groups if group.takes(place, below)), None)
        if found is None:
            found = _Group(place)
            groups.append(found)
        found.add(member, below)
    return _in_order([Reactor(tuple(group.members), group.place) for group in groups])


class _Group:
    """Services that are to share a Maven, and the modules that this Maven sees."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.members: list[Member] = []
        self._folders: dict[Project, Path] = {}
        self._is_clear = True

    def takes(self, place: Place, below: dict[Path, Project | None]) -> bool:
        """Whether a service at a place can join: below a generated pom, Maven refuses two of the same coordinates."""
        if place != self.place or place.root:
            return place == self.place
        fits = (project and self._folders.get(project, folder) == folder for folder, project in below.items())
        return self._is_clear and all(fits)

    def add(self, member: Member, below: dict[Path, Project | None]) -> None:
        """Take a service, and the modules that its poms reach."""
        self.members.append(member)
        self._is_clear = self._is_clear and all(below.values())
        self._folders.update({project: folder for folder, project in below.items() if project})


def write_aggregator(folder: Path, tops: Iterable[Path]) -> Path:
    """Write a pom with these modules and return its path; Maven accepts only relative paths of modules."""
    root = folder.resolve()
    project = ET.Element("project", xmlns="http://maven.apache.org/POM/4.0.0")
    for element, text in AGGREGATOR.items():
        ET.SubElement(project, element).text = text
    listed = ET.SubElement(project, "modules")
    for top in tops:
        ET.SubElement(listed, "module").text = relpath(top, root)
    pom = root / POM_FILE
    ET.ElementTree(project).write(pom, encoding="utf-8", xml_declaration=True)
    return pom


def _selector(folder: Path, start: Path) -> str:
    # With `./` in front no name looks like one of Maven's signs for "not" or "optional".
    return f"./{relpath(folder, start)}"


def _in_order(groups: list[Reactor]) -> list[Reactor]:
    waiting, ordered = list(groups), list[Reactor]()
    while waiting:
        free = next(
            (one for one in waiting if not any(_needs(other, one) for other in waiting if other != one)), waiting[0]
        )
        waiting.remove(free)
        ordered.append(free)
    return ordered


def _needs(reactor: Reactor, other: Reactor) -> bool:
    """Whether a reactor writes into the folder of a service of the other one."""
    return any(member.needs.folder in reactor.folders for member in other.members)

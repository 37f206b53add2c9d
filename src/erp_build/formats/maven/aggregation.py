"""Which pom names which as its module, and from which outermost pom a module is reached."""

import posixpath
from collections.abc import Callable, Iterable, Mapping

from erp_build.formats.maven.pom import POM_FILE, Pom, folder_of, pom_path

SOURCES = "/src/"


class Aggregation:
    """The modules that the poms of a tree name.

    Args:
        poms: path -> what it says.

    Attributes:
        namers: path of a module -> the poms that name it.
        absent: path that a module may have and that is not there -> the pom that names it.
        unclear: pom -> why nobody can tell what it is or names.
    """

    def __init__(self, poms: Mapping[str, Pom]) -> None:
        self._poms = poms
        self.namers: dict[str, tuple[str, ...]] = {}
        self.absent: dict[str, str] = {}
        self.unclear: dict[str, str] = {}
        for path, pom in poms.items():
            for name in pom.modules:
                if "${" not in name:
                    self._add(path, name)

    def add_meant(self, meant: Callable[[str, str], Iterable[str]]) -> None:
        """Add the modules whose names have references.

        Args:
            meant: says what a text may mean in the pom of a path.
        """
        for path, pom in self._poms.items():
            for text in pom.modules:
                for name in meant(text, path) if "${" in text else ():
                    self._add(path, name)

    def _add(self, path: str, name: str) -> None:
        if "${" in name:
            self.unclear[path] = f"it names the module {name}, and nobody knows what that is"
            return
        file, inside = pom_path(folder_of(path), name)
        found = file if file in self._poms else inside
        if found in self._poms:
            self.namers[found] = (*self.namers.get(found, ()), path)
        elif not found.startswith("../"):
            self.absent.update(dict.fromkeys((file, inside), path))
            if not name.endswith(".xml"):
                self.unclear[inside] = f"{path} names it as a module, and it is not there"

    def root(self, path: str) -> str | None:
        """The outermost pom that reaches a pom through its modules; None: nothing names it."""
        seen, outermost = {path}, []
        queue = list(self.namers.get(path, ()))
        for place in queue:
            if place not in seen:
                seen.add(place)
                queue += (above := self.namers.get(place, ()))
                if not above:
                    outermost.append(place)
        # Poms that name each other have no outermost one.
        return min(outermost or seen - {path}, key=lambda place: (place.count("/"), place), default=None)

    def hidden(self, path: str) -> bool:
        """Whether a pom is only a file of a module: it lies below the module's `src`, and nothing names it."""
        before, found, _ = f"/{path}".rpartition(SOURCES)
        while found and path not in self.namers:
            holder = self._poms.get(posixpath.join(before[1:], POM_FILE))
            if holder and holder.packaging != "pom":
                return True
            before, found, _ = before.rpartition(SOURCES)
        return False

"""What each pom of a tree takes from the others of the tree."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain, product

from erp_build.formats.maven.aggregation import Aggregation
from erp_build.formats.maven.lineage import Lineage, is_uncertain
from erp_build.formats.maven.pom import Dependency, Named, Pom

PARENT, BOM = "parent", "imported BOM"
DEPENDENCY, TEST_DEPENDENCY = "dependency", "test dependency"
PLUGIN, PLUGIN_DEPENDENCY, EXTENSION = "plugin", "plugin dependency", "extension"
UNCLEAR = "unclear"

Link = tuple[str, str, bool]
"""Path of a pom, the kind of use, and whether all files of its folder count, or only the pom."""

Asked = tuple[str, str, str, str, str, str, bool]
"""Group, artifact, version, type and classifier asked for, the kind of use, and whether the version may be managed."""

UNKNOWN = re.compile(r"\$\{[^}]{0,500}\}?")


class Linker:
    """Finds the links of the poms of a tree.

    Args:
        poms: path -> what it says.
        lineage: their parents and properties.
        aggregation: their modules.
        extensions: folder of a `.mvn` -> the extensions that it names.
    """

    def __init__(
        self,
        poms: Mapping[str, Pom],
        lineage: Lineage,
        aggregation: Aggregation,
        extensions: Mapping[str, tuple[Named, ...]],
    ) -> None:
        self._poms, self._lineage, self._aggregation, self._extensions = poms, lineage, aggregation, extensions
        self.coordinates = {path: lineage.coordinates(path) for path in poms}
        self._by_name: dict[tuple[str, str], tuple[str, ...]] = {}
        for path, (group, artifact, _) in self.coordinates.items():
            if "${" not in group and "${" not in artifact and not aggregation.hidden(path):
                self._by_name[group, artifact] = (*self._by_name.get((group, artifact), ()), path)
        self._artifacts = {artifact for _, artifact in self._by_name}
        self._asked = {path: tuple(self._asked_by(pom)) for path, pom in poms.items()}
        self._open = {path: found for path, asked in self._asked.items() if (found := tuple(filter(_is_open, asked)))}
        self._managed = {path: tuple(filter(self._may_be_here, pom.managed)) for path, pom in poms.items()}
        self._patterns: dict[tuple[str, str], tuple[str, ...]] = {}

    def links(self, path: str) -> tuple[Link, ...]:
        """What a pom takes by itself; what its parents take is theirs, unless it means something else here."""
        found: dict[str, Link] = {}
        for link in self._links(path):
            if link[0] != path and (link[0] not in found or link[2] > found[link[0]][2]):
                found[link[0]] = link
        return tuple(found.values())

    def _links(self, path: str) -> Iterator[Link]:
        if parent := self._lineage.parents.get(path):
            yield parent, PARENT, parent not in self._poms
        asked = [self._asked[path], *(self._open[above] for above in self._lineage.above(path) if above in self._open)]
        for one in chain.from_iterable(asked):
            for target in self._targets(path, one):
                yield target, one[5], not self._takes_pom_only(one, target)

    def _takes_pom_only(self, one: Asked, target: str) -> bool:
        return one[5] == BOM or (one[3] == "pom" and self._poms[target].packaging == "pom")

    def _asked_by(self, pom: Pom) -> Iterator[Asked]:
        """Everything that a pom names and that may be a pom of the tree."""
        for group, artifact, version, type_, classifier, scope in filter(self._may_be_here, pom.dependencies):
            kind = TEST_DEPENDENCY if scope == "test" else DEPENDENCY
            yield group, artifact, version, type_, classifier, kind, True
        for group, artifact, version, type_, classifier, scope in filter(self._may_be_here, pom.managed):
            if scope == "import":
                yield group, artifact, version, type_, classifier, BOM, False
        for group, artifact, version, taken in (*pom.plugins, *pom.managed_plugins):
            rows = [(PLUGIN, (group, artifact, version)), *((PLUGIN_DEPENDENCY, row) for row in taken)]
            yield from (_of(row, kind) for kind, row in rows if self._may_be_here(row))
        yield from (_of(row, EXTENSION) for row in pom.extensions if self._may_be_here(row))

    def _may_be_here(self, row: Named | Dependency) -> bool:
        return row[1] in self._artifacts or "${" in row[1]

    def _targets(self, path: str, one: Asked) -> Iterator[str]:
        """The poms of the tree that are meant by what a pom asks for."""
        group, artifact, version, type_, classifier, _, is_managed = one
        for name in self._names(path, group, artifact):
            if candidates := self._named(path, *name):
                if version or not is_managed:
                    versions = self._lineage.meant(version, path)
                else:
                    versions = self._managed_versions(path, (*name, type_, classifier), {path})
                yield from (place for place in candidates if self._fits(versions, place))

    def _names(self, path: str, group: str, artifact: str) -> Iterable[tuple[str, str]]:
        if "${" not in group and "${" not in artifact:
            return ((group, artifact),)
        return product(self._lineage.meant(group, path), self._lineage.meant(artifact, path))

    def _fits(self, versions: Iterable[str], place: str) -> bool:
        there = self.coordinates[place][2]
        return any(version == there or is_uncertain(version) or is_uncertain(there) for version in versions)

    def _named(self, path: str, group: str, artifact: str) -> tuple[str, ...]:
        name = group, artifact
        found = self._by_name.get(name, ())
        if "${" in group or "${" in artifact:
            if name not in self._patterns:
                self._patterns[name] = tuple(
                    place for other, places in self._by_name.items() if _may_be_same(name, other) for place in places
                )
            return self._patterns[name]
        if len(found) > 1:
            # Maven takes the one that is built with it; nobody can tell which one where none is.
            root = self._root(path)
            together = tuple(place for place in found if self._root(place) == root)
            return together if root and together else found
        return found

    def _root(self, path: str) -> str:
        # The outermost pom is built with what it reaches.
        return self._aggregation.root(path) or path

    def _managed_versions(self, path: str, key: tuple[str, str, str, str], seen: set[str]) -> tuple[str, ...]:
        """The versions that the dependencyManagement of a pom may give; an empty one where nobody can tell."""
        imports = []
        for place in (path, *self._lineage.above(path)):
            for group, artifact, version, type_, classifier, scope in self._managed[place]:
                if scope == "import":
                    imports.append((group, artifact, version, type_, classifier, BOM, False))
                elif (type_, classifier) == key[2:] and self._means(path, group, artifact, key):
                    return self._lineage.meant(version, path)
        for one in imports:
            for bom in self._targets(path, one):
                if bom not in seen:
                    seen.add(bom)
                    found = self._managed_versions(bom, key, seen)
                    if found != ("",):
                        return found
        return ("",)

    def _means(self, path: str, group: str, artifact: str, key: tuple[str, str, str, str]) -> bool:
        return key[0] in self._lineage.meant(group, path) and key[1] in self._lineage.meant(artifact, path)

    @cached_property
    def of_settings(self) -> dict[str, tuple[Link, ...]]:
        """Folder of a `.mvn` -> the poms of the tree that its extensions are."""
        found: dict[str, tuple[Link, ...]] = {}
        for folder, rows in self._extensions.items():
            for group, artifact, version in rows:
                for place in self._by_name.get((group, artifact), ()):
                    if self._fits((version,), place):
                        found[folder] = (*found.get(folder, ()), (place, EXTENSION, True))
        return found


def _of(row: Named, kind: str) -> Asked:
    return (*row, "jar", "", kind, False)


def _is_open(one: Asked) -> bool:
    """Whether what a parent asks for may mean something else in a child."""
    return "${" in one[2] or "${" in one[1] or "${" in one[0] or (one[6] and not one[2])


def _may_be_same(name: tuple[str, str], known: tuple[str, str]) -> bool:
    """Whether a name whose references may be anything is a known one."""
    return all(_fits_around(UNKNOWN.split(text), there) for text, there in zip(name, known, strict=True))


def _fits_around(parts: list[str], text: str) -> bool:
    """Whether a text consists of some parts in their order, with anything between them."""
    if len(parts) == 1:
        return text == parts[0]
    first, *between, last = parts
    if not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in between:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end

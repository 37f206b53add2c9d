"""The poms of a tree with what they inherit from, and what the `${...}` of each stand for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product, takewhile
from math import prod

from erp_build.formats.maven.pom import Named, Pom, folder_of, pom_path

REFERENCE = re.compile(r"\$\{([^${}]{1,200})\}")
OWN_PREFIXES = ("project", "pom")
PARENT_PARTS = ("parent.groupId", "parent.artifactId", "parent.version")
MAX_LENGTH, MAX_VALUES, MAX_ROUNDS = 500, 16, 20
"""Longer coordinates, more possible values and deeper references than these are left as they are written."""

Values = Mapping[str, tuple[str, ...]]
"""Name of a property -> the values that it may have; more than one where a profile sets it."""


class Lineage:
    """The poms of a tree: for each its parents in the repository, its coordinates and its properties.

    Args:
        poms: path -> what it says.
        unclear: the paths of poms that nobody can read.
        settings: folder of a `.mvn` -> the properties that its `maven.config` sets.
        root: gives the outermost pom from which one is built; None: itself.
    """

    def __init__(
        self,
        poms: Mapping[str, Pom],
        unclear: Iterable[str],
        settings: Mapping[str, Mapping[str, str]],
        root: Callable[[str], str | None],
    ) -> None:
        self._poms, self._unclear, self._settings, self._root = poms, frozenset(unclear), settings, root
        self._by_name: dict[tuple[str, str], list[str]] = {}
        for path, pom in poms.items():
            self._by_name.setdefault((pom.written_group, pom.artifact), []).append(path)
        self._values: dict[str, Values] = {}
        self.parents = {path: found for path, pom in poms.items() if pom.parent and (found := self._parent(path, pom))}
        self.circles = self._cut_circles()

    def above(self, path: str) -> Iterator[str]:
        """The poms that a pom inherits from, nearest first."""
        while (path := self.parents.get(path, "")) in self._poms:
            yield path

    def values(self, path: str) -> Values:
        """The properties that count for a pom: its own, those of its parents and those of Maven's settings."""
        if path not in self._values:
            missing = [path]
            missing += takewhile(lambda place: place not in self._values, self.above(path))
            for place in reversed(missing):
                above = self._values.get(self.parents.get(place, ""), {})
                self._values[place] = self._own(self._poms[place], above)
        return self._values[path]

    def _cut_circles(self) -> tuple[str, ...]:
        """Take away the parents of poms that inherit from themselves, and return these poms."""
        done: set[str] = set()
        found = []
        for start in self.parents:
            way: dict[str, None] = {}
            path = start
            while path in self.parents and path not in done and path not in way:
                way[path] = None
                path = self.parents[path]
            if path in way:
                found += list(way)[list(way).index(path) :]
            done.update(way)
        for path in found:
            del self.parents[path]
        return tuple(found)

    def _own(self, pom: Pom, inherited: Values) -> Values:
        if not pom.properties and not pom.profile_properties:
            return inherited
        values = {**inherited, **{name: (value,) for name, value in pom.properties.items()}}
        for name, found in pom.profile_properties.items():
            values[name] = tuple(dict.fromkeys((*values.get(name, ()), *found)))
        return values

    def coordinates(self, path: str) -> Named:
        """The coordinates of a pom; what nobody can tell is left as it is written."""
        group, version = self._inherited(path, "written_group"), self._inherited(path, "written_version")
        artifact = self._poms[path].artifact
        return self.meant(group, path)[0], self.meant(artifact, path)[0], self.meant(version, path)[0]

    def _inherited(self, path: str, part: str) -> str:
        """A part of coordinates; Maven 4 lets a pom leave it to the parent that lies above."""
        own: str = getattr(self._poms[path], part)
        return own or next((found for above in self.above(path) if (found := getattr(self._poms[above], part))), "")

    def meant(self, text: str, path: str) -> tuple[str, ...]:
        """What a text may mean in a pom, at least one; a reference that nobody can resolve is left in it."""
        found: tuple[str, ...] = (text,)
        for _ in range(MAX_ROUNDS):
            if not any("${" in one for one in found):
                break
            new = tuple(dict.fromkeys(meant for one in found for meant in self._once(one, path)))
            if new == found or len(new) > MAX_VALUES or max(map(len, new)) > MAX_LENGTH:
                break
            found = new
        return found

    def _once(self, text: str, path: str) -> Iterable[str]:
        """A text with its references replaced, but not those that their values have."""
        parts = REFERENCE.split(text)
        choices: list[tuple[str, ...]] = [(part,) for part in parts]
        for place in range(1, len(parts), 2):
            choices[place] = self._of(parts[place].strip(), path) or (f"${{{parts[place]}}}",)
        if prod(map(len, choices)) > MAX_VALUES:
            return (text,)
        return map("".join, product(*choices))

    def _of(self, name: str, path: str) -> tuple[str, ...]:
        """The values of a name, in the order in which Maven looks for them."""
        prefix, _, rest = name.partition(".")
        if prefix in OWN_PREFIXES and (own := self._own_part(rest, path)):
            return (own,)
        if found := (self._settings and self._set(name, path)) or self.values(path).get(name):
            return found
        own = self._own_part(name, path)
        return (own,) if own else ()

    def _own_part(self, name: str, path: str) -> str:
        """What a name such as `groupId` or `parent.version` means in a pom; empty: nothing."""
        if name == "groupId":
            return self._inherited(path, "written_group")
        if name == "version":
            return self._inherited(path, "written_version")
        pom = self._poms[path]
        if name.startswith("parent.") and pom.parent:
            return dict(zip(PARENT_PARTS, pom.parent, strict=True)).get(name, "")
        return {"artifactId": pom.artifact, "packaging": pom.packaging}.get(name, "")

    def _set(self, name: str, path: str) -> tuple[str, ...]:
        """The values that Maven's settings give: those above the pom, and above the pom from which it is built."""
        found: dict[str, None] = {}
        for start in {path, self._root(path) or path}:
            folder = start
            while folder:
                folder = folder_of(folder)
                if (value := self._settings.get(folder, {}).get(name)) is not None:
                    found[value] = None
                    break
        return tuple(found)

    def _parent(self, path: str, pom: Pom) -> str:
        """The path of a pom's parent in the repository; empty: it has none there."""
        if pom.parent is None:
            return ""
        for place in pom_path(folder_of(path), pom.parent_path) if pom.parent_path else ():
            if place in self._unclear:
                return place
            if place in self._poms and place != path and self._fits(pom.parent, self._poms[place]):
                return place
        # Maven takes it from a repository, where an earlier build of this one may have put it.
        named = self._by_name.get(pom.parent[:2], ())
        return next((place for place in named if place != path and self._fits(pom.parent, self._poms[place])), "")

    def _fits(self, parent: Named, pom: Pom) -> bool:
        written = (pom.written_group, pom.artifact, pom.written_version)
        return all(
            one == other or is_uncertain(one) or is_uncertain(other) for one, other in zip(parent, written, strict=True)
        )


def is_uncertain(text: str) -> bool:
    """Whether nobody can tell a part of coordinates: it is not there, a range, or has references."""
    return not text or "${" in text or text[0] in "[("

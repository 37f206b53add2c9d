"""Which targets a file goes into by way of Maven: the modules and poms that their modules lean on."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Protocol

from erp_build.formats.patterns import composed, spellings
from erp_build.model.packaging import is_maven
from erp_build.model.project import Chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from erp_build.formats.maven.graph import ModuleInput
    from erp_build.model.project import Target

MAVEN = "maven"
"""How the rule of such a file begins; the way from it to the target follows."""


class Graph(Protocol):
    """What is known of the modules of a tree."""

    def users_of(self, path: str) -> tuple[str, ...]:
        """The folders of the modules that a change of a file reaches."""

    def inputs_of(self, folder: str) -> tuple[ModuleInput, ...]:
        """What the module of a folder takes from elsewhere."""

    def counts(self, path: str) -> bool:
        """Whether a file is a pom."""


class ModuleUses:
    """The targets that take a file by way of Maven.

    Args:
        graphs: of the trees that count; of a comparison those of both sides.
        targets: those that are built; what Maven does not make takes nothing by way of it.
    """

    def __init__(self, graphs: Iterable[Graph], targets: Iterable[Target]) -> None:
        self._graphs = tuple(graphs)
        self._names: dict[str, list[str]] = {}
        for target in filter(_is_made_by_maven, targets):
            self._names.setdefault(composed(target.path), []).append(target.name)
        self._known: dict[str, dict[str, str]] = {}

    def owners(self, path: str) -> Mapping[str, str]:
        """The targets that take a file by way of Maven, each with the rule: `maven: common -> order-service`."""
        if any(graph.counts(path) for graph in self._graphs):
            return self._found(path)
        folder = posixpath.dirname(path)
        if folder not in self._known:
            # All files of a folder that are no poms have the same users.
            self._known[folder] = self._found(path)
        return self._known[folder]

    def below(self, folder: str) -> Mapping[str, str]:
        """The targets that take a module below a folder."""
        start = f"{folder}/" if folder else ""
        found: dict[str, str] = {}
        for graph in self._graphs:
            for place, names in self._names.items():
                inputs = (one for one in graph.inputs_of(place) if one.is_folder and f"{one.path}/".startswith(start))
                if one := next(inputs, None):
                    found |= dict.fromkeys(names, rule_of(one))
        return found

    def inputs_of(self, target: Target) -> tuple[ModuleInput, ...]:
        """What a target takes by way of Maven."""
        places = spellings(target.path) if _is_made_by_maven(target) else ()
        return tuple(dict.fromkeys(one for graph in self._graphs for place in places for one in graph.inputs_of(place)))

    def _found(self, path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for graph in self._graphs:
            for folder in graph.users_of(path):
                # What lies in a target's own folder is its own, and needs no graph.
                names = () if _is_below(path, folder) else self._names.get(composed(folder), ())
                if names and (taken := [one for one in graph.inputs_of(folder) if _covers(one, path)]):
                    found = dict.fromkeys(names, rule_of(taken[0])) | found
        return found


def rule_of(taken: ModuleInput) -> str:
    """The rule by which a target owns what it takes."""
    doubt = ", as nobody can tell" if taken.kind == "unclear" else ""
    return f"{MAVEN}{doubt}: {' -> '.join(taken.way)}"


def _is_made_by_maven(target: Target) -> bool:
    return not isinstance(target, Chart) and is_maven(target)


def _covers(taken: ModuleInput, path: str) -> bool:
    if not taken.is_folder or taken.path == path:
        return taken.path == path
    return _is_below(path, taken.path) and not any(_is_below(path, folder) for folder in taken.without)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")

"""The poms of a commit: who uses what of them. As little of them is read as a question needs."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from erp_build.formats.maven.settings import POM_FILE, is_maven_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erp_build.changes.modules.kept import KeptPoms, Part
    from erp_build.clients.git.maven_files import MavenFile
    from erp_build.clients.git.repository import GitRepository
    from erp_build.formats.maven.graph import MavenGraph, ModuleInput
    from erp_build.formats.maven.mentions import Names

NAMED, INHERITED, MODULE = 1, 2, 4
"""As in `formats.maven.mentions`, which a plan that finds everything kept does not import."""


class Poms:
    """The poms of a commit.

    Args:
        repository: that has the commit.
        commit: full.
        key: the same for the same poms.
        kept: what was read of them before.
        files: those that the graph is read from, where they have just been read.
        before: other poms, and what reads the files in which these differ from them (None: gone), instead of all.
    """

    def __init__(
        self,
        repository: GitRepository,
        commit: str,
        key: str,
        kept: KeptPoms,
        *,
        files: Mapping[str, MavenFile] | None = None,
        before: tuple[Poms, Callable[[], Mapping[str, MavenFile | None]]] | None = None,
    ) -> None:
        self.commit, self.key = commit, key
        self._repository, self._kept, self._before = repository, kept, before
        if files is not None:
            self.files = files

    def users_of(self, path: str) -> tuple[str, ...]:
        """The folders of the modules that a change of a file reaches, that of the file included."""
        owners = None if self.uses is None else owners_without_users(self.uses, path)
        return self.graph.users_of(path) if owners is None else owners

    def inputs_of(self, folder: str) -> tuple[ModuleInput, ...]:
        """What the module of a folder takes from elsewhere in the repository."""
        return self.graph.inputs_of(folder)

    def counts(self, path: str) -> bool:
        """Whether a file is one that the graph is read from."""
        return is_maven_file(path) or (self.uses is None and path in self.graph)

    @property
    def unclear(self) -> Mapping[str, str]:
        """Pom -> why it cannot be understood, as far as somebody has looked."""
        return self.graph.unclear if self.uses is None or "graph" in vars(self) else {}

    @property
    def wanted(self) -> tuple[str, ...]:
        """The files that poms name as parents or modules, and that the commit does not have."""
        wanted: tuple[str, ...] = self.graph.wanted
        return wanted

    @cached_property
    def uses(self) -> dict[str, int] | None:
        """How each pom is named by others; None where their texts do not tell it."""
        found: tuple[dict[str, int] | None] | None = self._kept.load(self.key, "uses")
        if found is None:
            from erp_build.formats.maven.mentions import uses_of_names

            found = (uses_of_names(self.names),)
            self._keep("uses", found)
        return found[0]

    @cached_property
    def names(self) -> Mapping[str, Names | None]:
        """The names in each pom."""
        found: Mapping[str, Names | None] | None = self._kept.load(self.key, "names")
        if found is None:
            base, changed = (self._before[0].names, self._before[1]()) if self._before else ({}, self.files)
            found = {path: names for path, names in base.items() if path not in changed}
            found |= {path: _names_of(path, file) for path, file in changed.items() if file is not None}
            self._keep("names", found)
        return found

    @cached_property
    def graph(self) -> MavenGraph:
        """The graph; what it needs to be renewed is with `whole_graph` alone."""
        from erp_build.formats.maven.graph import FORMAT, MavenGraph

        kept = self._kept.load(self.key, "graph")
        return MavenGraph((*kept, b"")) if kept and kept[0] == FORMAT else self._read_graph()

    @property
    def whole_graph(self) -> MavenGraph:
        """The graph with all that the poms say."""
        from erp_build.formats.maven.graph import MavenGraph

        if self.graph.kept[-1]:
            return self.graph
        poms = self._kept.load(self.key, "poms")
        return MavenGraph((*self.graph.kept[:-1], poms)) if poms is not None else self._read_graph()

    @cached_property
    def files(self) -> Mapping[str, MavenFile]:
        """The files that the graph is read from."""
        from erp_build.clients.git.maven_files import maven_files

        return maven_files(self._repository, self.commit)

    def _read_graph(self) -> MavenGraph:
        from erp_build.changes.modules.completed import completed
        from erp_build.formats.maven.graph import read_graph, renewed

        if self._before:
            base, changed = self._before
            found = renewed(base.whole_graph, {path: file and _content(file) for path, file in changed().items()})
        else:
            found = read_graph({path: _content(file) for path, file in self.files.items()})
        found = completed(found, self._contents)
        self._keep("graph", found.kept[:-1])
        self._keep("poms", found.kept[-1])
        return found

    def _contents(self, paths: list[str]) -> dict[str, bytes]:
        """Those of some files that the commit has."""
        with self._repository.objects() as objects:
            found = objects.read([f"{self.commit}:{path}" for path in paths])
            return {path: content for path, content in zip(paths, found, strict=True) if content is not None}

    def _keep(self, part: Part, value: object) -> None:
        changed = self._before[1]() if self._before else vars(self).get("files", {})
        # What Git lacks today it may have tomorrow.
        if all(file is None or file.content is not None for file in changed.values()):
            self._kept.store(self.key, part, value)


def owners_without_users(uses: Mapping[str, int], path: str) -> tuple[str, ...] | None:
    """The folders of the modules that a file belongs to, where nobody names them; None where the graph must tell.

    Args:
        uses: how each pom is named by others.
        path: of the file.
    """
    if uses.get(path, 0) & (NAMED | INHERITED):
        return None
    found, folder = [], posixpath.dirname(path)
    while True:
        use = uses.get(posixpath.join(folder, POM_FILE))
        if use is not None:
            if use & NAMED:
                return None
            found.append(folder)
        if not folder or (use or 0) & MODULE:
            return tuple(found)
        folder = posixpath.dirname(folder)


def _names_of(path: str, file: MavenFile) -> Names | None:
    from erp_build.formats.maven.mentions import names_in

    return None if file.content is None else names_in(path, file.content)


def _content(file: MavenFile) -> bytes:
    # What Git lacks is a pom that nobody can read.
    return file.content or b""

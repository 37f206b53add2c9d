"""The files of a repository for `init`: which there are, and what a few of them say."""

import posixpath
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path

from erp_build.config.read_file import path_below, read_file
from erp_build.errors import ErpBuildError
from erp_build.formats.maven.pom import POM_FILE, Pom, pom_path, read_pom

MAX_PARENTS = 10
MAX_BYTES = 1024 * 1024
"""The largest file that is looked into: nobody writes a pom, a Dockerfile or a values file of that size by hand."""

BUILD_FILES = {
    "build.gradle": "Gradle",
    "build.gradle.kts": "Gradle",
    "package.json": "Node",
    "go.mod": "Go",
    "requirements.txt": "Python",
    "pyproject.toml": "Python",
    "Cargo.toml": "Rust",
    "Gemfile": "Ruby",
    "composer.json": "PHP",
    "build.sbt": "sbt",
}
"""File of another build tool -> what it is called."""


class Tree:
    """The files of a repository.

    Args:
        root: its folder.
        paths: of the files, relative to it.
    """

    def __init__(self, root: Path, paths: Sequence[str]) -> None:
        self.root = root
        # A name that is no UTF-8 cannot stand in a TOML file.
        self.paths = tuple(path for path in paths if not any("\ud800" <= letter <= "\udfff" for letter in path))
        self._known = frozenset(self.paths)
        self.pom = cache(self._pom)

    def __contains__(self, path: object) -> bool:
        return path in self._known

    def content(self, path: str) -> bytes:
        """What is in a file; nothing where it cannot be read, is too large, or leads out of the repository."""
        try:
            return read_file(path_below(self.root, path), MAX_BYTES)
        except (OSError, ErpBuildError):
            return b""

    def text(self, path: str) -> str:
        """The same as text."""
        return self.content(path).decode("utf-8-sig", "replace")

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder with a file at or below it, but the root."""
        found: set[str] = set()
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def pom_folders(self) -> tuple[str, ...]:
        """The folders with a pom.xml; the root is empty."""
        return tuple(posixpath.dirname(path) for path in self.paths if posixpath.basename(path) == POM_FILE)

    def other_tool(self, folder: str) -> str:
        """The build tool of a folder that is not Maven; empty: none."""
        found = (name for file, name in BUILD_FILES.items() if posixpath.join(folder, file) in self)
        return next(found, next((".NET" for path in self.below(folder) if path.endswith("proj")), ""))

    def below(self, folder: str) -> Iterator[str]:
        """The files right in a folder."""
        return (path for path in self.paths if posixpath.dirname(path) == folder)

    def lineage(self, folder: str) -> Iterator[tuple[str, Pom]]:
        """The pom of a folder, then those that it inherits from as far as they lie in the repository, with paths."""
        path = posixpath.join(folder, POM_FILE)
        for _ in range(MAX_PARENTS):
            pom = self.pom(posixpath.dirname(path)) if posixpath.basename(path) == POM_FILE else None
            if pom is None:
                return
            yield path, pom
            if not pom.parent or not pom.parent_path:
                return
            places = pom_path(posixpath.dirname(path), pom.parent_path)
            path = next((place for place in places if place in self), "")
            above = self.pom(posixpath.dirname(path))
            # Maven takes the pom at the path only if it is the parent that is named.
            if above is None or above.artifact != pom.parent[1]:
                return

    def _pom(self, folder: str) -> Pom | None:
        path = posixpath.join(folder, POM_FILE)
        return read_pom(self.content(path)) if path in self else None

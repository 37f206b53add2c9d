"""The project file, read once: a compiled form is kept, and of thousands of targets only those that count are made.

Reading a TOML file of two thousand services takes longer than everything else in a plan. So the values that were
read and checked are kept in the user's cache, together with the very bytes that they were read from; other bytes are
read anew. What cannot be read from the cache is read from the file, so that a lost or damaged cache changes nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from erp_build.changes.rules import folder_read_from_below
from erp_build.clients.files.kept import keep, kept_file, read_kept
from erp_build.clients.git.command import is_repository
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError
from erp_build.formats.patterns import composed, fixed_directory, matches
from erp_build.model.packaging import OWN
from erp_build.model.project import FILE_NAME, Chart, Function, Project, Service
from erp_build.model.quality_checks.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.packaging import Packaging

INPUTS, DOCKERFILE, PACKAGE, CONTEXT = map(Service._fields.index, ("inputs", "dockerfile", "package", "context"))
"""Places in the row of a service, and of a function as well."""

GRAMMAR = 2
"""Raised when a rule of `config.grammar` refuses more than before: what was kept earlier was not checked by it."""

PARTS: dict[str, Any] = {
    field: type(default) for field, default in Project._field_defaults.items() if hasattr(default, "_fields")
}
"""Field of a project -> the class of its value, for each table that the file has once."""

ROWS: dict[str, Any] = {"services": Service, "functions": Function, "checks": Check, "more_charts": Chart}
"""Field of a project -> the class of its items."""

FORMAT = repr(
    (sys.implementation.cache_tag, GRAMMAR, Project._fields, [kind._fields for kind in (PARTS | ROWS).values()])
)
"""What an entry of the cache must begin with: a version with other fields does not read it."""

FILES = ("100644", "100755")
"""Modes of files that can be read, as Git has them."""


class ProjectIndex:
    """A project whose targets are made when they are asked for.

    Args:
        compiled: plain tuples as `compile_project` makes them.
        packagings: packagers that a caller of the library has given; raises `ConfigurationError` for another one.
    """

    def __init__(self, compiled: tuple[Any, ...], packagings: tuple[Packaging, ...] = ()) -> None:
        self._values, self._directories, named = compiled
        self._packagings = packagings
        if named:
            # Imported here: most projects name no packager.
            from erp_build.config.packager_names import refuse_unknown

            refuse_unknown(named, (one.name for one in packagings), self._values["config_path"])

    @property
    def size(self) -> int:
        """The number of targets, the charts included."""
        return sum(len(self._values[kind]) for kind in ("services", "functions", "more_charts")) + 1

    @property
    def releases(self) -> int:
        """The number of releases, each of which is deployed by itself."""
        return len(self._values["more_charts"]) + 1

    def project(self, names: Iterable[str] | None = None) -> Project:
        """The project with all its targets, or only with those of these names; the chart is always there."""
        rows = self._values
        if names is not None:
            wanted = set(names)
            targets = {kind: [row for row in rows[kind] if row[0] in wanted] for kind in ("services", "functions")}
            rows = {**rows, **targets}
        made = {field: kind._make(rows[field]) for field, kind in PARTS.items()}
        made |= {field: tuple(map(kind._make, rows[field])) for field, kind in ROWS.items()}
        return Project(**{**rows, **made, "packagings": self._packagings})

    def narrowed(self, paths: Iterable[str], users: Iterable[str] = ()) -> Project:
        """The project with every target that may own one of the paths, and few others.

        The rules themselves then say who owns what; here a target is only left out where no rule of it can match.

        Args:
            paths: that have changed.
            users: folders of the modules that they go into by way of Maven.
        """
        plain = {composed(path) for path in paths}
        project = self.project(())
        if composed(project.config_path) in plain or any(_is_shared(composed(text), plain) for text in project.shared):
            return self.project()
        above = {f"{folder}/".lstrip("/") for path in plain if (folder := folder_read_from_below(path)) is not None}
        if any(fixed_directory(composed(text)).startswith(start) for text in project.shared for start in above):
            return self.project()
        rows = (*self._values["services"], *self._values["functions"])
        given = {one.name for one in self._packagings}
        names = {row[0] for row in rows if _reaches_out(row) or (given and row[PACKAGE] in given)}
        for start in above:
            names.update(
                name for place, found in self._directories.items() if place.startswith(start) for name in found
            )
        for folder in users:
            names.update(self._directories.get(composed(folder), ()))
        for path in plain | {path.rpartition("/")[0] for path in plain}:
            directory = path
            while directory:
                names.update(self._directories.get(directory, ()))
                directory = directory.rpartition("/")[0]
        return self.project(names)


def compile_project(project: Project) -> tuple[Any, ...]:
    """A project as plain tuples and dictionaries, which are read back without running anything."""
    directories: dict[str, tuple[str, ...]] = {}
    for target in project.image_targets:
        key = composed(target.path)
        directories[key] = (*directories.get(key, ()), target.name)
    values = project._asdict()
    values |= {field: tuple(values[field]) for field in PARTS}
    values |= {field: tuple(map(tuple, values[field])) for field in ROWS}
    own = {one.name for one in OWN}
    named = tuple({target.package: None for target in project.image_targets if target.package not in own})
    return values, directories, named


def load_index(root: str, config: str | None = None, packagings: tuple[Packaging, ...] = ()) -> ProjectIndex:
    """The index of a repository's project; errors as of `load_project`.

    Args:
        root: of the repository.
        config: another file than the one at the root, or than that of HEAD in a bare repository.
        packagings: packagers that a caller of the library has given.
    """
    return ProjectIndex(_compiled(root, config), packagings)


def _compiled(root: str, config: str | None) -> tuple[Any, ...]:
    if not config and (text := _committed(root)) is not None:
        from erp_build.config.load import parse_project

        return compile_project(parse_project(text.decode("utf-8-sig"), f"HEAD:{FILE_NAME}"))
    if not config and not os.path.exists(os.path.join(root, FILE_NAME)):
        from erp_build.cli.fast_path.default_project import default_of

        return compile_project(default_of(root))
    path = os.path.realpath(config or os.path.join(root, FILE_NAME))
    try:
        content = read_file(path)
    except OSError:
        # What is wrong with it is said by the ordinary way.
        content = b""
    kept = kept_file("project", f"{root} {path}")
    compiled = _kept(kept, root, path, content) if content else None
    if compiled is None:
        from pathlib import Path

        from erp_build.config.load import load_project

        compiled = compile_project(load_project(Path(root), Path(config) if config else None))
        if content:
            keep(kept, (FORMAT, root, path, content, compiled))
    return compiled


def index_of_commit(
    repository: GitRepository, commit: str, config: str | None = None, packagings: tuple[Packaging, ...] = ()
) -> ProjectIndex:
    """The index of the project as a commit has it, which is not the one that is checked out.

    Args:
        repository: where the commit is.
        commit: full.
        config: as of `load_index`; a file that is none of the commit is read as it lies.
        packagings: as of `load_index`.
    """
    root = repository.folder
    path = os.path.relpath(os.path.realpath(config), root) if config else FILE_NAME
    mode = "" if path.startswith("..") else repository.modes(commit, [path]).get(path, "")
    if config and not mode:
        return load_index(root, config, packagings)
    if not mode:
        from erp_build.cli.fast_path.default_project import default_of_commit

        return ProjectIndex(compile_project(default_of_commit(repository, commit)), packagings)
    from erp_build.config.load import parse_project

    where = f"{commit[:12]}:{path}"
    content = repository.read_file(commit, path) if mode in FILES else None
    if content is None:
        why = f"it has the mode {mode}" if mode not in FILES else repository.complaint
        raise ConfigurationError("the configuration cannot be read", where=where, why=why)
    project = parse_project(content.decode("utf-8-sig", "replace"), where, path)
    return ProjectIndex(compile_project(project), packagings)


def _committed(root: str) -> bytes | None:
    """The file of HEAD, of a repository that has no files but those of its commits."""
    if any(os.path.exists(os.path.join(root, name)) for name in (".git", FILE_NAME)) or not is_repository(root):
        return None
    from erp_build.clients.git.repository import GitRepository

    return GitRepository(root).read_file("HEAD", FILE_NAME)


def _kept(file_name: str, root: str, path: str, content: bytes) -> tuple[Any, ...] | None:
    """The compiled project, if it was made by this version from these very bytes at this place."""
    entry = read_kept(file_name)
    try:
        format_, *made_from, compiled = entry
    except (TypeError, ValueError):
        return None
    return compiled if format_ == FORMAT and made_from == [root, path, content] else None


def _reaches_out(row: tuple[Any, ...]) -> bool:
    """Whether a target may own paths outside of its directory."""
    return bool(row[INPUTS] or row[CONTEXT]) or row[DOCKERFILE].startswith("../")


def _is_shared(pattern: str, paths: set[str]) -> bool:
    # The directory of `proto/**` counts itself, as in the rules: it may have become a file or a submodule.
    if directory := fixed_directory(pattern):
        return any(path == directory or path.startswith(f"{directory}/") for path in paths)
    return any(matches(pattern, path) for path in paths)

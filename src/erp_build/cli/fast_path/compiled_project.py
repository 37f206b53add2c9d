"""The project file, read once: a compiled form is kept, and of thousands of targets only those that count are made.

Reading a TOML file of two thousand services takes longer than everything else in a plan. So the values that were
read and checked are kept in the user's cache, together with the very bytes that they were read from; other bytes are
read anew. What cannot be read from the cache is read from the file, so that a lost or damaged cache changes nothing.
"""

from __future__ import annotations

import binascii
import marshal
import os
import sys
from typing import TYPE_CHECKING, Any

from erp_build.config.read_file import read_file
from erp_build.formats.patterns import composed, fixed_directory, matches
from erp_build.model.project import (
    FILE_NAME,
    BuildOptions,
    Chart,
    Check,
    DeployPolicy,
    Function,
    GatePolicy,
    NotifyPolicy,
    Project,
    Service,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INPUTS = Service._fields.index("inputs")
COMMON = ("parameters", "shared", "ignore", "config_path")
GRAMMAR = 1
"""Raised when a rule of `config.grammar` refuses more than before: what was kept earlier was not checked by it."""

FORMAT = repr(
    (
        sys.implementation.cache_tag,
        COMMON,
        GRAMMAR,
        *(
            kind._fields
            for kind in (Service, Function, Chart, GatePolicy, BuildOptions, DeployPolicy, NotifyPolicy, Check)
        ),
    )
)
"""What an entry of the cache must begin with: a version with other fields does not read it."""

CHECKSUM = 4
"""Bytes before an entry. A damaged one could still be read, as another project."""


class ProjectIndex:
    """A project whose targets are made when they are asked for.

    Args:
        compiled: plain tuples as `compile_project` makes them.
    """

    def __init__(self, compiled: tuple[Any, ...]) -> None:
        self._common, self._chart, self._gate, self._build, self._deploy, self._notify, *rest = compiled
        self._checks, self._services, self._functions, self._directories = rest

    @property
    def size(self) -> int:
        """The number of targets, the chart included."""
        return len(self._services) + len(self._functions) + 1

    def project(self, names: Iterable[str] | None = None) -> Project:
        """The project with all its targets, or only with those of these names; the chart is always there."""
        wanted = None if names is None else set(names)
        return Project(
            **dict(zip(COMMON, self._common, strict=True)),
            services=tuple(Service._make(row) for row in self._services if wanted is None or row[0] in wanted),
            functions=tuple(Function._make(row) for row in self._functions if wanted is None or row[0] in wanted),
            chart=Chart._make(self._chart),
            gate=GatePolicy._make(self._gate),
            build=BuildOptions._make(self._build),
            deploy=DeployPolicy._make(self._deploy),
            notify=NotifyPolicy._make(self._notify),
            checks=tuple(Check._make(row) for row in self._checks),
        )

    def narrowed(self, paths: Iterable[str]) -> Project:
        """The project with every target that may own one of the paths, and few others.

        The rules themselves then say who owns what; here a target is only left out where no rule of it can match.
        """
        plain = {composed(path) for path in paths}
        project = self.project(())
        if composed(project.config_path) in plain or any(_is_shared(composed(text), plain) for text in project.shared):
            return self.project()
        names = {row[0] for row in (*self._services, *self._functions) if row[INPUTS]}
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
    return (
        tuple(getattr(project, name) for name in COMMON),
        tuple(project.chart),
        tuple(project.gate),
        tuple(project.build),
        tuple(project.deploy),
        tuple(project.notify),
        tuple(tuple(check) for check in project.checks),
        tuple(tuple(service) for service in project.services),
        tuple(tuple(function) for function in project.functions),
        directories,
    )


def load_index(
    root: str, config: str | None = None, committed: Callable[[], bytes | None] | None = None
) -> ProjectIndex:
    """The index of a repository's project; errors as of `load_project`.

    Args:
        root: of the repository.
        config: another file than the one at the root.
        committed: for a bare repository, reads the file of its HEAD.
    """
    if committed and not config and (text := committed()) is not None:
        from erp_build.config.load import parse_project

        return ProjectIndex(compile_project(parse_project(text.decode("utf-8-sig"), f"HEAD:{FILE_NAME}")))
    path = os.path.realpath(config or os.path.join(root, FILE_NAME))
    try:
        content = read_file(path)
    except OSError:
        # What is wrong with it is said by the ordinary way.
        content = b""
    kept = os.path.join(_cache_folder(), f"project-{binascii.crc32(os.fsencode(f'{root} {path}')):08x}")
    compiled = _kept(kept, root, path, content) if content else None
    if compiled is None:
        compiled = compile_project(_load(root, config))
        if content:
            _keep(kept, (FORMAT, root, path, content, compiled))
    return ProjectIndex(compiled)


def _load(root: str, config: str | None) -> Project:
    from pathlib import Path

    from erp_build.config.load import load_project

    return load_project(Path(root), Path(config) if config else None)


def _kept(file_name: str, root: str, path: str, content: bytes) -> tuple[Any, ...] | None:
    """The compiled project, if it was made by this version from these very bytes at this place."""
    try:
        with open(file_name, "rb") as file:
            checksum, entry = file.read(CHECKSUM), file.read()
        if checksum != _checksum(entry):
            return None
        format_, *made_from, compiled = marshal.loads(entry)  # noqa: S302 - our own file in the user's own folder
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return compiled if format_ == FORMAT and made_from == [root, path, content] else None


def _keep(file_name: str, entry: tuple[Any, ...]) -> None:
    """Keep an entry whole or not at all; a folder that cannot be written is no reason to fail."""
    part = f"{file_name}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file_name), mode=0o700, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            dumped = marshal.dumps(entry)
            file.write(_checksum(dumped) + dumped)
        os.replace(part, file_name)
    except OSError:
        return


def _checksum(entry: bytes) -> bytes:
    return binascii.crc32(entry).to_bytes(CHECKSUM, "big")


def _cache_folder() -> str:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "erp-build")


def _is_shared(pattern: str, paths: set[str]) -> bool:
    # The directory of `proto/**` counts itself, as in the rules: it may have become a file or a submodule.
    return fixed_directory(pattern) in paths or any(matches(pattern, path) for path in paths)

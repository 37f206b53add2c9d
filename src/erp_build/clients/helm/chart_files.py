"""What a chart depends on, and what its lock file asks for: Chart.yaml and Chart.lock, or those of Helm 2's form."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError
from erp_build.formats.values.tree import ValuesTree

CHART_FILE = "Chart.yaml"
STATED = (CHART_FILE, "requirements.yaml")
LOCKED = ("Chart.lock", "requirements.lock")
LOCAL = "file://"
REMOTE = ("https://", "http://", "oci://")


class Dependency(NamedTuple):
    """A chart below a chart.

    Attributes:
        name: its own.
        version: a version, or in Chart.yaml what a version has to fit.
        repository: where it comes from; empty: it lies in `charts/`.
        key: what its values stand below: its alias, or its name.
    """

    name: str
    version: str
    repository: str
    key: str


def stated_dependencies(chart: Path) -> tuple[Dependency, ...]:
    """The dependencies that a chart states; raises `ConfigurationError` where its file cannot be read."""
    return tuple(one for name in STATED for one in _dependencies(chart / name))


def locked_dependencies(chart: Path) -> tuple[Dependency, ...]:
    """The dependencies of the lock file, with their exact versions."""
    return tuple(one for name in LOCKED for one in _dependencies(chart / name))


def missing_dependencies(chart: Path) -> tuple[Dependency, ...]:
    """What the lock file asks for and `charts/` lacks; without a lock file, what is stated and lies elsewhere."""
    there = {(_text(one, "name"), _text(one, "version")) for one in _unpacked(chart)}
    archives = {path.name for path in chart.glob("charts/*.tgz")}
    locked = locked_dependencies(chart)
    if locked:
        return tuple(
            one
            for one in locked
            if (one.name, one.version) not in there and f"{one.name}-{one.version}.tgz" not in archives
        )
    names = {name for name, _ in there}
    return tuple(
        one
        for one in stated_dependencies(chart)
        if one.repository
        and one.name not in names
        and not any(archive.startswith(f"{one.name}-") for archive in archives)
    )


def local_folder(chart: Path, dependency: Dependency) -> Path | None:
    """The folder of a dependency that lies beside the chart; None for every other one."""
    if not dependency.repository.startswith(LOCAL):
        return None
    return chart / dependency.repository.removeprefix(LOCAL)


def chart_document(path: Path) -> Mapping[str, Any]:
    """A file of a chart as mappings, lists and texts; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        return ValuesTree(read_file(path), str(path)).plain()
    except OSError as error:
        raise ConfigurationError(
            "a file of the chart cannot be read", where=str(path), why=str(error), next_step="check its rights"
        ) from error


def _dependencies(path: Path) -> Iterator[Dependency]:
    stated = chart_document(path).get("dependencies")
    for one in stated if isinstance(stated, list) else []:
        if isinstance(one, Mapping) and (name := _text(one, "name")):
            yield Dependency(name, _text(one, "version"), _text(one, "repository"), _text(one, "alias") or name)


def _unpacked(chart: Path) -> Iterator[Mapping[str, Any]]:
    yield from (chart_document(path) for path in chart.glob(f"charts/*/{CHART_FILE}"))


def _text(values: Mapping[str, Any], key: str) -> str:
    return str(values.get(key) or "")

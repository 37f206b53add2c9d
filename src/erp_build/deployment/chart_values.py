"""The values of a release as Helm puts them together: of the charts below the chart, its own, then each file's.

The files stand in `values` of `[chart]`; tags are written into the last one, which overrides the others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from erp_build.clients.helm.chart_files import CHART_FILE, chart_document, local_folder, stated_dependencies
from erp_build.clients.secrets import Secrets
from erp_build.config.read_file import path_below, read_file
from erp_build.errors import ConfigurationError
from erp_build.formats.values.file import NamedValue, named_values
from erp_build.formats.values.tree import kept_tree, merged_values
from erp_build.model.project import Chart

VALUES_FILE = "values.yaml"
MAX_CHARTS_DEEP = 5
"""Charts below charts that are read; a chart beside another may name the other one again."""


def values_path_of(root: Path, chart: Chart) -> Path:
    """The last values file; raises `ConfigurationError` where it leads out of the repository."""
    return path_below(root, f"{chart.path}/{chart.values}")


def below_paths(root: Path, chart: Chart) -> tuple[Path, ...]:
    """The values files that the last one overrides, in Helm's order."""
    return tuple(path_below(root, f"{chart.path}/{file}") for file in chart.below)


def read_values(path: Path) -> bytes:
    """Read a values file; raises `ConfigurationError` where that fails."""
    try:
        return read_file(path)
    except OSError as error:
        raise ConfigurationError(
            "the values file cannot be read",
            where=str(path),
            why=error.strerror or str(error),
            next_step="correct `path` and `values` of [chart] in erp-build.toml",
        ) from error


def effective_values(root: Path, chart: Chart, content: bytes) -> dict[str, Any]:
    """The values that the templates get: mappings, lists and texts; None for null.

    Args:
        root: of the repository.
        chart: of the release.
        content: the last values file.
    """
    layers = [kept_tree(text, str(path)).plain() for path, text in _defaults(root, chart)]
    return merged_values([*_subcharts(path_below(root, chart.path)), *layers, given_values(root, chart, content)])


def given_values(root: Path, chart: Chart, content: bytes) -> dict[str, Any]:
    """The values of the files alone, which an upgrade gives to Helm; see `effective_values`."""
    own = [kept_tree(read_values(path), str(path)).plain() for path in below_paths(root, chart)]
    return merged_values([*own, kept_tree(content, str(values_path_of(root, chart))).plain()])


def default_values(root: Path, chart: Chart) -> dict[str, Any]:
    """The chart's own values as Helm gives them back: with numbers, switches and null."""
    return merged_values([kept_tree(text, str(path)).typed() for path, text in _defaults(root, chart)])


def all_named_values(root: Path, chart: Chart, content: bytes) -> Iterator[NamedValue]:
    """Every scalar of every file with its name: Helm may repeat each of them in a message."""
    yield from named_values(content, where=str(values_path_of(root, chart)))
    for path, text in _defaults(root, chart):
        yield from named_values(text, where=str(path))
    for path in below_paths(root, chart):
        yield from named_values(read_values(path), where=str(path))


def mask_values(secrets: Secrets, root: Path, chart: Chart, content: bytes) -> None:
    """Have the secrets of every file masked from now on: Helm repeats values, and so do programs in their logs."""
    for _, name, value in all_named_values(root, chart, content):
        secrets.add_named(name, value)


def _defaults(root: Path, chart: Chart) -> Iterator[tuple[Path, bytes]]:
    """The chart's own values, which are optional."""
    path = path_below(root, f"{chart.path}/{VALUES_FILE}")
    if path.is_file():
        yield path, read_values(path)


def _subcharts(chart: Path, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The values of the charts beside it and unpacked in `charts/`, each below its name or below each alias."""
    stated = stated_dependencies(chart)
    beside = [folder for one in stated if (folder := local_folder(chart, one)) and folder.is_dir()]
    below = sorted(path.parent for path in chart.glob(f"charts/*/{CHART_FILE}"))
    # What lies in `charts/` is what Helm takes, so it comes last.
    for folder in (*beside, *below):
        name = str(chart_document(folder / CHART_FILE).get("name") or folder.name)
        nested = _subcharts(folder, depth + 1) if depth < MAX_CHARTS_DEEP else ()
        values = merged_values([*nested, dict(chart_document(folder / VALUES_FILE))])
        keys = [one.key for one in stated if one.name == name] or [name]
        yield dict.fromkeys(keys, values)

"""Which chart deploys the services, which of its values files names their tags, and by which keys."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from erp_build.config.grammar import NAMES
from erp_build.errors import ConfigurationError
from erp_build.formats.values.file import named_values, set_tags
from erp_build.setup.draft import DraftChart, Found
from erp_build.setup.hints import HelmCall, Hints
from erp_build.setup.tree import Tree

CHART = "Chart.yaml"
VALUES = re.compile(r"values[\w.-]{0,100}\.ya?ml")
CHART_NAME = re.compile(r"name:[ ]{0,8}[\"']?([a-z0-9][a-z0-9.-]{0,52})[\"']?[ ]{0,8}(?:#.{0,400})?")
LIBRARY = re.compile(r"(?m)^type:[ ]{0,8}[\"']?library\b")
DEFAULTS = ("values.yaml", "values.yml")
"""The values file that Helm reads anyway."""

ALTERNATIVES = 4
"""Values files that a note names."""


class ImageKey(NamedTuple):
    """Where a values file names the tag of an image.

    Attributes:
        key: the dotted path that `values_key` takes.
        repository: the last part of the image's repository; empty where it is not said.
        names: words that may be the name of the service.
        is_off: whether `enabled: false` stands beside it.
        refused: why the tag cannot be set there; empty: it can.
    """

    key: str
    repository: str
    names: tuple[str, ...]
    is_off: bool
    refused: str


class ChartFiles(NamedTuple):
    """A chart: its folder, its name, the image keys of each values file; whether it holds other charts by `file://`."""

    path: str
    name: str
    is_umbrella: bool
    keys: Mapping[str, tuple[ImageKey, ...]]


def charts_of(tree: Tree) -> tuple[ChartFiles, ...]:
    """Return the charts of a repository, without those inside of others and without libraries."""
    folders = sorted(posixpath.dirname(path) for path in tree.paths if posixpath.basename(path) == CHART)
    found = []
    for folder in folders:
        inside = any(folder.startswith(f"{other}/charts/") for other in folders)
        text = tree.text(posixpath.join(folder, CHART))
        if folder and not inside and not LIBRARY.search(text):
            name = next((match[1] for line in text.splitlines() if (match := CHART_NAME.fullmatch(line.rstrip()))), "")
            found.append(ChartFiles(folder, name, "file://" in text, _values_files(tree, folder)))
    return tuple(found)


def key_of(names: Iterable[str], keys: Sequence[ImageKey]) -> ImageKey | None:
    """Return the key of a service: the one with its repository, else the one that is named as it is."""
    words = tuple(names)
    wanted = {plain_name(name) for name in words}
    by_repository = [key for key in keys if plain_name(key.repository) in wanted]
    by_name = [key for key in keys if wanted & {plain_name(name) for name in key.names}]
    # A repository is often called as the service is, with the project's name before it.
    by_end = [key for key in keys if any(key.repository.endswith(f"-{name}") for name in words)]
    return next(iter((*by_repository, *by_name, *by_end)), None)


def plain_name(name: str) -> str:
    """A name as it is compared: `approvalRequest` and `approval-request-service` are one."""
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    return next((letters.removesuffix(end) for end in ("service", "svc", "lambda") if letters.endswith(end)), letters)


def best_file(chart: ChartFiles, services: Mapping[str, Iterable[str]]) -> tuple[str, int]:
    """Return the values file that names the tags of most services, and of how many; its name is empty without one."""
    counts = {file: sum(key_of(names, keys) is not None for names in services.values())
              for file, keys in chart.keys.items()}  # fmt: skip
    # Of several environments `dev` is the first. The file without one comes last: it holds the defaults of all.
    order = sorted(
        counts, key=lambda file: (-counts[file], "dev" not in file, (file in DEFAULTS) == bool(counts[file]), file)
    )
    return (order[0], counts[order[0]]) if order else ("", 0)


def draft_chart(tree: Tree, chart: ChartFiles, values: str, call: HelmCall | None) -> DraftChart:
    """Return the chart with its release: as a script installs it, else as its own files name it."""
    release = Found(call.release, call.where) if call and call.release else Found("")
    if not release.value and NAMES["release"].accepts(chart.name):
        release = Found(chart.name, f"{chart.path}/{CHART}: its name")
    namespace = Found(call.namespace, call.where) if call and call.namespace else Found("")
    if not namespace.value and (named := _namespace(tree, f"{chart.path}/{values}")):
        namespace = Found(named, f"{chart.path}/{values}: namespace")
    others = [file for file in chart.keys if file != values]
    where = f"also there: {', '.join(others[:ALTERNATIVES])}" if others else "the only one"
    return DraftChart(Found(chart.path, f"{chart.path}/{CHART}"), Found(values, where), release, namespace)


def call_of(hints: Hints, charts: Sequence[ChartFiles]) -> tuple[HelmCall, ChartFiles] | None:
    """Return the call of Helm that installs one of the charts, and the chart."""
    by_path = {chart.path: chart for chart in charts}
    call = hints.helm(lambda path: path in by_path or posixpath.basename(path) in map(posixpath.basename, by_path))
    if call is None:
        return None
    named = posixpath.basename(call.chart)
    same = [chart for path, chart in by_path.items() if path == call.chart or posixpath.basename(path) == named]
    return (call, by_path.get(call.chart, same[0])) if call.chart in by_path or len(same) == 1 else None


def _values_files(tree: Tree, folder: str) -> dict[str, tuple[ImageKey, ...]]:
    found = {}
    for path in tree.paths:
        name = posixpath.relpath(path, folder) if path.startswith(f"{folder}/") else ""
        is_one = VALUES.fullmatch(name) or (name.startswith("values/") and name.endswith((".yaml", ".yml")))
        if is_one:
            found[name] = image_keys(tree.content(path), path)
    return found


def image_keys(content: bytes, where: str) -> tuple[ImageKey, ...]:
    """Return where a values file names tags of images; nothing of a file that cannot be read. No value is kept."""
    try:
        values = {path: value for path, _, value in named_values(content, where=where)}
    except ConfigurationError:
        return ()
    found = []
    for path, value in values.items():
        *above, last = path
        is_tag = last in ("tag", "imageTag", "image_tag") or (last == "version" and path[-2:-1] == ("image",))
        is_whole = last == "image" and "/" in value
        if is_tag or is_whole:
            owner = tuple(above[:-1]) if above[-1:] == ["image"] else tuple(above)
            key = ".".join(owner if last == "tag" and owner != tuple(above) and owner else path)
            repository = values.get((*above, "repository")) or values.get((*above, "name")) or ""
            named = value.partition("@")[0].rpartition("/")[2].partition(":")[0] if is_whole else repository
            found.append(_image_key(content, where, owner, key, (named, values)))
    return tuple(found)


def _image_key(
    content: bytes, where: str, owner: tuple[str, ...], key: str, named: tuple[str, Mapping[tuple[str, ...], str]]
) -> ImageKey:
    repository, values = named
    names = tuple(
        filter(None, (*owner[-1:], values.get((*owner, "name"), ""), values.get((*owner, "nameOverride"), "")))
    )
    last = repository.rpartition("/")[2]
    return ImageKey(
        key=key,
        repository=last if NAMES["repository"].accepts(last) else "",
        names=tuple(name for name in names if NAMES["target"].accepts(name)),
        is_off=values.get((*owner, "enabled"), "").lower() == "false",
        refused=_refused(content, key, where),
    )


def _refused(content: bytes, key: str, where: str) -> str:
    """Why a run could not set the tag; it is asked with the function that a run sets it with."""
    if not NAMES["values key"].accepts(key):
        return "a run cannot name this key"
    try:
        set_tags(content, {key: "0"}, where=where)
    except ConfigurationError as error:
        return f"a run cannot set it: {error.why}"
    return ""


def _namespace(tree: Tree, path: str) -> str:
    try:
        values = named_values(tree.content(path), where=path)
    except ConfigurationError:
        return ""
    found = next((value for keys, _, value in values if keys == ("namespace",)), "")
    return found if NAMES["namespace"].accepts(found) else ""

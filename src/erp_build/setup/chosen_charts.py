"""Which charts deploy the services: one that names them all, or several, each with services of its own."""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from erp_build.setup.charts import ChartFiles, ImageKey, best_file, call_of, draft_chart, key_of
from erp_build.setup.draft import DraftChart, Found
from erp_build.setup.hints import HelmCall, Hints
from erp_build.setup.tree import Tree

Services = Mapping[str, Sequence[str]]
"""Folder of a service -> what it may be called in a values file."""


class ChosenChart(NamedTuple):
    """A chart that is deployed, and the image keys of its values file."""

    draft: DraftChart
    keys: Sequence[ImageKey]

    @property
    def values(self) -> str:
        """The path of its values file."""
        return f"{self.draft.path.value}/{self.draft.values.value}"


class ChosenCharts(NamedTuple):
    """The charts that are deployed, in the order of the file, and what is to be said of the others."""

    charts: tuple[ChosenChart, ...]
    told: tuple[str, ...]

    def of(self, words: Sequence[str]) -> ChosenChart | None:
        """The chart whose values file names a service, else the first one; None: there is none at all."""
        return next((one for one in self.charts if key_of(words, one.keys)), next(iter(self.charts), None))


def choose_charts(tree: Tree, hints: Hints, charts: Sequence[ChartFiles], services: Services) -> ChosenCharts:
    """Return the chart that a script installs or that names most services, and those that name the rest.

    An umbrella over a chart for each service is the one release of them all.
    """
    if not charts:
        others = "; kustomize is not supported" if any("kustomization.y" in path for path in tree.paths) else ""
        return ChosenCharts((), (f"no Helm chart: a run deploys by one; `plan` works without it{others}",))
    first = _first(hints, charts, services)
    if not _values_of(hints, first, services)[0]:
        why = "it has no values file of its own, in which the tags could be written"
        return ChosenCharts((), (f"{first.path}/Chart.yaml: {why}",))
    further = () if first.is_umbrella else tuple(_further(hints, charts, first, services))
    chosen = tuple(_drafted(tree, hints, chart, services) for chart in (first, *further))
    if further:
        chosen = _told_apart(chosen, {name for folder in services for name in _names(folder)})
    rest = ", ".join(chart.path for chart in charts if chart not in (first, *further))
    return ChosenCharts(chosen, (f"other charts, which erp_build does not deploy: {rest}",) if rest else ())


def _first(hints: Hints, charts: Sequence[ChartFiles], services: Services) -> ChartFiles:
    if called := call_of(hints, charts):
        return called[1]
    counts = [(best_file(chart, services)[1], chart) for chart in charts]
    most, first = max(counts, key=lambda one: one[0])
    umbrellas = [chart for chart in charts if chart.is_umbrella]
    is_split = most < len(services) and sum(number > 0 for number, _ in counts) > 1
    return umbrellas[0] if is_split and len(umbrellas) == 1 else first


def _further(hints: Hints, charts: Sequence[ChartFiles], first: ChartFiles, services: Services) -> Iterator[ChartFiles]:
    """The charts that name services which those before them do not, the one with most of them first."""
    left = _not_named(services, first.keys[_values_of(hints, first, services)[0]])
    others = [chart for chart in charts if chart is not first]
    while others and left:
        chart = max(others, key=lambda one: best_file(one, left)[1])
        file, number = best_file(chart, left)
        if not number:
            return
        yield chart
        others.remove(chart)
        left = _not_named(left, chart.keys[file])


def _not_named(services: Services, keys: Sequence[ImageKey]) -> Services:
    return {folder: words for folder, words in services.items() if key_of(words, keys) is None}


def _values_of(hints: Hints, chart: ChartFiles, services: Services) -> tuple[str, HelmCall | None]:
    """The values file of a chart, as a script names it or by the services that it names; and the script's call."""
    called = call_of(hints, [chart])
    named = [posixpath.relpath(one, chart.path) for one in called[0].values] if called else []
    values = next((one for one in reversed(named) if one in chart.keys), best_file(chart, services)[0])
    return values, called[0] if called else None


def _drafted(tree: Tree, hints: Hints, chart: ChartFiles, services: Services) -> ChosenChart:
    values, call = _values_of(hints, chart, services)
    return ChosenChart(draft_chart(tree, chart, values, call), chart.keys[values])


def _names(folder: str) -> Iterator[str]:
    """What the targets of a folder may be called."""
    for name in (posixpath.basename(folder), folder.replace("/", "-")):
        yield from (name, f"{name}-lambda")


def _told_apart(chosen: Sequence[ChosenChart], services: Collection[str]) -> tuple[ChosenChart, ...]:
    """The charts with names that neither another chart nor a service has, and releases that no other one is."""
    found: list[ChosenChart] = []
    for one in chosen:
        path, release = one.draft.path.value.replace("/", "-"), one.draft.release
        taken = {*services, *(known.draft.name for known in found)}
        names = (release.value, f"{release.value or path}-chart", path, f"{path}-chart")
        name = next((name for name in names if name and name not in taken), names[-1])
        place = (release.value, one.draft.namespace.value)
        if not release.value or place in {(known.draft.release.value, known.draft.namespace.value) for known in found}:
            release = Found(name)
        found.append(one._replace(draft=one.draft._replace(name=name, release=release)))
    return tuple(found)

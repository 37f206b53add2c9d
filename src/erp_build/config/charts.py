"""The chart of a project, or its charts: `[chart]`, or a `[[chart]]` for each release."""

from erp_build.config.toml_table import Table
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.project import Chart, Function, Service

KEYS = (
    "path", "values", "release", "namespace", "timeout", "stable", "stable_without_probe", "lost_values", "pin",
)  # fmt: skip


def parse_charts(top: Table) -> tuple[Chart, ...]:
    """Read `[chart]`, which may be absent, or every `[[chart]]`; several ones have names, by which services name them.

    The name of a single chart stays what it always was unless it is given.
    """
    tables = top.tables("chart") if top.is_list("chart") else (top.table("chart"),)
    several = len(tables) > 1
    return tuple(_chart(table, named=top.is_list("chart"), several=several) for table in tables) or (Chart(),)


def _chart(table: Table, *, named: bool, several: bool) -> Chart:
    name = table.text("name") if several else table.text("name", Chart().name) if named else Chart().name
    files = table.text_or_texts("values", Chart().values)
    path = table.path("path") if several else table.path("path", Chart().path)
    for file in files:
        table.keep_inside("values", path, file)
    if len({*files}) < len(files):
        raise table.error("values", "`values` names a file twice", "name each file once, the one with the tags last")
    release = table.text("release", name if several else Chart().release)
    own = {"name": name, "path": path, "values": files[-1], "release": release}
    return table.read(Chart, *(("name",) if named else ()), *KEYS, **own)._replace(below=files[:-1])


def refuse_contradicting_charts(charts: tuple[Chart, ...], targets: tuple[Service | Function, ...], where: str) -> None:
    """Refuse a target whose chart is not there, or that names none of several, and two charts of one release."""
    names = [chart.name for chart in charts]
    for target in targets:
        if target.chart and target.chart not in names:
            raise ConfigurationError(
                f"{target.name} is of the chart `{target.chart}`, which is not there",
                where=where,
                next_step=did_you_mean(target.chart, names, f"one of: {', '.join(names)}"),
            )
        if not target.chart and len(charts) > 1:
            raise ConfigurationError(
                f"{target.name} does not say which chart it is of",
                where=where,
                why=f"there are {len(charts)}: {', '.join(names)}",
                next_step=f'write chart = "{names[0]}" into its [[service]]; a function is deployed with that release',
            )
    places: dict[tuple[str, str], str] = {}
    for chart in charts:
        place = (chart.namespace, chart.release)
        if place in places:
            raise ConfigurationError(
                f"the charts {places[place]} and {chart.name} are the same release",
                where=where,
                why=f"both are installed as {chart.release} in {chart.namespace}",
                next_step="give each a `release` or a `namespace` of its own",
            )
        places[place] = chart.name

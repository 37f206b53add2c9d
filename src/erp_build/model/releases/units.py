"""The units of a project: what is gated, deployed, proven and rolled back as one, each a project of its own."""

from erp_build.model.project import Project


def units_of(project: Project) -> tuple[Project, ...]:
    """The units in the order of a run: a release with its functions, or, where these are apart, each before it."""
    if project.deploy.units == "together" or not project.has_release:
        return project.releases
    return tuple(unit for release in project.releases for unit in _apart(release))


def name_of(unit: Project) -> str:
    """What a unit is called: as its chart, or as its one function."""
    return unit.chart.name if unit.has_release else unit.functions[0].name


def _apart(release: Project) -> tuple[Project, ...]:
    alone = (release._replace(services=(), functions=(one,), has_release=False) for one in release.functions)
    return (*alone, release._replace(functions=()))

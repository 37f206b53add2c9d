"""The chart that runs, for a run that leaves the chart's change out but upgrades its release.

An upgrade needs a chart. That of the checkout would deploy the change, so the chart is written out of the commit that
the release names, and only where its content key proves that it is the chart which was deployed.
"""

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from erp_build.changes.rules import values_outside
from erp_build.changes.target_keys import target_keys
from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.helm.chart_files import LOCAL, locked_dependencies, stated_dependencies
from erp_build.clients.site import KeptChart, Site
from erp_build.config.read_file import path_below
from erp_build.errors import ConfigurationError
from erp_build.formats.patterns import composed
from erp_build.model.choice import ONLY
from erp_build.model.plan import EDITED, LEFT_OUT, LiveState, Plan, Step
from erp_build.model.source_file import EXECUTABLE_MODE, FILE_MODE, SourceFile


@contextmanager
def chart_to_deploy(site: Site, plan: Plan, live: LiveState) -> Iterator[Site]:
    """The site with the chart that the plan deploys, for the time of the block.

    That of the checkout, unless the chart was left out, differs, and its release is upgraded for other targets: then
    the one that runs, with the values files of its commit. Raises `ConfigurationError` where nobody can tell which
    chart runs, or where it cannot be had.
    """
    step = plan.steps[-1]
    if step.chosen or not plan.upgrades_release or not _differs(step, live):
        yield site
        return
    commit = _deployed_commit(site, step, live)
    with private_folder("erp-build-kept-chart-") as folder:
        _write_out(site, commit, folder)
        site.say(f"stays as it runs, of {commit[:12]}", step.target.name)
        yield replace(site, kept_chart=KeptChart(folder, commit, live.chart_key))


def why_not_kept(site: Site, plan: Plan, live: LiveState) -> tuple[str, ...]:
    """For a plan: why a run of it would stop, because the chart cannot be left out; none where it can."""
    step = plan.steps[-1]
    if step.chosen or not plan.upgrades_release or not _differs(step, live):
        return ()
    try:
        _deployed_commit(site, step, live)
    except ConfigurationError as error:
        return (f"{error.what}: {error.why}",)
    return ()


def _differs(step: Step, live: LiveState) -> bool:
    """Whether the checkout's chart may be another one than the deployed one."""
    if step.key and step.key == live.chart_key:
        return False
    return step.is_dirty or any(not reason.rule.startswith((LEFT_OUT, EDITED)) for reason in step.because)


def _deployed_commit(site: Site, step: Step, live: LiveState) -> str:
    """The commit whose chart runs."""
    repository, chart, commit = site.clients.repository, site.project.chart, live.chart_commit
    if commit is None or not live.chart_key:
        known = [one.rule for one in step.because if not one.path and not one.rule.startswith((LEFT_OUT, EDITED))]
        raise _refused(site, "\n".join(("the release names no commit and content key of its chart", *known)))
    if not repository.has_commit(commit):
        raise _refused(site, f"its commit {commit[:12]} cannot be read in this clone")
    if target_keys(repository, site.project, commit, [chart], checkout=False)[chart.name].key != live.chart_key:
        raise _refused(site, f"the chart of {commit[:12]} has not the content key {live.chart_key[:12]} of the release")
    return commit


def _write_out(site: Site, commit: str, folder: Path) -> None:
    """Write the chart of a commit, its values files, and the charts beside it that it takes by `file://`."""
    files, chart = list(site.clients.repository.source_files(commit)), site.project.chart
    outside = {composed(path) for path in values_outside(chart)}
    _write(site, commit, (file for file in files if composed(file.path) in outside), folder)
    waiting, known = [chart.path], {chart.path}
    while waiting:
        path = waiting.pop()
        below = f"{composed(path)}/"
        _write(site, commit, (file for file in files if composed(file.path).startswith(below)), folder)
        beside = {posixpath.normpath(f"{path}/{way}") for way in _ways_beside(folder / path)} - known
        known |= beside
        waiting += sorted(beside)


def _ways_beside(chart: Path) -> Iterator[str]:
    """The paths, relative to a chart, of the charts that it takes by `file://`."""
    for one in (*stated_dependencies(chart), *locked_dependencies(chart)):
        if one.repository.startswith(LOCAL):
            yield one.repository.removeprefix(LOCAL)


def _write(site: Site, commit: str, files: Iterable[SourceFile], folder: Path) -> None:
    for file in files:
        content = site.clients.repository.read_file(commit, file.path)
        if file.mode not in (FILE_MODE, EXECUTABLE_MODE):
            raise _refused(site, f"{file.path} of {commit[:12]} is a link or a submodule")
        if content is None:
            raise _refused(site, f"{file.path} of {commit[:12]} cannot be read in this clone")
        path = path_below(folder, file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _refused(site: Site, why: str) -> ConfigurationError:
    name = site.project.chart.name
    return ConfigurationError(
        "the chart cannot be left out: the one that runs cannot be deployed again",
        where=str(site.release),
        why=why,
        next_step=f"choose {name} as well ({ONLY} ... {name}), or leave out every service of its release",
    )

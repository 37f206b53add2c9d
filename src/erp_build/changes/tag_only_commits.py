"""Drops a chart's change that only edits tags in the values file: deployments write those tags themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.change import ChangeSet
    from erp_build.model.project import Project


def without_tag_edits(repository: GitRepository, project: Project, changes: ChangeSet) -> ChangeSet:
    """Return the changes without the chart, if only its values file differs, and there only tags.

    Otherwise the commit that writes tags back would trigger a deployment. A file that cannot be read counts as changed.
    """
    chart = project.chart
    path = f"{chart.path}/{chart.values}"
    found = changes.changes.get(chart.name, ())
    base = next((one.commit for one in changes.baselines if one.target == chart.name), None)
    if base is None or {change.path for change in found} != {path}:
        return changes
    before, after = repository.read_file(base, path), repository.read_file(changes.head, path)
    if before is None or after is None or not _same_but_tags(before, after, project):
        return changes
    warning = f"{path}: only tags differ, which deployments write themselves"
    return changes._replace(changes={**changes.changes, chart.name: ()}, warnings=(*changes.warnings, warning))


def _same_but_tags(before: bytes, after: bytes, project: Project) -> bool:
    from erp_build.errors import ConfigurationError
    from erp_build.formats.values_file import set_tags

    tags = {service.values_key: "tag" for service in project.services}
    try:
        return set_tags(before, tags, where="before") == set_tags(after, tags, where="after")
    except ConfigurationError:
        return False

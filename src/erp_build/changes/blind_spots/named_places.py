"""Looks up what the configuration names in the commits: a path of nothing never changes, and a file is no service."""

import os
from typing import TYPE_CHECKING, NamedTuple

from erp_build.errors import ConfigurationError, nearest
from erp_build.formats.patterns import fixed_part, spellings
from erp_build.model.project import FILE_NAME, Chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.change import ChangeSet
    from erp_build.model.project import Project

FOLDER, SUBMODULE, LINK = "040000", "160000", "120000"
"""Modes of Git."""

MAX_WARNINGS = 10
"""Warnings of names that mean nothing; further ones are counted."""


class Named(NamedTuple):
    """A path that the configuration names: where it does, and whether a target's directory must lie there."""

    path: str
    words: str
    is_directory: bool = False
    is_chart: bool = False


def look_up(repository: "GitRepository", project: "Project", changes: "ChangeSet") -> "ChangeSet":
    """Return the changes with a warning for each name of the configuration that means nothing.

    The checkout answers first, without Git, where it is that of head; but not where nothing has changed, for then a
    name that means nothing may be the reason.

    Raises `ConfigurationError` where a service's path is a file or a link in head, and where the chart was deleted.
    """
    from_disk = any(changes.changes.values()) and repository.is_checked_out(changes.head)
    doubtful = [one for one in _named(project) if not (from_disk and _lies(repository.folder, one))]
    if not doubtful or not repository.has_metadata():
        return changes
    paths = {path for one in doubtful for spelling in spellings(one.path) for path in _with_folders(spelling)}
    modes = repository.modes(changes.head, paths)
    missing = [one for one in doubtful if not _is_there(one, modes, project)]
    for commit in dict.fromkeys(one.commit for one in changes.baselines if one.commit and one.commit != changes.head):
        before = repository.modes(commit, {one.path for one in missing}) if missing else {}
        gone, missing = (
            [one for one in missing if one.path in before],
            [one for one in missing if one.path not in before],
        )
        for chart in (one for one in gone if one.is_chart):
            raise _deleted(chart, project, changes.head)
    said = [_warning(repository, changes.head, one) for one in missing[:MAX_WARNINGS]]
    if missing[MAX_WARNINGS:]:
        said.append(f"{len(missing) - MAX_WARNINGS} more paths of the configuration name nothing")
    return changes._replace(warnings=(*changes.warnings, *said))


def _named(project: "Project") -> "Iterator[Named]":
    for target in project.targets:
        is_chart = isinstance(target, Chart)
        if not is_chart or project.services:
            yield Named(target.path, f"`path` of {target.name}", is_directory=True, is_chart=is_chart)
        if not isinstance(target, Chart) and target.context not in ("", "."):
            yield Named(target.context, f"`context` of {target.name}", is_directory=True)
    for words, patterns in (
        ("`shared`", project.shared),
        *((f"`inputs` of {target.name}", target.inputs) for target in project.image_targets),
    ):
        for path in filter(None, map(fixed_part, patterns)):
            yield Named(path, words)


def _lies(root: str, one: Named) -> bool:
    """Whether it lies in the checkout, and Git sees it there: not through a link."""
    place = os.path.join(root, one.path)
    if not (os.path.isdir(place) if one.is_directory else os.path.exists(place)):
        return False
    return not any(os.path.islink(os.path.join(root, path)) for path in _with_folders(one.path))


def _with_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _is_there(one: Named, modes: dict[str, str], project: "Project") -> bool:
    """Whether it is in the commit; raises where a target's directory is something else there."""
    for spelling in spellings(one.path):
        link = next((path for path in _with_folders(spelling) if modes.get(path) == LINK), "")
        mode = modes.get(spelling, "")
        if one.is_directory and (link or mode not in ("", FOLDER, SUBMODULE)):
            what = f"is behind the link {link}" if link else "is a file"
            raise ConfigurationError(
                f"{one.words} {what}",
                where=project.config_path or FILE_NAME,
                why=f"Git sees no file below {one.path}, so that no change of it would be seen",
                next_step="write the directory that the link leads to"
                if link
                else "write the directory of the service",
            )
        if mode:
            return True
    return False


def _warning(repository: "GitRepository", head: str, one: Named) -> str:
    hint = _near(repository, head, one.path)
    return f"{one.words} names nothing: {one.path} is neither in {head[:12]} nor in a baseline{hint}"


def _near(repository: "GitRepository", head: str, path: str) -> str:
    """A path of the commit that a misspelled one may mean, as a question."""
    modes = repository.modes(head, _with_folders(path))
    known = [folder for folder in _with_folders(path) if folder in modes]
    start = f"{known[-1]}/" if known else ""
    wrong, _, rest = path.removeprefix(start).partition("/")
    names = _names(repository.modes(head, [start] if start else ()), start)
    near = nearest(wrong, names)
    return f"; did you mean `{start}{near}{'/' if rest else ''}{rest}`?" if near else ""


def _names(paths: "Iterable[str]", start: str) -> list[str]:
    return [name for path in paths if path.startswith(start) and (name := path.removeprefix(start)) and "/" not in name]


def _deleted(chart: Named, project: "Project", head: str) -> ConfigurationError:
    return ConfigurationError(
        "the chart is not in the commit any more",
        where=project.config_path or FILE_NAME,
        why=f"{chart.words} is {chart.path}, which {head[:12]} has deleted; the services cannot be deployed without it",
        next_step="correct `path` of [chart], or bring the chart back",
    )

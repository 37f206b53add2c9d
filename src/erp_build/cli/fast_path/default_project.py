"""The project of a repository without a configuration: the default where the commit has its layout, else an error.

A folder that has the layout is believed, because asking Git takes a fifth of a plan's time. Git is asked where the
folder may not show what the commit has (a bare repository, a sparse checkout), and where it does not fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from erp_build.clients.git.command import git_folders
from erp_build.clients.git.repository import GitRepository
from erp_build.config.default_layout import NEXT_STEP, misspelled, refuse_unread, require_default_layout
from erp_build.config.load import default_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erp_build.model.project import Project

SPARSE = ("info", "sparse-checkout")
"""Where Git keeps which files a checkout is limited to, below its directory."""


def default_of(root: str) -> Project:
    """Return the default for what is checked out, or raise `ConfigurationError` that says what there is instead.

    Args:
        root: folder of the repository.
    """
    repository = GitRepository(root)
    bare = repository.is_bare()
    if not bare:
        refuse_unread(root)
    project = default_project()
    if not (bare or _is_sparse(root)) and all(Path(root, target.path).is_dir() for target in project.targets):
        return project
    commit = repository.resolve("HEAD") if repository.has_metadata() else None
    if commit is None:
        require_default_layout(project, root, lambda paths: [path for path in paths if Path(root, path).is_dir()])
        return project
    if not bare:
        _refuse_committed(repository, commit)
    return default_of_commit(repository, commit)


def default_of_commit(repository: GitRepository, commit: str) -> Project:
    """Return the default for a commit that has no configuration; raises `ConfigurationError` as `default_of` does."""
    project, where = default_project(), f"{repository.folder}, commit {commit[:12]}"
    try:
        require_default_layout(project, where, lambda paths: repository.modes(commit, paths))
    except ConfigurationError as error:
        if found := _elsewhere(repository, commit):
            error.next_step = f"did you mean `{found[0]}`? --config {found[0]}; or {NEXT_STEP}"
        raise
    return project


def _refuse_committed(repository: GitRepository, commit: str) -> None:
    """Refuse a commit that has the file where the checkout has none."""
    if FILE_NAME not in repository.modes(commit, [FILE_NAME]):
        return
    is_sparse = _is_sparse(repository.folder)
    raise ConfigurationError(
        f"{FILE_NAME} is in the commit, but not in the checkout",
        where=f"{repository.folder}, commit {commit[:12]}",
        why="a sparse checkout leaves it out" if is_sparse else "the checkout has no such file",
        next_step=f"git sparse-checkout add {FILE_NAME}; in the mode for folders, files at the root are always there"
        if is_sparse
        else f"git restore {FILE_NAME}, or commit that it is gone",
    )


def _elsewhere(repository: GitRepository, commit: str) -> Sequence[str]:
    """The files of a commit that are meant to be a configuration, by their names."""
    paths = [file.path for file in repository.source_files(commit)]
    names = set(misspelled({path.rpartition("/")[2] for path in paths}))
    return sorted(
        (path for path in paths if path.rpartition("/")[2] in names), key=lambda path: (path.count("/"), path)
    )


def _is_sparse(root: str) -> bool:
    try:
        return Path(git_folders(root)[0], *SPARSE).exists()
    except OSError:
        return False

"""The files that a person sees as the source: what Git has or would take, or what lies in the folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from erp_build.clients.git.command import belongs_to_caller, git_environment, is_repository, run_git

LIST = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
NO_SOURCES = frozenset({".git", "node_modules", "target", "build", "dist", ".gradle", ".terraform", ".venv"})
"""Folders that tools make, where no Git says so."""


def listed_files(root: Path) -> tuple[str, ...]:
    """Return the paths of the files of a source that are there, with `/` between their parts, sorted.

    Those of a repository that belongs to the caller, without what it ignores; else those of the folder.
    """
    folder = os.path.realpath(root)
    if is_repository(folder) and belongs_to_caller(folder):
        code, output, _ = run_git(("-C", folder, *LIST), folder, git_environment(folder))
        if code == 0:
            names = {name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name}
            return tuple(sorted(name for name in names if Path(root, name).is_file()))
    return tuple(sorted(_files_below(root)))


def _files_below(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NO_SOURCES]
        for name in names:
            path = Path(folder, name)
            if path.is_file():
                yield os.fsencode(path.relative_to(root)).decode("utf-8", "surrogateescape")

"""The root of the user's repository as text: `pathlib` takes as long to import as a plan of four services to make."""

import os

from erp_build.clients.git.command import is_repository
from erp_build.errors import ConfigurationError
from erp_build.model.project import FILE_NAME


def real_root(given: str) -> str:
    """The real path of a folder; raises `ConfigurationError` where there is none."""
    if not os.path.isdir(given):
        raise ConfigurationError("the repository is not there", where=given, next_step="check the path after --repo")
    return os.path.realpath(given)


def is_bare(root: str) -> bool:
    """Whether the folder is a repository without files, whose configuration stands in its commits alone."""
    files = any(os.path.exists(os.path.join(root, name)) for name in (".git", FILE_NAME))
    return not files and is_repository(root)

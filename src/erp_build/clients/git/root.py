"""Finds the root of a repository from a folder in it. Imports only what the interpreter has loaded anyway."""

import os
from collections.abc import Mapping

from erp_build.clients.git.command import is_repository
from erp_build.model.project import FILE_NAME

SOURCE_FOLDER = "CODEBUILD_SRC_DIR"
"""The variable that names the folder of a build's source: what lies above it is not the source's."""


def find_root(folder: str, variables: Mapping[str, str]) -> str:
    """The root of the repository that a folder lies in, found upwards as Git does; the folder itself if it has none.

    A folder with a configuration is a root, and so is the source of a build: a zip file that was unpacked within
    another repository is no part of that one.

    Args:
        folder: a real path.
        variables: the environment variables.
    """
    source = variables.get(SOURCE_FOLDER, "")
    is_root = is_repository(folder) or os.path.exists(os.path.join(folder, FILE_NAME))
    if is_root or (source and os.path.realpath(source) == folder):
        return folder
    from erp_build.clients.git.diagnosis import repository_above

    above = repository_above(folder)
    in_source = not source or above == os.path.realpath(source) or _is_below(above, os.path.realpath(source))
    return above if above and in_source else folder


def _is_below(folder: str, other: str) -> bool:
    return folder.startswith(f"{other}/")

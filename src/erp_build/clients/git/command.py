"""Arguments and environment of Git commands. Imports only what the interpreter has loaded anyway."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from erp_build.errors import ConfigurationError, ErpBuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Answer = tuple[int, bytes, bytes]

DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
"""Plumbing, so that no setting of the user changes the output. Without renames: a moved file counts on both sides.

A submodule that moves on counts as well, whatever `ignore` says in `.gitmodules` and in the settings.
"""

PAIRS = ("--always", "--stdin")
"""Further arguments: read pairs as lines of `HEAD BASE`, where Git takes BASE for the only parent of HEAD.

--always prints a commit without differences as well, so that each pair has an answer.
"""


RESOLVE = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
"""Names are read as lines, so that none is taken for an option; the answer for a commit ends with ` commit`."""


WITHOUT_INDEX = {"GIT_INDEX_FILE": f"{os.devnull}-index"}
"""Names an index that does not exist: comparing trees needs none, and reading one of 200,000 files takes 35 ms."""

PASSED_ON_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG")
NETWORK_VARIABLES = ("GIT_ASKPASS", "GIT_CONFIG_", "GIT_CURL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_SSH", "GIT_SSL_")
"""Beginnings of Git's variables that say how a remote is reached, with whose credentials."""

GIT_NAME = ".git"
"""The repository of a work tree; a file that names another place in a worktree or a submodule."""

LONGEST_PATH = 4096
LONGEST_CONFIG = 1_000_000
"""Bytes of a repository's settings that are looked through."""

GIT_COMMAND_S = 600.0
"""Seconds for a command that reads the repository: a partial clone may have to fetch what it lacks."""

AS_COMMITTED = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": f"{os.devnull}-grafts"}
"""Commits are what they were made as: `git replace` and grafts show others in one clone, and not in the next."""


def run_git(words: Sequence[str], where: str, environment: Mapping[str, str], given: bytes = b"") -> Answer:
    """Run a Git command that asks no remote; returns its exit code, its output and what it says of an error.

    Raises `ErpBuildError` when it does not end in `GIT_COMMAND_S`, and `ConfigurationError` when there is no Git.
    """
    # Imported here: a plan with an early comparison starts no other process.
    import subprocess

    try:
        done = subprocess.run(
            ["git", *words], env=environment, input=given, capture_output=True, check=False, timeout=GIT_COMMAND_S
        )
    except subprocess.TimeoutExpired as error:
        raise ErpBuildError("git does not come to an end", where=where, why=str(error)) from error
    except FileNotFoundError as error:
        hint = "install git 2.30 or newer"
        raise ConfigurationError("there is no git", where="PATH", why=str(error), next_step=hint) from error
    return done.returncode, done.stdout, done.stderr


def git_environment(root: str) -> dict[str, str]:
    """Return the environment of Git commands that read a repository of the caller's own.

    It has none of the caller's GIT_* variables: those of a hook would redirect every command. It stops Git from
    searching for a repository further up, because no path in that one would belong to any target. It declares no folder
    safe: Git itself refuses what belongs to somebody else, which is read by a `StandIn`.
    """
    kept = {name: os.environ[name] for name in PASSED_ON_VARIABLES if name in os.environ}
    return {
        **kept,
        **AS_COMMITTED,
        "LC_ALL": "C.UTF-8",
        "GIT_CEILING_DIRECTORIES": os.path.dirname(root),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def network_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a Git command that asks a remote: the caller's, with what signs in there.

    Of the caller's GIT_* variables only those of the connection are kept. The others name a repository: with them,
    what is fetched would land in the objects of another one.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(NETWORK_VARIABLES)
    }
    return {**kept, **environment}


def pinned(own: str, shared: str) -> dict[str, str]:
    """Return variables that hold Git to one repository, whatever a hook of another one has set.

    Args:
        own: the Git directory of the work tree.
        shared: the one that it shares with others; see `git_folders`.
    """
    return {
        **AS_COMMITTED,
        "GIT_DIR": own,
        "GIT_COMMON_DIR": shared,
        "GIT_OBJECT_DIRECTORY": os.path.join(shared, "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_INDEX_FILE": os.path.join(own, "index"),
        "GIT_NAMESPACE": "",
    }


def is_partial(root: str) -> bool:
    """Whether a clone was made without some of its objects, which Git fetches when a command wants them."""
    try:
        with open(os.path.join(git_folders(root)[1], "config"), "rb") as file:
            return b"partialclone" in file.read(LONGEST_CONFIG).lower()
    except OSError:
        return False


def belongs_to_caller(root: str) -> bool:
    """Whether folder and repository belong to the user who runs this program.

    The settings of a repository name programs that Git starts. Those of somebody else must not run as this user.
    """
    try:
        named = os.path.join(root, GIT_NAME)
        places = {root, *git_folders(root), named if os.path.exists(named) else root}
        return all(os.stat(place).st_uid == os.geteuid() for place in places)
    except OSError:
        return False


def git_folders(root: str) -> tuple[str, str]:
    """The Git directory of a work tree, and the one that it shares with others: they differ in a linked worktree.

    Raises `OSError` where a file that names one of them cannot be read.
    """
    own = os.path.join(root, GIT_NAME)
    if os.path.isfile(own):
        own = os.path.join(root, _first_line(own).removeprefix("gitdir: "))
    elif not os.path.exists(own):
        own = root
    pointer = os.path.join(own, "commondir")
    return own, os.path.join(own, _first_line(pointer)) if os.path.isfile(pointer) else own


def _first_line(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.readline(LONGEST_PATH).rstrip("\n")


def is_repository(root: str) -> bool:
    """Whether the folder itself is a repository: with `.git` (a file in a worktree), or a bare one."""
    if os.path.exists(os.path.join(root, GIT_NAME)):
        return True
    return all(os.path.exists(os.path.join(root, name)) for name in ("HEAD", "objects", "refs"))

"""Arguments and environment of Git commands. Imports only what the interpreter has loaded anyway."""

import os

DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
"""Plumbing, so that no setting of the user changes the output. Without renames: a moved file counts on both sides."""

PAIRS = ("--always", "--stdin")
"""Further arguments: read pairs as lines of `HEAD BASE`, where Git takes BASE for the only parent of HEAD.

--always prints a commit without differences as well, so that each pair has an answer.
"""


RESOLVE = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
"""Names are read as lines, so that none is taken for an option; the answer for a commit ends with ` commit`."""


WITHOUT_INDEX = {"GIT_INDEX_FILE": f"{os.devnull}-index"}
"""Names an index that does not exist: comparing trees needs none, and reading one of 200,000 files takes 35 ms."""

PASSED_ON_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG")


def git_environment(root: str) -> dict[str, str]:
    """Return the environment of Git commands.

    It has none of the caller's GIT_* variables: those of a hook would redirect every command. It declares the folder
    safe for these commands alone, so that a checkout of another user can be read. It stops Git from searching for a
    repository further up, because no path in that one would belong to any target.
    """
    kept = {name: os.environ[name] for name in PASSED_ON_VARIABLES if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "GIT_CEILING_DIRECTORIES": os.path.dirname(root),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": root,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def is_repository(root: str) -> bool:
    """Whether the folder itself is a repository: with `.git` (a file in a worktree), or a bare one."""
    if os.path.exists(os.path.join(root, ".git")):
        return True
    return all(os.path.exists(os.path.join(root, name)) for name in ("HEAD", "objects", "refs"))

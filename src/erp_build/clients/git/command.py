"""The words and variables of our Git commands. Imports only what the interpreter has loaded anyway."""

import os

DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
"""Plumbing, so that no setting of the user changes the answer; without renames, so that a move counts on both sides."""


PAIRS = ("--always", "--stdin")
"""Further words: pairs are read as lines of `HEAD BASE`, a commit and its only parent; a head that is none is refused.

--always names a commit without differences as well.
"""


WITHOUT_INDEX = {"GIT_INDEX_FILE": f"{os.devnull}-index"}
"""Git reads the index before it compares two trees, and needs nothing of it: 35 ms of 200,000 files. None lies here."""


PASSED_ON_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG")


def git_environment(root: str) -> dict[str, str]:
    """The variables of our Git commands.

    None of the caller's GIT_* variables, since those of a hook would redirect every command. The folder is declared
    safe for these commands alone, so that a checkout owned by another user can be read; and a repository further up
    is not looked for, because no path in it would belong to any target.
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

"""The one Git process of an offline plan, started before anything else is imported.

Git compares two trees in the time that Python needs to load argparse and the rest. So `plan` with full commits starts
the comparison from the bare command line; the repository picks it up when it is asked for the same comparison, and
asks Git itself in every other case. Imports only what the interpreter has loaded anyway.
"""

import os
from collections.abc import Sequence

HEX = frozenset("0123456789abcdef")
FULL = 40
DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
"""Plumbing, so that no setting of the user changes the answer; without renames, so that a move counts on both sides."""

PAIRS = ("--always", "--stdin")
"""Further words: pairs are read as lines of `HEAD BASE`, a commit and its only parent; a head that is none is refused.

--always names a commit without differences as well.
"""

WITHOUT_INDEX = {"GIT_INDEX_FILE": f"{os.devnull}-index"}
"""Git reads the index before it compares two trees, and needs nothing of it: 35 ms of 200,000 files. None lies here."""

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG")


class EarlyDiff:
    """A comparison that Git works on.

    Args:
        root: of the repository.
        base: full commit.
        head: full commit; None: the one that HEAD names. Raises `OSError` where that cannot be read from the files.
    """

    def __init__(self, root: str, base: str, head: str | None) -> None:
        self.root = os.path.realpath(root)
        self.base = base
        self.head = head or _head_of(root)
        self.is_of_head = head is None
        self._output: bytes | None = None
        reading, writing = os.pipe()
        asked, asking = os.pipe()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        words = ["git", "-C", self.root, *DIFF, *PAIRS]
        environment = {**git_environment(self.root), **WITHOUT_INDEX}
        actions = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate((asked, writing, nowhere))]
        try:
            os.write(asking, f"{self.head} {base}\n".encode("ascii"))
            self._process = os.posix_spawnp("git", words, environment, file_actions=actions)
        except OSError:
            os.close(reading)
            raise
        finally:
            for end in (asked, asking, writing, nowhere):
                os.close(end)
        self._stream = reading

    def output(self) -> bytes | None:
        """The comparison, or None when Git could not make it of a commit."""
        if self._stream >= 0:
            with open(self._stream, "rb") as stream:
                output = stream.read()
            self._stream = -1
            _, status = os.waitpid(self._process, 0)
            start = f"{self.head}\0".encode("ascii")
            self._output = output[len(start) :] if status == 0 and output.startswith(start) else None
        return self._output


def start(arguments: Sequence[str]) -> EarlyDiff | None:
    """Start the comparison that a `plan` with these arguments needs, if they name two full commits."""
    base, head = _value(arguments, "--base"), _value(arguments, "--head")
    root = _value(arguments, "--repo") or "."
    if "--live" in arguments or not base or not _is_full(base) or (head and not _is_full(head)):
        return None
    if not is_repository(root):
        return None
    try:
        return EarlyDiff(root, base, head)
    except OSError:
        # No Git, no process to be had, or no HEAD to be read: the ordinary way says so in its own words.
        return None


def git_environment(root: str) -> dict[str, str]:
    """The variables of our Git commands.

    None of the caller's GIT_* variables, since those of a hook would redirect every command. The folder is declared
    safe for these commands alone, so that a checkout owned by another user can be read; and a repository further up
    is not looked for, because no path in it would belong to any target.
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
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


def _value(arguments: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(arguments):
        if word == option:
            return arguments[place + 1] if place + 1 < len(arguments) else None
        if word.startswith(option + "="):
            return word[len(option) + 1 :]
    return None


def _is_full(revision: str) -> bool:
    return len(revision) == FULL and HEX.issuperset(revision)


def _head_of(root: str) -> str:
    """The commit of HEAD, if it stands in the usual files; packed references and worktrees are left to Git."""
    text = _read(os.path.join(root, ".git", "HEAD"))
    head = _read(os.path.join(root, ".git", text[5:])) if text.startswith("ref: ") else text
    if not _is_full(head):
        raise OSError(f"HEAD of {root} names no full commit")
    return head


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()

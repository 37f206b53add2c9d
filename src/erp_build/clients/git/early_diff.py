"""A comparison of two trees by a Git process that runs while this one still imports its modules.

Imports only what the interpreter has loaded anyway.
"""

import os
from collections.abc import Sequence
from time import monotonic

from erp_build.clients.git.command import DIFF, PAIRS, RESOLVE, WITHOUT_INDEX, git_environment
from erp_build.model.commit import is_full_commit

EARLY_S = 60.0
"""Seconds for a command that is not waited for yet; afterwards the ordinary way asks again, with a limit of its own."""


PART = 1 << 20
"""Bytes that are read at once."""

KILL = 9
"""The signal, without its module."""


class _BackgroundGit:
    """A Git command that works while we do something else.

    Args:
        root: of the repository, a real path.
        words: the command.
        given: its standard input, short enough for a pipe that nobody reads yet.

    Raises:
        OSError: there is no Git, or no process to be had.
    """

    def __init__(self, root: str, words: Sequence[str], given: str) -> None:
        reading, writing = os.pipe()
        asked, asking = os.pipe()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        environment = {**git_environment(root), **WITHOUT_INDEX}
        actions = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate((asked, writing, nowhere))]
        try:
            os.write(asking, given.encode("utf-8", "surrogateescape"))
            self._process = os.posix_spawnp("git", ["git", "-C", root, *words], environment, file_actions=actions)
        except OSError:
            os.close(reading)
            raise
        finally:
            for end in (asked, asking, writing, nowhere):
                os.close(end)
        self._stream = reading

    def output(self) -> bytes | None:
        """Wait for the end, and return what Git printed; None when it failed or did not end. Asked for once."""
        from select import select

        parts, until = [], monotonic() + EARLY_S
        while select([self._stream], [], [], max(0.0, until - monotonic()))[0]:
            if not (part := os.read(self._stream, PART)):
                break
            parts.append(part)
        else:
            os.kill(self._process, KILL)
        os.close(self._stream)
        _, status = os.waitpid(self._process, 0)
        return b"".join(parts) if status == 0 else None


def both_names(revision: str) -> tuple[str, ...]:
    """The full names of the tag and of the branch that a revision begins with; empty for one that names neither."""
    name = revision
    for sign in "~^@:{":
        name = name.partition(sign)[0]
    if not name or name == "HEAD" or name.startswith("refs/") or is_full_commit(revision):
        return ()
    return (f"refs/tags/{name}", f"refs/heads/{name}")


def are_two(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Whether the answers for a tag and a branch of one name are two commits."""
    return one[2] == other[2] == "commit" and one[0] != other[0]


class EarlyDiff:
    """A comparison in progress.

    `ambiguous` has those of the two revisions whose name a tag and a branch have.

    Full commits are compared at once. Where there are names, Git is asked first which commits they mean.

    Args:
        root: of the repository.
        base: a revision.
        head: a revision; `HEAD` is read from its file where it stands there.

    Raises:
        OSError: there is no Git, or no process to be had.
    """

    def __init__(self, root: str, base: str, head: str) -> None:
        self.root = os.path.realpath(root)
        self._revisions = (base, head)
        self._commits: tuple[str, ...] = (base, head_of(root) if head == "HEAD" and is_full_commit(base) else head)
        self._asked: _BackgroundGit | None = None
        self._compared: _BackgroundGit | None = None
        self._output: bytes | None = None
        self.ambiguous: tuple[str, ...] = ()
        if all(map(is_full_commit, self._commits)):
            self._compare()
        else:
            names = (*self._revisions, *(name for revision in self._revisions for name in both_names(revision)))
            self._asked = _BackgroundGit(self.root, RESOLVE, "".join(f"{name}^{{commit}}\n" for name in names))

    @property
    def base(self) -> str:
        """The full commit of the base; a revision that Git does not know stands for itself."""
        self.go_on()
        return self._commits[0]

    @property
    def head(self) -> str:
        """The full commit of the head; a revision that Git does not know stands for itself."""
        self.go_on()
        return self._commits[1]

    def go_on(self) -> None:
        """Start the comparison, once Git has said which commits the names mean."""
        if self._asked:
            answer, self._asked = self._asked.output() or b"", None
            lines = [line.decode("utf-8", "replace").partition(" ") for line in answer.splitlines()]
            commits, names = lines[:2], iter(lines[2:])
            if [kind for _, _, kind in commits] == ["commit", "commit"]:
                self._commits = tuple(commit for commit, _, _ in commits)
                asked = [revision for revision in self._revisions if both_names(revision)]
                self.ambiguous = tuple(
                    revision for revision, one, other in zip(asked, names, names, strict=False) if are_two(one, other)
                )
                self._compare()

    def output(self) -> bytes | None:
        """Wait for the comparison and return Git's answer; None if Git cannot read the two commits."""
        self.go_on()
        if self._compared:
            output, self._compared = self._compared.output() or b"", None
            self._output = output if output.startswith(f"{self.head}\0".encode("ascii")) else None
        return self._output

    def commit_of(self, revision: str) -> str | None:
        """The full commit of one of the two revisions, or of itself; None when it was not compared."""
        if self.output() is None:
            return None
        known = dict(zip((*self._revisions, *self._commits), self._commits * 2, strict=True))
        return known.get(revision)

    def _compare(self) -> None:
        base, head = self._commits
        self._compared = _BackgroundGit(self.root, (*DIFF, *PAIRS), f"{head} {base}\n")


def head_of(root: str) -> str:
    """The commit of HEAD, read from its files; empty for packed references and worktrees, which are left to Git."""
    text = _read(os.path.join(root, ".git", "HEAD"))
    return _read(os.path.join(root, ".git", text[5:])) if text.startswith("ref: ") else text


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""

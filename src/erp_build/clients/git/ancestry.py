"""Questions about the history that are asked of many commits by one process."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from erp_build.errors import ConfigurationError

if TYPE_CHECKING:
    from erp_build.clients.git.repository import GitRepository

Run = Callable[..., tuple[int, bytes]]
"""Runs Git with arguments and what it is given to read; returns its exit code and its output."""


def containing(repository: "GitRepository", run: Run, old: str, commits: Collection[str]) -> frozenset[str]:
    """Those of some full commits that contain `old`.

    A shallow clone may have to fetch before it can say no, and so may every clone for a commit that it lacks: these are
    asked about one by one.
    """
    there = [] if repository.is_shallow() else [one for one in repository.resolve_all([*commits]) if one in commits]
    # What `old` contains is left out, so Git looks at no commit where nothing is newer.
    asked = "".join(f"{line}\n" for line in (*there, f"^{old}"))
    code, output = run("rev-list", "--ancestry-path", "--stdin", given=asked.encode("ascii")) if there else (0, b"")
    known = set() if code else {one for one in there if one}
    newer = {line.decode("ascii") for line in output.split()} & known
    alone = {one for one in commits if one not in known and repository.has_commit(one)}
    return frozenset(newer | {one for one in alone if repository.is_ancestor(old, one)})


def first_parent_pairs(repository: "GitRepository", run: Run, range_: str) -> list[tuple[str, str]]:
    """(first parent, commit) for every commit of a range; raises `ConfigurationError` for a range of no commits."""
    words = ("rev-list", "--first-parent", "--parents", "--reverse", "--end-of-options", range_, "--")
    code, output = run(*words)
    if code:
        raise ConfigurationError(
            "the range names no commits",
            where=repository.folder,
            why=f"git does not know {range_!r}: {repository.complaint}",
            next_step="write A..B with two revisions that `git log` knows",
        )
    rows = (line.split() for line in output.decode("ascii").splitlines())
    return [(parents[0], commit) for commit, *parents in rows if parents]

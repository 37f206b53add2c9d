"""Fetches commits that a clone lacks."""

from collections.abc import Callable, Mapping, Sequence

from erp_build.clients.git.answers import last_words
from erp_build.clients.git.command import network_environment
from erp_build.clients.git.remote.call import ask_remote
from erp_build.clients.process import TimedOut
from erp_build.model.commit import is_full_commit


def fetch_commits(
    folder: str,
    environment: Mapping[str, str],
    remotes: Sequence[str],
    commits: tuple[str, ...],
    *,
    depth: int | None = None,
    unshallow: bool = False,
) -> tuple[bool, str]:
    """Fetch commits into a clone.

    Args:
        folder: of the clone.
        environment: of Git commands for it.
        remotes: those that are asked, until one of them has the commits.
        commits: full ids. A name would be fetched as a branch, and could move one of the clone.
        depth: how much history comes along; None: all of it.
        unshallow: whether a shallow clone gets its whole history.

    Returns whether they were fetched, and what Git said of the last remote that does not have them or did not answer.
    """
    said = ""
    if not all(map(is_full_commit, commits)):
        return False, said
    how = [*([f"--depth={depth}"] if depth else []), *(["--unshallow"] if unshallow else [])]
    for remote in remotes:
        # Without Git's clean-up: the clone is the user's.
        words = ("fetch", "--quiet", "--no-tags", "--no-auto-maintenance", *how, "--end-of-options", remote, *commits)
        try:
            done = ask_remote(folder, network_environment(environment), *words)
        except (OSError, TimedOut) as error:
            # A baseline that does not arrive in time is doubt, and doubt builds more.
            said = str(error)
            continue
        if not done.code:
            return True, ""
        said = last_words(done.code, done.stderr.encode())
    return False, f"{', '.join(remotes)}: {said}" if said else said


def remotes_to_ask(ask: Callable[..., str]) -> tuple[str, ...]:
    """The remotes that are asked for a missing commit: `origin`, and that of the branch's upstream; else the first.

    Args:
        ask: runs a Git command and returns what it prints.
    """
    names, branch = ask("remote").splitlines(), ask("symbolic-ref", "--quiet", "HEAD").strip()
    upstream = ask("for-each-ref", "--format=%(upstream:remotename)", branch).strip() if branch else ""
    asked = tuple(name for name in dict.fromkeys(("origin", upstream)) if name in names)
    return asked or tuple(names[:1])

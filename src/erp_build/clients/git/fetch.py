"""Fetches commits that a clone lacks."""

from collections.abc import Mapping, Sequence

from erp_build.clients.git.command import network_environment
from erp_build.clients.git.remote_call import ask_remote
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
) -> bool:
    """Fetch commits into a clone; False where the remote does not have them or does not answer.

    Args:
        folder: of the clone.
        environment: of Git commands for it.
        remotes: their names in the clone; `origin` is asked, without one the first.
        commits: full ids. A name would be fetched as a branch, and could move one of the clone.
        depth: how much history comes along; None: all of it.
        unshallow: whether a shallow clone gets its whole history.
    """
    if not remotes or not all(map(is_full_commit, commits)):
        return False
    remote = "origin" if "origin" in remotes else remotes[0]
    how = [*([f"--depth={depth}"] if depth else []), *(["--unshallow"] if unshallow else [])]
    # Without Git's clean-up: the clone is the user's.
    words = ("fetch", "--quiet", "--no-tags", "--no-auto-maintenance", *how, "--end-of-options", remote, *commits)
    try:
        return ask_remote(folder, network_environment(environment), *words).code == 0
    except (OSError, TimedOut):
        # A baseline that does not arrive in time is doubt, and doubt builds more.
        return False

"""Commits one file on top of a branch of the remote and pushes it, without touching the checkout."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from erp_build.clients.clock import Clock
from erp_build.clients.effects import EditRequest
from erp_build.clients.git.remote_call import ask_remote, caller_environment
from erp_build.clients.process import TimedOut
from erp_build.errors import PushFailed

MAX_PUSH_ATTEMPTS = 5
AUTHOR_NAME, AUTHOR_EMAIL = "erp-build", "erp-build@localhost"
"""The author if Git has none configured."""


class _Overtaken(Exception):
    """Somebody else pushed in the meantime."""


class RemoteBranch:
    """A branch on `origin` of a clone."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    def edit(self, request: EditRequest) -> str | None:
        """Commit a change of one file on top of the branch and push it; retry if somebody else pushed first.

        The change is called again for each attempt. Returns the commit, or None if the change leaves the file as it
        is. Raises `PushFailed`.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_Overtaken),
            stop=stop_after_attempt(MAX_PUSH_ATTEMPTS),
            wait=wait_random(0.2, 2),
            sleep=self._clock.sleep,
        )
        import git

        try:
            with git.Repo(self._root) as repository:
                return retrying(_edit_once, repository, request)
        except RetryError as error:
            raise _failed(request.branch, f"others pushed {MAX_PUSH_ATTEMPTS} times in the meantime") from error
        except (git.GitError, TimedOut, ValueError, KeyError, StopIteration) as error:
            raise _failed(request.branch, str(error)) from error


def _edit_once(repository: Any, request: EditRequest) -> str | None:
    import git

    tracking = f"refs/remotes/origin/{request.branch}"
    wanted = f"+refs/heads/{request.branch}:{tracking}"
    _ask_origin(repository, "fetch", "--quiet", "--no-tags", "origin", wanted)
    tip = repository.commit(tracking)
    blob = tip.tree / request.path
    before = blob.data_stream.read()
    after = request.change(before)
    if after == before:
        return None
    with TemporaryFile() as file:
        file.write(after)
        file.seek(0)
        stored = repository.git.hash_object("-w", "--stdin", istream=file)
    index = git.IndexFile.from_tree(repository, tip)
    index.add([git.BaseIndexEntry((blob.mode, bytes.fromhex(stored), 0, request.path))], write=False)
    with repository.config_reader() as config:
        who = git.Actor(config.get_value("user", "name", AUTHOR_NAME), config.get_value("user", "email", AUTHOR_EMAIL))
    commit = git.Commit.create_from_tree(
        repository, index.write_tree(), request.message, parent_commits=[tip], head=False, author=who, committer=who
    )
    try:
        _ask_origin(repository, "push", "--quiet", "origin", f"{commit.hexsha}:refs/heads/{request.branch}")
    except git.GitCommandError as error:
        # Git's message for a branch that has moved differs by who noticed it, so compare the branch itself.
        _ask_origin(repository, "fetch", "--quiet", "--no-tags", "origin", wanted)
        if repository.commit(tracking) != tip:
            raise _Overtaken from error
        raise
    return str(commit.hexsha)


def _ask_origin(repository: Any, *words: str) -> None:
    import git

    done = ask_remote(repository.working_dir, caller_environment({"GIT_TERMINAL_PROMPT": "0"}), *words)
    if done.code:
        raise git.GitCommandError(("git", *words), done.code, done.stderr)


def _failed(branch: str, why: str) -> PushFailed:
    return PushFailed(
        "the tags cannot be written back",
        where=f"origin, branch {branch}",
        why=why,
        next_step='allow the build to push to this branch, or write_back = "none" in [deploy]; what runs stays',
    )

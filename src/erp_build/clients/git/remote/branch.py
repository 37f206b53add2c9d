"""Commits one file on top of a branch of the remote and pushes it, without touching the checkout."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from erp_build.clients.clock import Clock
from erp_build.clients.effects import EditRequest
from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.git import command
from erp_build.clients.git.command import (
    belongs_to_caller,
    git_environment,
    git_folders,
    network_environment,
    pinned,
)
from erp_build.clients.git.remote.call import ask_remote
from erp_build.clients.git.stand_in import StandIn
from erp_build.clients.process import TimedOut
from erp_build.errors import PushFailed
from erp_build.formats.transient import text_passes

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
        self._stand_in: StandIn | None = None

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
            return retrying(_edit_once, self._program(), request)
        except RetryError as error:
            raise _failed(request.branch, f"others pushed {MAX_PUSH_ATTEMPTS} times in the meantime") from error
        except (git.GitError, TimedOut, OSError, ValueError) as error:
            raise _failed(request.branch, str(error)).passing(if_so=text_passes(str(error))) from error

    def _program(self) -> Any:
        """Git for this repository. GitPython passes the caller's variables on; ours outdo what a hook may have set."""
        root = str(self._root.resolve())
        program = _with_a_limit(root)
        if belongs_to_caller(root):
            program.update_environment(**{**git_environment(root), **pinned(*git_folders(root))})
        else:
            self._stand_in = StandIn(root)
            folder = str(self._stand_in.folder)
            program.update_environment(**{**self._stand_in.environment, **pinned(folder, folder)})
        return program


def _with_a_limit(root: str) -> Any:
    """Git of GitPython, each of whose commands ends in time."""
    import git

    class LimitedGit(git.Git):
        """Gives each command the limit that it would have as one of ours."""

        def execute(self, *words: Any, **options: Any) -> Any:
            """Run a command; raises `GitCommandError` when it does not end."""
            return super().execute(*words, **{"kill_after_timeout": command.GIT_COMMAND_S, **options})

    return LimitedGit(root)


def _edit_once(git: Any, request: EditRequest) -> str | None:
    from git import GitCommandError

    tip = _fetched(git, request.branch)
    mode, blob = _file_of(git, tip, request.path)
    before = git.cat_file("blob", blob, stdout_as_string=False, strip_newline_in_stdout=False)
    after = request.change(before)
    if after == before:
        return None
    commit = _committed(git, tip, f"{mode},{_stored(git, after)},{request.path}", request.message)
    try:
        _ask_origin(git, "push", "--quiet", "origin", f"{commit}:refs/heads/{request.branch}")
    except GitCommandError as error:
        # Git's message for a branch that has moved differs by who noticed it, so compare the branch itself.
        if _fetched(git, request.branch) != tip:
            raise _Overtaken from error
        raise
    return commit


def _fetched(git: Any, branch: str) -> str:
    """The newest commit of a branch on the remote."""
    tracking = f"refs/remotes/origin/{branch}"
    _ask_origin(git, "fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{branch}:{tracking}")
    return str(git.rev_parse("--verify", "--end-of-options", f"{tracking}^{{commit}}"))


def _file_of(git: Any, commit: str, path: str) -> tuple[str, str]:
    """Mode and blob of a file of a commit."""
    words = git.ls_tree("--full-tree", commit, "--", path).partition("\t")[0].split()
    if words[1:2] != ["blob"]:
        raise ValueError(f"{path} is no file there")
    return words[0], words[2]


def _stored(git: Any, content: bytes) -> str:
    with TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return str(git.hash_object("-w", "--stdin", istream=file))


def _committed(git: Any, parent: str, entry: str, message: str) -> str:
    """Make a commit on top of another one that changes one entry; it has an index of its own."""
    with private_folder() as folder:
        own = {"GIT_INDEX_FILE": f"{folder}/index"}
        git.read_tree(parent, env=own)
        git.update_index("--cacheinfo", entry, env=own)
        tree = git.write_tree(env=own)
    who = {"NAME": _setting(git, "user.name") or AUTHOR_NAME, "EMAIL": _setting(git, "user.email") or AUTHOR_EMAIL}
    author = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return str(git.commit_tree(tree, "-p", parent, "-m", message, env=author))


def _setting(git: Any, name: str) -> str:
    return str(git.config("--get", name, with_exceptions=False))


def _ask_origin(git: Any, *words: str) -> None:
    from git import GitCommandError

    environment = network_environment({"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", **git.environment()})
    done = ask_remote(git.working_dir, environment, *words)
    if done.code:
        raise GitCommandError(("git", *words), done.code, done.stderr)


def _failed(branch: str, why: str) -> PushFailed:
    return PushFailed(
        "the tags cannot be written back",
        where=f"origin, branch {branch}",
        why=why,
        next_step='allow the build to push to this branch, or write_back = "none" in [deploy]; what runs stays',
    )
